#include <errno.h>
#include <string.h>

#include "base/strbuf.h"
#include "oci/parse.h"

#define NO_END "a string without an end on its line"

/* A string token between its quotes, and what became of it so far. */
struct decoding {
	const char *at, *end;
	char *out;
	const char *mistake;  /* what is wrong, or NULL */
	bool is_in_character; /* at `at` itself: not UTF-8 */
};

static void fail(struct decoding *decoding, const char *mistake)
{
	decoding->mistake = mistake;
}

/* The four digits behind \u, or a mistake. */
static unsigned int take_unit(struct decoding *decoding)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	unsigned int unit = 0;

	for (int i = 0; i < 4; i++) {
		const char *digit =
		    decoding->at < decoding->end ? memchr(digits, *decoding->at, sizeof(digits) - 1) : NULL;
		if (!digit) {
			fail(decoding, "\\u takes four hexadecimal digits");
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
		fail(decoding, "half of a surrogate pair is no character");
	else if (character == 0)
		fail(decoding, "a NUL in a string");
	else
		put(decoding, character);
}

static void take_escape(struct decoding *decoding)
{
	static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	char letter = decoding->at < decoding->end ? *decoding->at++ : '\0';
	const char *escape = letter ? strchr(escapes, letter) : NULL;

	if (!letter)
		fail(decoding, NO_END);
	else if (letter == 'u')
		take_unicode(decoding);
	else if (escape)
		*decoding->out++ = meanings[escape - escapes];
	else
		fail(decoding, "an invalid escape: behind a backslash stands one of \"\\/bfnrtu");
}

static void take_character(struct decoding *decoding)
{
	size_t size = utf8_size(decoding->at, (size_t)(decoding->end - decoding->at));

	if (size == 0) {
		decoding->is_in_character = true;
		fail(decoding, "this is not UTF-8");
	} else if (*decoding->at == '\\') {
		decoding->at++;
		take_escape(decoding);
	} else if ((unsigned char)*decoding->at < ' ') {
		fail(decoding, "a control character in a string: it has to be written with a backslash");
	} else {
		memcpy(decoding->out, decoding->at, size);
		decoding->out += size;
		decoding->at += size;
	}
}

static int tell(struct parser *parser, const struct cursor *start, const struct decoding *decoding)
{
	struct cursor cursor = *start;

	if (decoding->is_in_character)
		cursor_advance(&cursor, (size_t)(decoding->at - (cursor.text + cursor.at)));
	messages_error(parser->messages, cursor.place, "%s", decoding->mistake);
	return -EINVAL;
}

int parse_string(struct parser *parser, const char **ret_text, size_t *ret_length)
{
	struct cursor start = parser->cursor;

	cursor_skip_token(&parser->cursor);
	size_t length = parser->cursor.at - start.at;
	const char *first = start.text + start.at;
	bool is_closed = length >= 2 && first[length - 1] == '"';
	struct decoding decoding = {.at = first + 1, .end = first + length - (is_closed ? 1 : 0)};
	char *text = arena_alloc(parser->arena, length + 1); /* no escape is shorter than what it means */

	if (!text)
		return -ENOMEM;
	decoding.out = text;
	while (decoding.at < decoding.end && !decoding.mistake)
		take_character(&decoding);
	if (!decoding.mistake && !is_closed)
		fail(&decoding, NO_END);
	if (decoding.mistake)
		return tell(parser, &start, &decoding);
	*ret_text = text;
	*ret_length = (size_t)(decoding.out - text);
	return 0;
}
