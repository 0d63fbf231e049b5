/*
 * How all commands print: texts as a format spells them, answers in JSON, and pages of HTML. The files that are part of
 * the tool, too.
 */
#ifndef CALLGATE_CLI_PRINT_H
#define CALLGATE_CLI_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <callgate/prove.h>

#include "base/strbuf.h"

/* ---- texts ---- */

/* Characters that a format spells in another way; a NUL comes after the last. */
struct text_format {
	struct {
		char from;
		const char *to;
	} escapes[9];
	bool has_numbers; /* characters that are not seen are \u001f, else as `other` */
	/* what stands for a byte that is no character of UTF-8 */
	const char *other;
};

extern const struct text_format format_json, format_xml, format_html, format_markdown, format_tap_name,
    format_tap_string;

/*
 * How many bytes the character has that begins here, if it may be shown as it is; 0: it is none, or is not seen and
 * changes what is seen: it controls a terminal, or turns the direction of writing. All that is printed of a text that
 * is anybody's is asked here.
 */
size_t character_size(const char *at, size_t left);

/* Texts may have any bytes: what comes from file names, say. */
void print_text(FILE *out, const struct text_format *format, const char *text, size_t length);

/*
 * As printf(3), but names and arguments, which are anybody's, steer no terminal: the bytes of what character_size()
 * does not let pass are spelled as \033, but for line feeds and tabs.
 */
__attribute__((format(printf, 2, 3))) void print_safely(FILE *out, const char *format, ...);

/* The same with bytes as they are. What memory is lacking for is noted: cli_lacks_memory(). */
void print_bytes(FILE *out, const char *text, size_t length);

/*
 * A stream into memory, with a NUL after what is printed, which the caller frees. Unlike that of open_memstream(3),
 * fclose() of it fails if anything of it was lost; *ret_bytes is NULL then. NULL: out of memory.
 */
FILE *memory_open(char **ret_bytes, size_t *ret_size);

/* The text of a buffer, "" of an empty one; `otherwise` if memory ran out for it, which is noted. */
const char *text_of(const struct strbuf *buffer, const char *otherwise);

/* "argument 2 & 0x3 == 0x1", of an argument that has so many bits. */
void append_condition(struct strbuf *text, const struct callgate_condition *condition, unsigned int bits);

/*
 * Prints instructions as initializers in C, a line each. A compiler for the target reads numbers, which have no byte
 * order.
 */
void print_instructions(FILE *out, const struct callgate_program *program);

/* What the preprocessor finds defined on each architecture, in the order of callgate_arch_at(). */
extern const char *const arch_conditions[];

/*
 * Prints the programs of a profile as a C header, in which names begin with `name`: one for each machine that
 * `environment` names with
 * --arch ("all" of them, or this one without). In header_format.c, which needs libmd. False after a message was
 * printed.
 */
struct environment;
bool print_header(const char *path, const char *name, const struct environment *environment, FILE *out);

/*
 * ---- JSON ----
 *
 *	struct json json = {.out = stdout};
 *	json_open(&json, NULL, "{}");
 *	json_text(&json, "relation", "equal");
 *	json_close(&json);
 *
 * The key is NULL for what is an item of an array, or all there is.
 */
struct json {
	FILE *out;
	unsigned int depth;
	struct {
		const char *brackets;
		bool has_items, has_lines;
	} levels[12];
};

void json_open(struct json *json, const char *key, const char *brackets); /* "{}" or "[]" */
void json_close(struct json *json);                                       /* the latest one */
void json_text(struct json *json, const char *key, const char *text);     /* NULL: null */
void json_number(struct json *json, const char *key, long long number);
void json_unsigned(struct json *json, const char *key, unsigned long long number);
void json_bool(struct json *json, const char *key, bool value);

/* An action as a number, and as KEY_name in words. */
void json_action(struct json *json, const char *key, uint32_t action);

/* The name of a call; NULL: its architecture or its number has none. */
const char *call_name(const struct callgate_call *call);

/*
 * A call, as numbers and names: arch, arch_name, nr, call, args. Arguments whose bit in `depends` is not set do not
 * matter: null.
 */
void json_call(struct json *json, const struct callgate_call *call, unsigned int depends);

/*
 * ---- pages ----
 *
 * They are made of the blocks of data/page.html, and need nothing else: no script, no network. All markup stands in
 * that file; values are escaped.
 *
 *	html_begin(out, "Coverage of filters by their tests");
 *	html_put(out, "mutant", TEXT("mutant", text), NUMBER("line", line));
 *	html_end(out);
 */

/* What the pages' style sheet calls calls with this action: "allow", "deny" or "kill". */
const char *html_action_class(uint32_t action);

/* A value of a block: a text, or a number if the text is NULL. */
struct html_value {
	const char *name;
	const char *text;
	unsigned long number;
};
#define TEXT(name, text)     ((struct html_value){(name), (text), 0})
#define NUMBER(name, number) ((struct html_value){(name), NULL, (number)})

/* Prints a block of the page with its values, in any order. */
#define html_put(out, block, ...)                                                                                     \
	html_put_block((out), (block), sizeof((struct html_value[]){{0}, ##__VA_ARGS__}) / sizeof(struct html_value), \
	               (const struct html_value[]){{0}, ##__VA_ARGS__})

/* Prints a block with an array of values, the first of which is ignored. */
void html_put_block(FILE *out, const char *block, size_t count, const struct html_value *values);

/* Bytes of a text as they may stand between tags and in attributes. */
void html_escape(FILE *out, const char *text, size_t length);

void html_begin(FILE *out, const char *title);
void html_end(FILE *out);

/* ---- the files of data/ ---- */

/* A NUL is after the `size` bytes. The last one in the table has no name. */
struct embedded {
	const char *name;
	size_t size;
	const char *text;
};
extern const struct embedded embedded_files[];

/* NULL: there is none of this name. */
const struct embedded *embedded_find(const char *name);

#endif
