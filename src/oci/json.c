#include "oci/json.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/oci.h>

#include "base/vec.h"

/* The parser of one document. It stops at the first mistake, except for keys that are there twice. */
struct parser {
	const char *at, *end; /* what is not read yet */
	struct place place;   /* of the byte at `at` */
	struct arena *arena;
	struct messages *messages;
	unsigned int depth;        /* arrays and objects that are open */
	VEC(struct value) pending; /* items of those that are open; they go to the arena when one is closed */
};

/* The value that the parser is at, which is after the value then. 0; -EINVAL after a message, -ENOMEM. */
static int parse_value(struct parser *parser, struct value *ret_value);

#define BLANKS    " \t\r\n"
#define STRUCTURE "[]{}:,"
#define QUOTE     "\""

static bool is_one_of(char byte, const char *bytes)
{
	return byte != '\0' && strchr(bytes, byte);
}

static void advance(struct parser *parser, size_t bytes)
{
	for (; bytes > 0 && parser->at < parser->end; bytes--, parser->at++) {
		bool continues_character = ((unsigned char)*parser->at & 0xc0) == 0x80;
		if (*parser->at == '\n')
			parser->place = (struct place){parser->place.line + 1, 1};
		else if (!continues_character)
			parser->place.column++;
	}
}

static void skip_blanks(struct parser *parser)
{
	while (parser->at < parser->end && is_one_of(*parser->at, BLANKS))
		advance(parser, 1);
}

static bool is_at(const struct parser *parser, char byte)
{
	return parser->at < parser->end && *parser->at == byte;
}

/* Over one of the six structural characters, if it is there. */
static bool take(struct parser *parser, char byte)
{
	skip_blanks(parser);
	if (!is_at(parser, byte))
		return false;
	advance(parser, 1);
	return true;
}

/*
 * Of a string with its quotes. One that is not closed ends with its line, so that a forgotten quote does not hide the
 * rest.
 */
static size_t string_length(const struct parser *parser)
{
	const char *at = parser->at + 1;

	while (at < parser->end && *at != '"' && *at != '\n')
		at += *at == '\\' && parser->end - at > 1 ? 2 : 1;
	return (size_t)(at - parser->at) + (at < parser->end && *at == '"');
}

/* Tokens are strings, the six structural characters, and runs of the rest. */
static size_t token_length(const struct parser *parser)
{
	const char *at = parser->at;

	assert(at < parser->end);
	if (*at == '"')
		return string_length(parser);
	if (is_one_of(*at, STRUCTURE))
		return 1;
	do
		at++;
	while (at < parser->end && !is_one_of(*at, BLANKS STRUCTURE QUOTE));
	return (size_t)(at - parser->at);
}

/* ---- what is wrong ---- */

static int fail(struct parser *parser, const char *mistake)
{
	messages_error(parser->messages, parser->place, "%s", mistake);
	return -EINVAL;
}

/* As far as a message shows it: whole characters. */
static size_t shown_length(const char *text, size_t length)
{
	enum { SHOWN_MAX = 40 };
	size_t shown = 0, size;

	while (shown < length && shown < SHOWN_MAX && (size = utf8_size(text + shown, length - shown)))
		shown += size;
	return shown;
}

static int fail_expected(struct parser *parser, const char *what)
{
	if (parser->at == parser->end)
		messages_error(parser->messages, parser->place, "%s expected, not the end of file", what);
	else if (utf8_size(parser->at, (size_t)(parser->end - parser->at)) == 0)
		return fail(parser, "this is not UTF-8");
	else
		messages_error(parser->messages, parser->place, "%s expected, not %.*s", what,
		               (int)shown_length(parser->at, token_length(parser)), parser->at);
	return -EINVAL;
}

/* ---- strings ---- */

#define NO_END "a string without an end on its line"

/* A string between its quotes, as far as it is not decoded, and where its meaning goes. */
struct decoding {
	const char *at, *end;
	char *out;
};

/* These return what is wrong, or NULL. */

/* The four digits after \u. */
static const char *take_unit(struct decoding *decoding, unsigned int *ret_unit)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";

	*ret_unit = 0;
	for (int i = 0; i < 4; i++) {
		const char *digit =
		    decoding->at < decoding->end && *decoding->at ? strchr(digits, *decoding->at) : NULL;
		if (!digit)
			return "\\u takes four hexadecimal digits";
		*ret_unit = *ret_unit << 4 | ((unsigned int)(digit - digits) & 15);
		decoding->at++;
	}
	return NULL;
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
static const char *take_unicode(struct decoding *decoding)
{
	unsigned int character, low;
	const char *mistake = take_unit(decoding, &character);

	if (!mistake && character >= 0xd800 && character < 0xdc00 && decoding->end - decoding->at >= 2 &&
	    decoding->at[0] == '\\' && decoding->at[1] == 'u') {
		decoding->at += 2;
		mistake = take_unit(decoding, &low);
		if (low >= 0xdc00 && low < 0xe000)
			character = 0x10000 + ((character - 0xd800) << 10 | (low - 0xdc00));
	}
	if (mistake)
		return mistake;
	if (character >= 0xd800 && character < 0xe000)
		return "half of a surrogate pair is no character";
	if (character == 0)
		return "a NUL in a string";
	put(decoding, character);
	return NULL;
}

#define ESCAPES  "\"\\/bfnrt"
#define MEANINGS "\"\\/\b\f\n\r\t" /* ORDER ESCAPES */

static const char *take_escape(struct decoding *decoding)
{
	if (decoding->at == decoding->end)
		return NO_END;
	char letter = *decoding->at++;
	if (letter == 'u')
		return take_unicode(decoding);
	if (!is_one_of(letter, ESCAPES))
		return "an invalid escape: after a backslash stands one of \"\\/bfnrtu";
	*decoding->out++ = MEANINGS[strchr(ESCAPES, letter) - ESCAPES];
	return NULL;
}

static const char not_utf8[] = "this is not UTF-8";

static const char *take_character(struct decoding *decoding)
{
	size_t size = utf8_size(decoding->at, (size_t)(decoding->end - decoding->at));

	if (size == 0)
		return not_utf8;
	if (*decoding->at == '\\') {
		decoding->at++;
		return take_escape(decoding);
	}
	if ((unsigned char)*decoding->at < ' ')
		return "a control character in a string: it has to be written with a backslash";
	memcpy(decoding->out, decoding->at, size);
	decoding->out += size;
	decoding->at += size;
	return NULL;
}

/* What the string means, in the arena and terminated; the parser is after it then. */
static int parse_string(struct parser *parser, const char **ret_text, size_t *ret_length)
{
	assert(is_at(parser, '"'));
	size_t length = string_length(parser);
	const char *first = parser->at, *mistake = NULL;
	bool is_closed = length >= 2 && first[length - 1] == '"';
	char *text = arena_alloc(parser->arena, length + 1); /* no escape is shorter than what it means */
	struct decoding decoding = {first + 1, first + length - (is_closed ? 1 : 0), text};

	if (!text)
		return -ENOMEM;
	while (decoding.at < decoding.end && !mistake)
		mistake = take_character(&decoding);
	assert(decoding.out <= text + length);
	if (mistake == not_utf8)
		advance(parser, (size_t)(decoding.at - first)); /* to the byte; other mistakes are the string's */
	if (mistake || !is_closed)
		return fail(parser, mistake ? mistake : NO_END);
	advance(parser, length);
	*ret_text = text;
	*ret_length = (size_t)(decoding.out - text);
	return 0;
}

/* ---- other values ---- */

static size_t count_digits(const char *at, const char *end)
{
	const char *first = at;

	while (at < end && *at >= '0' && *at <= '9')
		at++;
	return (size_t)(at - first);
}

/* -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][-+]?[0-9]+)? */
static bool is_number(const char *at, const char *end)
{
	at += *at == '-';
	size_t digits = count_digits(at, end);

	if (digits == 0 || (digits > 1 && *at == '0'))
		return false;
	at += digits;
	if (at < end && *at == '.') {
		digits = count_digits(++at, end);
		at += digits;
	}
	if (digits && at < end && (*at == 'e' || *at == 'E')) {
		at++;
		at += at < end && (*at == '+' || *at == '-');
		digits = count_digits(at, end);
		at += digits;
	}
	return digits && at == end;
}

/* null, true, false, a number. */
static int parse_bare(struct parser *parser, struct value *value)
{
	static const struct {
		const char *text;
		enum value_kind kind;
	} words[] = {{"null", VALUE_NULL}, {"true", VALUE_TRUTH}, {"false", VALUE_TRUTH}};
	size_t length = parser->at < parser->end ? token_length(parser) : 0, i = 0;

	while (i < 3 && (strlen(words[i].text) != length || memcmp(words[i].text, parser->at, length) != 0))
		i++;
	if (i == 3 && (length == 0 || !is_number(parser->at, parser->at + length)))
		return fail_expected(parser, "a value");
	value->kind = i < 3 ? words[i].kind : VALUE_NUMBER;
	value->text = parser->at;
	value->length = length;
	advance(parser, length);
	return 0;
}

static int by_key(const void *a, const void *b)
{
	const struct value *const *x = a, *const *y = b;
	int keys = strcmp((*x)->key, (*y)->key);

	return keys ? keys : (*x > *y) - (*x < *y);
}

static int report_duplicates(struct parser *parser, const struct value *object)
{
	const struct value **sorted = ARENA_ARRAY(parser->arena, const struct value *, object->count);

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < object->count; i++)
		sorted[i] = &object->items[i];
	if (object->count)
		qsort(sorted, object->count, sizeof(*sorted), by_key);
	for (size_t i = 1; i < object->count; i++)
		if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0)
			messages_error(parser->messages, sorted[i]->key_place,
			               "duplicate key \"%s\": line %u has it already", sorted[i]->key,
			               sorted[i - 1]->key_place.line);
	return 0;
}

/* A value of an array, or a member of an object. */
static int parse_item(struct parser *parser, bool has_key)
{
	struct place place = {0};
	const char *key = NULL;
	struct value item;
	size_t length;
	int result = 0;

	if (has_key) {
		skip_blanks(parser);
		place = parser->place;
		result = is_at(parser, '"') ? parse_string(parser, &key, &length)
		                            : fail_expected(parser, "a key in double quotes");
		if (result == 0 && !take(parser, ':'))
			result = fail_expected(parser, "':'");
	}
	if (result == 0)
		result = parse_value(parser, &item);
	if (result < 0)
		return result;
	item.key = key;
	item.key_place = place;
	return vec_push(&parser->pending, item) ? 0 : -ENOMEM;
}

/* The items of an array or object, to its end. */
static int parse_items(struct parser *parser, struct value *value)
{
	size_t start = parser->pending.count;
	bool is_object = value->kind == VALUE_OBJECT;
	char end = is_object ? '}' : ']';
	int result = 0;

	if (!take(parser, end)) {
		do
			result = parse_item(parser, is_object);
		while (result == 0 && take(parser, ','));
		if (result == 0 && !take(parser, end))
			result = fail_expected(parser, is_object ? "',' or '}'" : "',' or ']'");
	}
	if (result < 0)
		return result;
	assert(start <= parser->pending.count);
	value->count = parser->pending.count - start;
	struct value *items = ARENA_ARRAY(parser->arena, struct value, value->count);
	if (!items)
		return -ENOMEM;
	if (value->count)
		memcpy(items, parser->pending.items + start, value->count * sizeof(*items));
	parser->pending.count = start;
	value->items = items;
	return is_object ? report_duplicates(parser, value) : 0;
}

static int parse_nested(struct parser *parser, struct value *value)
{
	if (parser->depth >= CALLGATE_PROFILE_DEPTH_MAX) {
		messages_error(parser->messages, value->place, "more than %u arrays and objects within each other",
		               CALLGATE_PROFILE_DEPTH_MAX);
		return -EINVAL;
	}
	parser->depth++;
	advance(parser, 1);
	int result = parse_items(parser, value);
	assert(parser->depth > 0);
	parser->depth--;
	return result;
}

static int parse_value(struct parser *parser, struct value *ret_value)
{
	skip_blanks(parser);
	*ret_value = (struct value){.place = parser->place};
	if (is_at(parser, '"')) {
		ret_value->kind = VALUE_STRING;
		return parse_string(parser, &ret_value->text, &ret_value->length);
	}
	if (!is_at(parser, '{') && !is_at(parser, '['))
		return parse_bare(parser, ret_value);
	ret_value->kind = is_at(parser, '{') ? VALUE_OBJECT : VALUE_ARRAY;
	return parse_nested(parser, ret_value);
}

/* ---- the document ---- */

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* What editors and other programs leave in a file. */
static int check_bytes(struct parser *parser)
{
	size_t size = (size_t)(parser->end - parser->at), mark = strlen(BYTE_ORDER_MARK);
	const char *zero = size ? memchr(parser->at, '\0', size) : NULL;

	if (size >= mark && memcmp(parser->at, BYTE_ORDER_MARK, mark) == 0)
		return fail(parser, "a byte order mark is not JSON");
	if (!zero)
		return 0;
	advance(parser, (size_t)(zero - parser->at));
	return fail(parser, "a zero byte is not JSON");
}

int document_parse(struct document *document, const char *text, size_t size, struct messages *messages)
{
	struct parser parser = {
	    .at = text, .end = text + size, .place = {1, 1}, .arena = &document->arena, .messages = messages};
	struct value *root = ARENA_NEW(&document->arena, struct value);

	if (!root)
		return -ENOMEM;
	int result = check_bytes(&parser);
	/* Mistakes at the end of the file are placed after its last byte that is not blank. */
	while (parser.end > text && is_one_of(parser.end[-1], BLANKS))
		parser.end--;
	if (result == 0)
		result = parse_value(&parser, root);
	skip_blanks(&parser);
	if (result == 0 && parser.at < parser.end)
		result = fail_expected(&parser, "end of file");
	vec_finish(&parser.pending);
	if (result == 0)
		document->root = root;
	return result;
}

void document_finish(struct document *document)
{
	arena_finish(&document->arena);
	*document = (struct document){0};
}

bool value_is_unsigned(const struct value *value, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (value->kind != VALUE_NUMBER)
		return false;
	for (size_t i = 0; i < value->length; i++) {
		unsigned int digit = (unsigned int)(value->text[i] - '0');
		if (digit > 9 || __builtin_mul_overflow(number, 10u, &number) ||
		    __builtin_add_overflow(number, digit, &number))
			return false;
	}
	*ret_number = number;
	return true;
}

void json_write_string(struct strbuf *out, const char *text)
{
	strbuf_append(out, "\"");
	for (size_t size, left = strlen(text); left > 0; text += size, left -= size) {
		size = utf8_size(text, left);
		if (is_one_of(*text, MEANINGS) && *text != '/')
			strbuf_printf(out, "\\%c", ESCAPES[strchr(MEANINGS, *text) - MEANINGS]);
		else if ((unsigned char)*text < ' ')
			strbuf_printf(out, "\\u%04x", *text);
		else
			strbuf_append_bytes(out, size ? text : "\xef\xbf\xbd", size ? size : 3); /* U+FFFD */
		size = size ? size : 1;
	}
	strbuf_append(out, "\"");
}
