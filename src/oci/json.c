#include "oci/json.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/oci.h>

#include "base/strbuf.h"
#include "base/vec.h"
#include "oci/json_token.h"

/* The parser of one document. It stops at the first mistake, except for keys that are there twice. */
struct parser {
	struct cursor cursor;
	struct arena *arena;
	struct messages *messages;
	unsigned int depth;        /* arrays and objects that are open */
	VEC(struct value) pending; /* items of those that are open; they go to the arena when one is closed */
};

/* The value at the cursor, which is after the value then. 0; -EINVAL after a message, -ENOMEM. */
static int parse_value(struct parser *parser, struct value *ret_value);

enum { SHOWN_MAX = 40 };

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

	if (cursor_is_at_end(&parser->cursor))
		messages_error(parser->messages, cursor_end_place(&parser->cursor),
		               "%s expected, not the end of file", what);
	else if (utf8_size(at, parser->cursor.size - parser->cursor.at) == 0)
		messages_error(parser->messages, parser->cursor.place, "this is not UTF-8");
	else
		messages_error(parser->messages, parser->cursor.place, "%s expected, not %.*s", what,
		               (int)shown_length(at, token_length(parser)), at);
	return -EINVAL;
}

/* Over one of the six structural characters, if it is there. */
static bool take(struct parser *parser, char byte)
{
	cursor_skip_blanks(&parser->cursor);
	if (!cursor_is_at(&parser->cursor, byte))
		return false;
	cursor_advance(&parser->cursor, 1);
	return true;
}

static bool is_word(const char *text, size_t length, const char *word)
{
	return length == strlen(word) && memcmp(text, word, length) == 0;
}

/* null, true, false, a number. */
static int parse_bare(struct parser *parser, struct value *value)
{
	const char *text = parser->cursor.text + parser->cursor.at;
	size_t length = cursor_is_at_end(&parser->cursor) ? 0 : token_length(parser);

	if (is_word(text, length, "null"))
		value->kind = VALUE_NULL;
	else if (is_word(text, length, "true") || is_word(text, length, "false"))
		value->kind = VALUE_TRUTH;
	else if (token_is_number(text, length))
		value->kind = VALUE_NUMBER;
	else
		return fail_here(parser, "a value");
	value->text = text;
	value->length = length;
	cursor_advance(&parser->cursor, length);
	return 0;
}

/* From `start` on, the pending values are the items of the array or object that was closed. */
static int close_items(struct parser *parser, size_t start, struct value *value)
{
	assert(start <= parser->pending.count);
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
	if (!cursor_is_at(&parser->cursor, '"'))
		return fail_here(parser, "a key in double quotes");
	int result = token_read_string(&parser->cursor, parser->arena, parser->messages, &key, &length);
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
	return result < 0 ? result : report_duplicates(parser, value);
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
	assert(parser->depth > 0);
	parser->depth--;
	return result;
}

static int parse_value(struct parser *parser, struct value *ret_value)
{
	cursor_skip_blanks(&parser->cursor);
	*ret_value = (struct value){.place = parser->cursor.place};
	if (cursor_is_at(&parser->cursor, '{'))
		ret_value->kind = VALUE_OBJECT;
	else if (cursor_is_at(&parser->cursor, '['))
		ret_value->kind = VALUE_ARRAY;
	else if (cursor_is_at(&parser->cursor, '"'))
		ret_value->kind = VALUE_STRING;
	else
		return parse_bare(parser, ret_value);
	if (ret_value->kind == VALUE_STRING)
		return token_read_string(&parser->cursor, parser->arena, parser->messages, &ret_value->text,
		                         &ret_value->length);
	return parse_nested(parser, ret_value);
}

static int parse_end(struct parser *parser)
{
	cursor_skip_blanks(&parser->cursor);
	return cursor_is_at_end(&parser->cursor) ? 0 : fail_here(parser, "end of file");
}

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* What editors and other programs leave in a file. */
static bool is_other_text(const char *text, size_t size, struct messages *messages)
{
	const char *zero = size ? memchr(text, '\0', size) : NULL;
	struct cursor cursor = cursor_start(text, size);
	size_t mark = strlen(BYTE_ORDER_MARK);

	if (size >= mark && memcmp(text, BYTE_ORDER_MARK, mark) == 0) {
		messages_error(messages, cursor.place, "a byte order mark is not JSON");
		return true;
	}
	if (!zero)
		return false;
	cursor_advance(&cursor, (size_t)(zero - text));
	messages_error(messages, cursor.place, "a zero byte is not JSON");
	return true;
}

int document_parse(struct document *document, const char *text, size_t size, struct messages *messages)
{
	struct parser parser = {
	    .cursor = cursor_start(text, size), .arena = &document->arena, .messages = messages};
	struct value *root = ARENA_NEW(&document->arena, struct value);

	if (!root)
		return -ENOMEM;
	if (is_other_text(text, size, messages))
		return -EINVAL;
	int result = parse_value(&parser, root);
	if (result == 0)
		result = parse_end(&parser);
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
