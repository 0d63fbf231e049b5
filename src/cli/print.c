#include "cli/print.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/arch.h>
#include <callgate/syscall.h>
#include <callgate/version.h>

#include "cli/command.h"

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

/* The character that begins here and has so many bytes. */
static uint32_t code_point(const char *at, size_t size)
{
	uint32_t point = size < 2 ? (unsigned char)*at : (unsigned char)*at & (0x7fu >> size);

	for (size_t i = 1; i < size; i++)
		point = point << 6 | ((unsigned char)at[i] & 0x3f);
	return point;
}

/*
 * Characters that nobody sees, and that change what is seen of others: they control a terminal, turn the direction of
 * writing, join or separate, or are none. Unicode's Cc, Cf, Zl and Zp, variation selectors and fillers; ascending.
 */
static const struct {
	uint32_t first, last;
} unseen[] = {{0x00, 0x1f},       {0x7f, 0x9f},       {0xad, 0xad},       {0x034f, 0x034f},   {0x0600, 0x0605},
              {0x061c, 0x061c},   {0x06dd, 0x06dd},   {0x070f, 0x070f},   {0x0890, 0x0891},   {0x08e2, 0x08e2},
              {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},
              {0x2060, 0x206f},   {0x3164, 0x3164},   {0xfdd0, 0xfdef},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},
              {0xffa0, 0xffa0},   {0xfff0, 0xfffb},   {0xfffe, 0xffff},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd},
              {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}};

size_t character_size(const char *at, size_t left)
{
	const size_t size = utf8_size(at, left);
	const uint32_t point = size ? code_point(at, size) : 0;

	for (size_t i = 0; size && i < sizeof(unseen) / sizeof(unseen[0]); i++)
		if (point >= unseen[i].first && point <= unseen[i].last)
			return 0;
	return (point & 0xfffe) == 0xfffe ? 0 : size; /* the last two of each plane are none */
}

/* \u202e; of a character that needs more than four digits the two halves that UTF-16 has. */
static void print_number(FILE *out, uint32_t point)
{
	if (point >= 0x10000) {
		fprintf(out, "\\u%04x", 0xd800 + ((point - 0x10000) >> 10));
		point = 0xdc00 + (point & 0x3ff);
	}
	fprintf(out, "\\u%04x", point);
}

void print_text(FILE *out, const struct text_format *format, const char *text, size_t length)
{
	for (size_t size; length > 0; text += size, length -= size) {
		size_t i = 0, whole = character_size(text, length);
		while (format->escapes[i].from && format->escapes[i].from != *text)
			i++;
		const size_t valid = utf8_size(text, length);
		size = valid ? valid : 1;
		if (format->escapes[i].from)
			fputs(format->escapes[i].to, out);
		else if (whole)
			fwrite(text, 1, whole, out);
		else if (format->has_numbers && valid)
			print_number(out, code_point(text, valid));
		else
			fputs(format->other, out);
	}
}

/* ---- memory that is out ---- */

static bool has_lacked_memory;

void cli_lacks_memory(void)
{
	has_lacked_memory = true;
}

bool cli_lacked_memory(void)
{
	return has_lacked_memory;
}

/* ---- texts that are anybody's ---- */

/* It is written at once: standard error has no buffer, and other processes write there too. */
void print_bytes(FILE *out, const char *text, size_t length)
{
	struct strbuf safe = {0};

	for (size_t size; length > 0; text += size, length -= size) {
		const size_t whole = *text == '\n' || *text == '\t' ? 1 : character_size(text, length);
		size = whole ? whole : 1;
		if (whole)
			strbuf_append_bytes(&safe, text, whole);
		else
			strbuf_printf(&safe, "\\%03o", (unsigned char)*text);
	}
	if (safe.failed) {
		cli_lacks_memory();
		fputs("out of memory\n", out);
	} else
		fwrite(safe.text ? safe.text : "", 1, safe.length, out);
	strbuf_finish(&safe);
}

void print_safely(FILE *out, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (!text)
		cli_lacks_memory();
	const char *shown = text ? text : "out of memory\n";
	print_bytes(out, shown, strlen(shown));
	free(text);
}

const char *text_of(const struct strbuf *buffer, const char *otherwise)
{
	if (buffer->failed) {
		cli_lacks_memory();
		return otherwise;
	}
	return buffer->text ? buffer->text : "";
}

/* ---- streams into memory ---- */

struct memory {
	struct strbuf text;
	char **bytes;
	size_t *size;
};

static ssize_t write_memory(void *cookie, const char *bytes, size_t size)
{
	struct memory *memory = cookie;

	strbuf_append_bytes(&memory->text, bytes, size);
	return memory->text.failed ? 0 : (ssize_t)size;
}

static int close_memory(void *cookie)
{
	struct memory *memory = cookie;

	*memory->size = memory->text.length;
	*memory->bytes = strbuf_steal(&memory->text);
	const bool is_whole = *memory->bytes;
	free(memory);
	errno = is_whole ? errno : ENOMEM;
	return is_whole ? 0 : -1;
}

FILE *memory_open(char **ret_bytes, size_t *ret_size)
{
	struct memory *memory = calloc(1, sizeof(*memory));
	FILE *stream =
	    memory ? fopencookie(memory, "w", (cookie_io_functions_t){.write = write_memory, .close = close_memory})
	           : NULL;

	*ret_bytes = NULL;
	*ret_size = 0;
	if (!stream) {
		free(memory);
		errno = ENOMEM;
		return NULL;
	}
	*memory = (struct memory){.bytes = ret_bytes, .size = ret_size};
	return stream;
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
