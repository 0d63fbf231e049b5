#include "grammar/scanner.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"

enum { MESSAGE_SIZE = 400 };

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

const char *scan_hint(const char *prefix, const char *closest)
{
	static _Thread_local char hint[96];

	snprintf(hint, sizeof(hint), "; did you mean \"%s%s\"?", prefix, closest ? closest : "");
	return closest ? hint : "";
}

unsigned int scan_column(const struct scan *scan, const char *where)
{
	unsigned int column = 1;

	assert(where >= scan->start && scan->at <= scan->end);
	for (const char *at = scan->start; at < where; at++)
		column += (*at & 0xc0) != 0x80;
	return column;
}

bool scan_fail_memory(struct scan *scan)
{
	scan->no_memory = true;
	return false;
}

void *scan_allocate(struct scan *scan, size_t count, size_t size)
{
	void *bytes = arena_alloc_array(&scan->output->arena, count, size);

	if (!bytes)
		scan->no_memory = true;
	return bytes;
}

char *scan_copy(struct scan *scan, const char *text, size_t len)
{
	char *copy = scan_allocate(scan, len + 1, 1);

	if (copy)
		memcpy(copy, text, len);
	return copy;
}

/* A place in the line, or before all lines are read, and what is wrong there. */
static bool add_message(struct scan *scan, unsigned int column, const char *text)
{
	struct callgate_test_message message = {scan->line, column, scan_copy(scan, text, strlen(text))};

	if (message.text && !vec_push(&scan->output->messages, message))
		scan->no_memory = true;
	return false;
}

bool scan_fail(struct scan *scan, const char *where, const char *format, ...)
{
	char text[MESSAGE_SIZE];
	va_list list;

	if (scan->output->messages.count + 1 == CALLGATE_TEST_FILE_MESSAGES_MAX)
		return add_message(scan, scan_column(scan, where), "and there are more mistakes");
	if (scan->output->messages.count >= CALLGATE_TEST_FILE_MESSAGES_MAX)
		return false;
	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	return add_message(scan, scan_column(scan, where), text);
}

bool scan_fail_unknown(struct scan *scan, const char *where, const char *what, const char *name, const char *prefix,
                       const char *closest)
{
	return scan_fail(scan, where, "there is no %s \"%s\"%s", what, name, scan_hint(prefix, closest));
}

/* ---- whole lines ---- */

static bool check_characters(struct scan *scan)
{
	for (const char *at = scan->start; at < scan->end;) {
		unsigned char c = (unsigned char)*at;
		size_t size = utf8_size(at, (size_t)(scan->end - at));
		if (size == 0)
			return scan_fail(scan, at, "the byte 0x%02x is not UTF-8 here", c);
		if (c == 0)
			return scan_fail(scan, at, "a NUL byte; this is not a text");
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return scan_fail(scan, at, "the control character 0x%02x", c);
		if (c == 0xc2 && (unsigned char)at[1] < 0xa0)
			return scan_fail(scan, at, "the control character U+%04X", (unsigned char)at[1]);
		at += size;
	}
	return true;
}

/* A # at the start or after a blank begins a comment, but not in a string. */
static const char *find_comment(const char *start, const char *end)
{
	bool in_string = false;

	for (const char *at = start; at < end; at++) {
		if (*at == '"')
			in_string = !in_string;
		else if (*at == '\\' && in_string && at + 1 < end)
			at++;
		else if (*at == '#' && !in_string && (at == start || is_blank(at[-1])))
			return at;
	}
	return end;
}

bool scan_start_line(struct scan *scan, const char *start, const char *end)
{
	if (end > start && end[-1] == '\r')
		end--;
	scan->line++;
	scan->start = scan->at = start;
	scan->end = end;
	if (!check_characters(scan))
		return false;
	scan->end = find_comment(start, end);
	while (scan->end > start && is_blank(scan->end[-1]))
		scan->end--;
	scan_blanks(scan);
	return true;
}

/* ---- symbols and words ---- */

const char *scan_blanks(struct scan *scan)
{
	while (scan->at < scan->end && is_blank(*scan->at))
		scan->at++;
	return scan->at;
}

bool scan_is_end(struct scan *scan)
{
	return scan_blanks(scan) >= scan->end;
}

bool scan_expect_end(struct scan *scan)
{
	return scan_is_end(scan) || scan_fail(scan, scan->at, "the line should end here");
}

bool scan_take(struct scan *scan, const char *symbol)
{
	size_t len = strlen(symbol);

	scan_blanks(scan);
	assert(len > 0 && scan->at <= scan->end);
	if ((size_t)(scan->end - scan->at) < len || memcmp(scan->at, symbol, len) != 0)
		return false;
	if (is_word(symbol[len - 1]) && scan->at + len < scan->end && is_word(scan->at[len]))
		return false;
	scan->at += len;
	return true;
}

bool scan_expect(struct scan *scan, const char *symbol, const char *after)
{
	return scan_take(scan, symbol) || scan_fail(scan, scan->at, "there should be \"%s\" after %s", symbol, after);
}

size_t scan_word(struct scan *scan, const char **ret_word)
{
	*ret_word = scan_blanks(scan);
	while (scan->at < scan->end && is_word(*scan->at))
		scan->at++;
	return (size_t)(scan->at - *ret_word);
}

char *scan_name(struct scan *scan, const char **ret_where, const char *what)
{
	size_t len = scan_word(scan, ret_where);

	if (len > 0)
		return scan_copy(scan, *ret_where, len);
	scan_fail(scan, *ret_where, "there should be %s here", what);
	return NULL;
}

char *scan_text(struct scan *scan, const char *what)
{
	const char *from = scan_blanks(scan);
	if (from < scan->end && *from == '"')
		return scan_string(scan, false);
	while (scan->at < scan->end && !is_blank(*scan->at))
		scan->at++;
	if (from == scan->at) {
		scan_fail(scan, from, "%s is missing", what);
		return NULL;
	}
	return scan_copy(scan, from, (size_t)(scan->at - from));
}

/* ---- strings ---- */

static int hex_digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10 : -1;
}

/* scan->at is after the backslash. The character, or -1 after a mistake. */
static int escape(struct scan *scan)
{
	static const char from[] = "\\\"nt0", to[] = "\\\"\n\t";
	const char *at = scan->at;
	const char *found = at < scan->end ? memchr(from, *at, sizeof(from) - 1) : NULL;

	if (found) {
		scan->at++;
		return to[found - from];
	}
	if (scan->end - at >= 3 && *at == 'x' && hex_digit(at[1]) >= 0 && hex_digit(at[2]) >= 0) {
		scan->at += 3;
		return hex_digit(at[1]) * 16 + hex_digit(at[2]);
	}
	scan_fail(scan, at - 1, "after \\ there can be \\, \", n, t, 0, or x and two hexadecimal digits");
	return -1;
}

char *scan_string(struct scan *scan, bool has_zeros)
{
	assert(scan->at < scan->end && *scan->at == '"');
	const char *opening = scan->at++;
	char *bytes = scan_allocate(scan, (size_t)(scan->end - opening), 1);
	size_t size = 0;

	while (bytes && scan->at < scan->end && *scan->at != '"') {
		const char *where = scan->at;
		int c = (unsigned char)*scan->at++;
		if (c == '\\')
			c = escape(scan);
		if (c < 0)
			return NULL;
		if (c == 0 && !has_zeros) {
			scan_fail(scan, where, "there can be no NUL here");
			return NULL;
		}
		bytes[size++] = (char)c;
	}
	if (!bytes)
		return NULL;
	if (scan->at >= scan->end) {
		scan_fail(scan, opening, "the string has no end");
		return NULL;
	}
	scan->at++;
	return bytes;
}
