/*
 * Pages of HTML from the blocks of data/page.html, which need nothing else: no script, no network. All markup stands in that file; values
 * are escaped. And the files that are part of the tool.
 *
 *	html_begin(out, "Coverage of filters by their tests");
 *	html_put(out, "mutant", TEXT("mutant", text), NUMBER("line", line));
 *	html_end(out);
 */
#ifndef CALLGATE_CLI_HTML_H
#define CALLGATE_CLI_HTML_H

#include <stddef.h>
#include <stdio.h>

/* A file of src/cli/data/, with a NUL after its `size` bytes. The last one in the table has no name. */
struct embedded {
	const char *name;
	size_t size;
	const char *text;
};
extern const struct embedded embedded_files[];

/* NULL: there is none of this name. */
const struct embedded *embedded_find(const char *name);

/* A value of a block: a text, or a number if the text is NULL. */
struct html_value {
	const char *name;
	const char *text;
	unsigned long number;
};
#define TEXT(name, text)     ((struct html_value){(name), (text), 0})
#define NUMBER(name, number) ((struct html_value){(name), NULL, (number)})

/* Prints a block of the page with its values, in any order: html_put(out, "mutant", TEXT("mutant", text), NUMBER("line", line)). */
#define html_put(out, block, ...)                                                                     \
	html_put_block((out), (block),                                                                \
	               sizeof((struct html_value[]){{0}, ##__VA_ARGS__}) / sizeof(struct html_value), \
	               (const struct html_value[]){{0}, ##__VA_ARGS__})

/* The same for an array of values, the first of which is not looked at. */
void html_put_block(FILE *out, const char *block, size_t count, const struct html_value *values);

/* Bytes of a text as they may stand between tags and in attributes. */
void html_escape(FILE *out, const char *text, size_t length);

void html_begin(FILE *out, const char *title);
void html_end(FILE *out);

#endif
