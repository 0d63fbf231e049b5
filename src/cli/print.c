#include "cli/print.h"

#include <assert.h>
#include <endian.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/arch.h>
#include <callgate/syscall.h>
#include <callgate/version.h>

/* ---- texts ---- */

const struct text_format format_json = {{{'"', "\\\""}, {'\\', "\\\\"}}, true, "\\ufffd"};
const struct text_format format_xml = {{{'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}}, false, "?"};
const struct text_format format_html = {
    {{'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}, {'\t', "\t"}, {'\n', "\n"}}, false, "?"};
/* In a cell of a table. */
const struct text_format format_markdown = {{{'|', "\\|"},
                                             {'<', "&lt;"},
                                             {'&', "&amp;"},
                                             {'*', "\\*"},
                                             {'`', "\\`"},
                                             {'[', "\\["},
                                             {'\\', "\\\\"},
                                             {'\n', " "}},
                                            false,
                                            "?"};
const struct text_format format_tap_name = {{{'#', "\\#"}, {'\\', "\\\\"}}, false, "?"};
const struct text_format format_tap_string = {{{'"', "\\\""}, {'\\', "\\\\"}}, false, "?"};

/* How many bytes the character has that begins here, if it may stand in XML, YAML and JSON as it is; 0: it may not. */
static size_t character_size(const char *at, size_t left)
{
	unsigned char c = (unsigned char)*at;
	size_t size = c < ' ' || c == 0x7f ? 0 : utf8_size(at, left);
	bool is_no_character = size == 3 && c == 0xef && (unsigned char)at[1] == 0xbf && (unsigned char)at[2] >= 0xbe;

	return is_no_character ? 0 : size;
}

void print_text(FILE *out, const struct text_format *format, const char *text, size_t length)
{
	for (size_t size; length > 0; text += size, length -= size) {
		size_t i = 0, whole = character_size(text, length);
		while (format->escapes[i].from && format->escapes[i].from != *text)
			i++;
		size = whole ? whole : 1;
		if (format->escapes[i].from)
			fputs(format->escapes[i].to, out);
		else if (whole)
			fwrite(text, 1, whole, out);
		else if (format->has_numbers && (unsigned char)*text < 0x80)
			fprintf(out, "\\u%04x", (unsigned char)*text);
		else
			fputs(format->other, out);
	}
}

/*
 * Does a terminal take the byte for a command? Those from U+0080 to U+009F are two bytes, of which the first is 0xc2.
 */
static bool is_control(const unsigned char *at, bool after_c2)
{
	return (*at < ' ' && *at != '\n' && *at != '\t') || *at == 0x7f || (after_c2 && *at < 0xa0);
}

/* A message is written at once: standard error has no buffer, and other processes write there too. */
void print_safely(FILE *out, const char *format, ...)
{
	struct strbuf safe = {0};
	char *text = NULL;
	bool after_c2 = false;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	for (const unsigned char *at = (const unsigned char *)(text ? text : "out of memory"); *at; at++) {
		if (is_control(at, after_c2))
			strbuf_printf(&safe, "\\%03o", *at);
		else
			strbuf_append_bytes(&safe, (const char *)at, 1);
		after_c2 = *at == 0xc2;
	}
	free(text);
	text = strbuf_steal(&safe);
	fputs(text ? text : "out of memory\n", out);
	free(text);
}

void append_condition(struct strbuf *text, const struct callgate_condition *c, unsigned int bits)
{
	static const char *const symbols[] = {"?", "!=", "<", "<=", "==", ">=", ">"};
	uint64_t all = bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;

	assert(c->op > _SCMP_CMP_MIN && c->op < SCMP_CMP_MASKED_EQ);
	if (c->argument < 6)
		strbuf_printf(text, "argument %u", c->argument);
	else
		strbuf_append(text, "instruction pointer");
	if ((c->mask & all) != all)
		strbuf_printf(text, " & 0x%llx", (unsigned long long)c->mask);
	strbuf_printf(text, " %s 0x%llx", symbols[c->op], (unsigned long long)c->value);
}

/* ---- JSON ---- */

static void start_line(const struct json *json)
{
	fputc('\n', json->out);
	for (unsigned int i = 0; i < json->depth; i++)
		fputs(json->levels[i].has_lines ? "  " : "", json->out);
}

/* What stands before a value. Objects in an array have lines of their own. */
static void start_item(struct json *json, const char *key, bool is_object)
{
	bool has_line = is_object && json->depth > 0 && json->levels[json->depth - 1].brackets[0] == '[';

	if (json->depth > 0) {
		fputs(!json->levels[json->depth - 1].has_items ? "" : has_line ? "," : ", ", json->out);
		json->levels[json->depth - 1].has_items = true;
		json->levels[json->depth - 1].has_lines |= has_line;
	}
	if (has_line)
		start_line(json);
	if (key)
		fprintf(json->out, "\"%s\": ", key);
}

void json_open(struct json *json, const char *key, const char *brackets)
{
	start_item(json, key, brackets[0] == '{');
	assert(json->depth < sizeof(json->levels) / sizeof(json->levels[0]));
	json->levels[json->depth].brackets = brackets;
	json->levels[json->depth].has_items = json->levels[json->depth].has_lines = false;
	json->depth++;
	fputc(brackets[0], json->out);
}

void json_close(struct json *json)
{
	assert(json->depth > 0);
	json->depth--;
	if (json->levels[json->depth].has_lines)
		start_line(json);
	fputc(json->levels[json->depth].brackets[1], json->out);
	if (json->depth == 0)
		fputc('\n', json->out);
}

void json_text(struct json *json, const char *key, const char *text)
{
	start_item(json, key, false);
	fputs(text ? "\"" : "null", json->out);
	print_text(json->out, &format_json, text ? text : "", text ? strlen(text) : 0);
	fputs(text ? "\"" : "", json->out);
}

void json_number(struct json *json, const char *key, long long number)
{
	start_item(json, key, false);
	fprintf(json->out, "%lld", number);
}

void json_unsigned(struct json *json, const char *key, unsigned long long number)
{
	start_item(json, key, false);
	fprintf(json->out, "%llu", number);
}

void json_bool(struct json *json, const char *key, bool value)
{
	start_item(json, key, false);
	fputs(value ? "true" : "false", json->out);
}

void json_action(struct json *json, const char *key, uint32_t action)
{
	char text[CALLGATE_ACTION_TEXT], name[40];

	callgate_action_text(action, text);
	snprintf(name, sizeof(name), "%s_name", key);
	json_number(json, key, action);
	json_text(json, name, text);
}

const char *call_name(const struct callgate_call *call)
{
	const struct callgate_arch *arch = callgate_arch_of_call(call->arch, call->nr);

	return arch ? callgate_syscall_name(arch->token, call->nr) : NULL;
}

void json_call(struct json *json, const struct callgate_call *call, unsigned int depends)
{
	const struct callgate_arch *arch = callgate_arch_of_call(call->arch, call->nr);

	json_number(json, "arch", call->arch);
	json_text(json, "arch_name", arch ? arch->name : NULL);
	json_number(json, "nr", call->nr);
	json_text(json, "call", call_name(call));
	json_open(json, "args", "[]");
	for (int i = 0; i < 6; i++) {
		char number[20];
		snprintf(number, sizeof(number), "0x%llx", (unsigned long long)call->args[i]);
		json_text(json, NULL, depends >> i & 1 ? number : NULL);
	}
	json_close(json);
}

/* ---- programs in C ---- */

/* Of the two bytes of a code one is 0, which tells the byte order. */
void print_instructions(FILE *out, const struct callgate_program *program)
{
	const unsigned char *at = callgate_program_bytes(program);

	for (size_t left = callgate_program_length(program); left > 0; left--, at += 8) {
		uint32_t k;
		memcpy(&k, at + 4, sizeof(k));
		fprintf(out, "\t{0x%02x, %u, %u, 0x%08x},\n", at[0] | at[1], at[2], at[3],
		        at[0] == 0 ? be32toh(k) : le32toh(k));
	}
}

/* ---- pages ---- */

const char *html_action_class(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SCMP_ACT_ALLOW:
	case SCMP_ACT_LOG:
		return "allow";
	case SCMP_ACT_KILL_PROCESS:
	case SCMP_ACT_KILL_THREAD:
		return "kill";
	default:
		return "deny";
	}
}

const struct embedded *embedded_find(const char *name)
{
	const struct embedded *file = embedded_files;

	while (file->name && strcmp(file->name, name) != 0)
		file++;
	return file->name ? file : NULL;
}

/* The text after a block's name, up to the next one. */
static const char *find_block(const char *name, size_t *ret_length)
{
	const struct embedded *page = embedded_find("page.html");
	size_t length = strlen(name);

	assert(page);
	for (const char *at = page->text; (at = strstr(at, "\n[[")); at++) {
		const char *begin = at + strlen("\n[[") + length + strlen("]]\n");
		if (strncmp(at + strlen("\n[["), name, length) != 0 || strncmp(begin - 3, "]]\n", 3) != 0)
			continue;
		const char *end = strstr(begin - 1, "\n[[");
		*ret_length = (size_t)((end ? end : page->text + page->size - 1) - begin);
		return begin;
	}
	return NULL;
}

void html_escape(FILE *out, const char *text, size_t length)
{
	print_text(out, &format_html, text, length);
}

static void put_value(FILE *out, size_t count, const struct html_value *values, const char *name, size_t length)
{
	size_t i = 1;

	while (i < count && (strlen(values[i].name) != length || strncmp(values[i].name, name, length) != 0))
		i++;
	assert(i < count); /* the page wants a value that the command doesn't give */
	if (i < count && values[i].text)
		html_escape(out, values[i].text, strlen(values[i].text));
	else if (i < count)
		fprintf(out, "%lu", values[i].number);
}

void html_put_block(FILE *out, const char *block, size_t count, const struct html_value *values)
{
	size_t length = 0;
	const char *at = find_block(block, &length), *end = at ? at + length : NULL;

	assert(at && count > 0);
	for (const char *name; at && at < end; at = name) {
		name = memmem(at, (size_t)(end - at), "{{", 2);
		fwrite(at, 1, (size_t)((name ? name : end) - at), out);
		if (!name)
			return;
		const char *close = strstr(name, "}}");
		assert(close && close < end);
		put_value(out, count, values, name + 2, (size_t)(close - name - 2));
		name = close + 2;
	}
}

void html_begin(FILE *out, const char *title)
{
	html_put(out, "begin", TEXT("title", title));
}

void html_end(FILE *out)
{
	html_put(out, "end", TEXT("version", callgate_version()));
}
