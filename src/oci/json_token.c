#include "oci/json_token.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

struct cursor cursor_start(const char *text, size_t size)
{
	return (struct cursor){text, size, 0, {1, 1}};
}

bool cursor_is_at_end(const struct cursor *cursor)
{
	assert(cursor->at <= cursor->size);
	return cursor->at == cursor->size;
}

bool cursor_is_at(const struct cursor *cursor, char byte)
{
	return !cursor_is_at_end(cursor) && cursor->text[cursor->at] == byte;
}

static bool continues_character(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

void cursor_advance(struct cursor *cursor, size_t bytes)
{
	for (; bytes > 0 && cursor->at < cursor->size; bytes--, cursor->at++) {
		char byte = cursor->text[cursor->at];
		if (byte == '\n')
			cursor->place = (struct place){cursor->place.line + 1, 1};
		else if (!continues_character(byte))
			cursor->place.column++;
	}
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static bool is_structural(char byte)
{
	return byte != '\0' && strchr("[]{}:,", byte);
}

void cursor_skip_blanks(struct cursor *cursor)
{
	while (!cursor_is_at_end(cursor) && is_blank(cursor->text[cursor->at]))
		cursor_advance(cursor, 1);
}

/* A string that is not closed ends with its line, so that a forgotten quote does not hide the rest. */
static void skip_string(struct cursor *cursor)
{
	cursor_advance(cursor, 1);
	while (!cursor_is_at_end(cursor) && !cursor_is_at(cursor, '"') && !cursor_is_at(cursor, '\n'))
		cursor_advance(cursor, cursor_is_at(cursor, '\\') ? 2 : 1);
	if (cursor_is_at(cursor, '"'))
		cursor_advance(cursor, 1);
}

/* A run of what is neither a string, nor structural, nor blank ends here. */
static bool is_at_end_of_run(const struct cursor *cursor)
{
	if (cursor_is_at_end(cursor) || cursor_is_at(cursor, '"'))
		return true;
	return is_blank(cursor->text[cursor->at]) || is_structural(cursor->text[cursor->at]);
}

void cursor_skip_token(struct cursor *cursor)
{
	bool is_structure = !cursor_is_at_end(cursor) && is_structural(cursor->text[cursor->at]);

	if (cursor_is_at(cursor, '"')) {
		skip_string(cursor);
		return;
	}
	do
		cursor_advance(cursor, 1);
	while (!is_structure && !is_at_end_of_run(cursor));
}

struct place cursor_end_place(const struct cursor *cursor)
{
	struct cursor end = cursor_start(cursor->text, cursor->size);
	size_t size = cursor->size;

	while (size > 0 && is_blank(cursor->text[size - 1]))
		size--;
	cursor_advance(&end, size);
	return end.place;
}

static size_t count_digits(const char *text, size_t length)
{
	size_t count = 0;

	while (count < length && text[count] >= '0' && text[count] <= '9')
		count++;
	return count;
}

/* -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][-+]?[0-9]+)? */
bool token_is_number(const char *text, size_t length)
{
	size_t at = length > 0 && text[0] == '-', digits = count_digits(text + at, length - at);

	if (digits == 0 || (digits > 1 && text[at] == '0'))
		return false;
	at += digits;
	if (at < length && text[at] == '.') {
		digits = count_digits(text + at + 1, length - at - 1);
		if (digits == 0)
			return false;
		at += 1 + digits;
	}
	if (at < length && (text[at] == 'e' || text[at] == 'E')) {
		at++;
		at += at < length && (text[at] == '+' || text[at] == '-');
		digits = count_digits(text + at, length - at);
		if (digits == 0)
			return false;
		at += digits;
	}
	return at == length;
}

#define NO_END "a string without an end on its line"

/* A string token between its quotes, and what became of it so far. */
struct decoding {
	const char *at, *end;
	char *out;
	const char *mistake;  /* what is wrong, or NULL */
	bool is_in_character; /* at `at` itself: not UTF-8 */
};

static void mark(struct decoding *decoding, const char *mistake)
{
	decoding->mistake = mistake;
}

/* The four digits after \u, or a mistake. */
static unsigned int take_unit(struct decoding *decoding)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	unsigned int unit = 0;

	for (int i = 0; i < 4; i++) {
		const char *digit =
		    decoding->at < decoding->end ? memchr(digits, *decoding->at, sizeof(digits) - 1) : NULL;
		if (!digit) {
			mark(decoding, "\\u takes four hexadecimal digits");
			return 0;
		}
		unit = unit << 4 | ((unsigned int)(digit - digits) & 15);
		decoding->at++;
	}
	return unit;
}

static void put(struct decoding *decoding, unsigned int character)
{
	static const struct {
		unsigned int below, first;
	} forms[] = {{0x80, 0}, {0x800, 0xc0}, {0x10000, 0xe0}, {0x110000, 0xf0}};
	unsigned int more = 0;

	while (character >= forms[more].below)
		more++;
	*decoding->out++ = (char)(forms[more].first | character >> 6 * more);
	while (more-- > 0)
		*decoding->out++ = (char)(0x80 | (character >> 6 * more & 0x3f));
}

/* One character, or two units that stand for one. */
static void take_unicode(struct decoding *decoding)
{
	unsigned int character = take_unit(decoding);

	if (character >= 0xd800 && character < 0xdc00 && decoding->end - decoding->at >= 2 &&
	    decoding->at[0] == '\\' && decoding->at[1] == 'u') {
		decoding->at += 2;
		unsigned int low = take_unit(decoding);
		if (low >= 0xdc00 && low < 0xe000)
			character = 0x10000 + ((character - 0xd800) << 10 | (low - 0xdc00));
	}
	if (decoding->mistake)
		return;
	if (character >= 0xd800 && character < 0xe000)
		mark(decoding, "half of a surrogate pair is no character");
	else if (character == 0)
		mark(decoding, "a NUL in a string");
	else
		put(decoding, character);
}

static void take_escape(struct decoding *decoding)
{
	static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	char letter = decoding->at < decoding->end ? *decoding->at++ : '\0';
	const char *escape = letter ? strchr(escapes, letter) : NULL;

	if (!letter)
		mark(decoding, NO_END);
	else if (letter == 'u')
		take_unicode(decoding);
	else if (escape)
		*decoding->out++ = meanings[escape - escapes];
	else
		mark(decoding, "an invalid escape: after a backslash stands one of \"\\/bfnrtu");
}

static void take_character(struct decoding *decoding)
{
	size_t size = utf8_size(decoding->at, (size_t)(decoding->end - decoding->at));

	if (size == 0) {
		decoding->is_in_character = true;
		mark(decoding, "this is not UTF-8");
	} else if (*decoding->at == '\\') {
		decoding->at++;
		take_escape(decoding);
	} else if ((unsigned char)*decoding->at < ' ') {
		mark(decoding, "a control character in a string: it has to be written with a backslash");
	} else {
		memcpy(decoding->out, decoding->at, size);
		decoding->out += size;
		decoding->at += size;
	}
}

static int report(struct messages *messages, const struct cursor *start, const struct decoding *decoding)
{
	struct cursor cursor = *start;

	if (decoding->is_in_character)
		cursor_advance(&cursor, (size_t)(decoding->at - (cursor.text + cursor.at)));
	messages_error(messages, cursor.place, "%s", decoding->mistake);
	return -EINVAL;
}

int token_read_string(struct cursor *cursor, struct arena *arena, struct messages *messages,
                      const char **ret_text, size_t *ret_length)
{
	struct cursor start = *cursor;

	assert(cursor_is_at(cursor, '"'));
	cursor_skip_token(cursor);
	size_t length = cursor->at - start.at;
	const char *first = start.text + start.at;
	bool is_closed = length >= 2 && first[length - 1] == '"';
	struct decoding decoding = {.at = first + 1, .end = first + length - (is_closed ? 1 : 0)};
	char *text = arena_alloc(arena, length + 1); /* no escape is shorter than what it means */

	if (!text)
		return -ENOMEM;
	decoding.out = text;
	while (decoding.at < decoding.end && !decoding.mistake)
		take_character(&decoding);
	assert(decoding.out <= text + length);
	if (!decoding.mistake && !is_closed)
		mark(&decoding, NO_END);
	if (decoding.mistake)
		return report(messages, &start, &decoding);
	*ret_text = text;
	*ret_length = (size_t)(decoding.out - text);
	return 0;
}

/* One character: as it is, or as JSON has it within quotes. Returns its size; a byte that is not UTF-8 becomes U+FFFD. */
static size_t write_character(struct strbuf *out, const char *at, size_t left)
{
	static const char escaped[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *escape = strchr(escaped, *at);
	size_t size = utf8_size(at, left);

	if (escape)
		strbuf_printf(out, "\\%c", letters[escape - escaped]);
	else if ((unsigned char)*at < ' ')
		strbuf_printf(out, "\\u%04x", *at);
	else if (size == 0)
		strbuf_append(out, "\xef\xbf\xbd");
	else
		strbuf_append_bytes(out, at, size);
	return size ? size : 1;
}

void token_write_string(struct strbuf *out, const char *text)
{
	const char *end = text + strlen(text);

	strbuf_append(out, "\"");
	while (text < end)
		text += write_character(out, text, (size_t)(end - text));
	strbuf_append(out, "\"");
}
