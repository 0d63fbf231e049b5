#include "oci/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

enum { SHOWN_MAX = 40 };

static bool is_at_end(const struct parser *parser)
{
	return parser->cursor.at >= parser->cursor.size;
}

/* The bytes of the token at the cursor. */
static size_t token_length(const struct parser *parser)
{
	struct cursor cursor = parser->cursor;

	cursor_skip_token(&cursor);
	return cursor.at - parser->cursor.at;
}

/* As far as a message shows it: whole characters. */
static size_t shown_length(const char *text, size_t length)
{
	size_t shown = 0, size;

	while (shown < length && shown < SHOWN_MAX && (size = utf8_size(text + shown, length - shown)))
		shown += size;
	return shown;
}

static int fail_here(struct parser *parser, const char *what)
{
	const char *at = parser->cursor.text + parser->cursor.at;

	if (is_at_end(parser))
		messages_error(parser->messages, text_end_place(parser->cursor.text, parser->cursor.size),
		               "%s expected, not the end of file", what);
	else if (utf8_size(at, parser->cursor.size - parser->cursor.at) == 0)
		messages_error(parser->messages, parser->cursor.place, "this is not UTF-8");
	else
		messages_error(parser->messages, parser->cursor.place, "%s expected, not %.*s", what,
		               (int)shown_length(at, token_length(parser)), at);
	return -EINVAL;
}

static bool is_byte(const struct parser *parser, char byte)
{
	return !is_at_end(parser) && cursor_byte(&parser->cursor) == byte;
}

/* Over one of the six structural characters, if it is there. */
static bool take(struct parser *parser, char byte)
{
	cursor_skip_blanks(&parser->cursor);
	if (!is_byte(parser, byte))
		return false;
	cursor_advance(&parser->cursor, 1);
	return true;
}

static size_t count_digits(const char *text, size_t length)
{
	size_t count = 0;

	while (count < length && text[count] >= '0' && text[count] <= '9')
		count++;
	return count;
}

/* -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][-+]?[0-9]+)? */
static bool is_number(const char *text, size_t length)
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

static bool is_word(const char *text, size_t length, const char *word)
{
	return length == strlen(word) && memcmp(text, word, length) == 0;
}

/* null, true, false, a number. */
static int parse_bare(struct parser *parser, struct value *value)
{
	const char *text = parser->cursor.text + parser->cursor.at;
	size_t length = is_at_end(parser) ? 0 : token_length(parser);

	if (is_word(text, length, "null"))
		value->kind = VALUE_NULL;
	else if (is_word(text, length, "true") || is_word(text, length, "false"))
		value->kind = VALUE_TRUTH;
	else if (is_number(text, length))
		value->kind = VALUE_NUMBER;
	else
		return fail_here(parser, "a value");
	value->text = text;
	value->length = length;
	cursor_advance(&parser->cursor, length);
	return 0;
}

/* From `start` on, the pending values are the items of one that was closed. */
static int close_items(struct parser *parser, size_t start, struct value *value)
{
	size_t count = parser->pending.count - start;
	struct value *items = ARENA_ARRAY(parser->arena, struct value, count);

	if (!items)
		return -ENOMEM;
	if (count)
		memcpy(items, parser->pending.items + start, count * sizeof(*items));
	parser->pending.count = start;
	value->items = items;
	value->count = count;
	return 0;
}

/* A value of an array, or the value of a member. */
static int parse_item(struct parser *parser, const char *key, struct place key_place)
{
	struct value item;
	int result = parse_value(parser, &item);

	if (result < 0)
		return result;
	item.key = key;
	item.key_place = key_place;
	return vec_push(&parser->pending, item) ? 0 : -ENOMEM;
}

static int parse_array(struct parser *parser, struct value *value)
{
	size_t start = parser->pending.count;
	int result = 0;

	if (!take(parser, ']')) {
		do
			result = parse_item(parser, NULL, (struct place){0});
		while (result == 0 && take(parser, ','));
		if (result == 0 && !take(parser, ']'))
			result = fail_here(parser, "',' or ']'");
	}
	return result < 0 ? result : close_items(parser, start, value);
}

static int parse_member(struct parser *parser)
{
	const char *key;
	size_t length;

	cursor_skip_blanks(&parser->cursor);
	struct place place = parser->cursor.place;
	if (!is_byte(parser, '"'))
		return fail_here(parser, "a key in double quotes");
	int result = parse_string(parser, &key, &length);
	if (result < 0)
		return result;
	if (!take(parser, ':'))
		return fail_here(parser, "':'");
	return parse_item(parser, key, place);
}

static int by_key(const void *a, const void *b)
{
	const struct value *const *x = a, *const *y = b;
	int keys = strcmp((*x)->key, (*y)->key);

	return keys ? keys : (*x > *y) - (*x < *y);
}

static int tell_duplicates(struct parser *parser, const struct value *object)
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
			               "duplicate key \"%s\": it stands in line %u already", sorted[i]->key,
			               sorted[i - 1]->key_place.line);
	return 0;
}

static int parse_object(struct parser *parser, struct value *value)
{
	size_t start = parser->pending.count;
	int result = 0;

	if (!take(parser, '}')) {
		do
			result = parse_member(parser);
		while (result == 0 && take(parser, ','));
		if (result == 0 && !take(parser, '}'))
			result = fail_here(parser, "',' or '}'");
	}
	if (result == 0)
		result = close_items(parser, start, value);
	return result < 0 ? result : tell_duplicates(parser, value);
}

static int parse_nested(struct parser *parser, struct value *value)
{
	if (parser->depth >= CALLGATE_PROFILE_DEPTH_MAX) {
		messages_error(parser->messages, value->place,
		               "more than %u arrays and objects within each other",
		               CALLGATE_PROFILE_DEPTH_MAX);
		return -EINVAL;
	}
	parser->depth++;
	cursor_advance(&parser->cursor, 1);
	int result = value->kind == VALUE_OBJECT ? parse_object(parser, value) : parse_array(parser, value);
	parser->depth--;
	return result;
}

int parse_value(struct parser *parser, struct value *ret_value)
{
	cursor_skip_blanks(&parser->cursor);
	*ret_value = (struct value){.place = parser->cursor.place};
	if (is_byte(parser, '{'))
		ret_value->kind = VALUE_OBJECT;
	else if (is_byte(parser, '['))
		ret_value->kind = VALUE_ARRAY;
	else if (is_byte(parser, '"'))
		ret_value->kind = VALUE_STRING;
	else
		return parse_bare(parser, ret_value);
	if (ret_value->kind == VALUE_STRING)
		return parse_string(parser, &ret_value->text, &ret_value->length);
	return parse_nested(parser, ret_value);
}

int parse_end(struct parser *parser)
{
	cursor_skip_blanks(&parser->cursor);
	return is_at_end(parser) ? 0 : fail_here(parser, "end of file");
}
