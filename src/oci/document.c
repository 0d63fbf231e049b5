#include "oci/document.h"

#include <errno.h>
#include <string.h>

#include <callgate/oci.h>

#define SAID_AT_END "near end of file"

/* Where jansson stopped reading, as the place of the token it could not use. */
static struct place error_place(const char *text, size_t size, const json_error_t *error)
{
	size_t length = strlen(error->text), at_end = strlen(SAID_AT_END);

	if (length >= at_end && strcmp(error->text + length - at_end, SAID_AT_END) == 0)
		return text_end_place(text, size);
	return text_token_place(text, size, error->position > 0 ? (size_t)error->position : 0);
}

/* jansson counts up to the byte before the wrong one. */
static struct place bad_byte_place(const char *text, size_t size, const json_error_t *error)
{
	struct cursor cursor = cursor_start(text, size);

	cursor_advance(&cursor, error->position > 0 ? (size_t)error->position : 0);
	return cursor.place;
}

static int tell_error(const char *text, size_t size, const json_error_t *error, struct messages *messages)
{
	if (json_error_code(error) == json_error_out_of_memory)
		return -ENOMEM;
	if (json_error_code(error) == json_error_invalid_utf8)
		messages_error(messages, bad_byte_place(text, size, error), "this is not UTF-8: %s",
		               error->text);
	else
		messages_error(messages, error_place(text, size, error), "%s", error->text);
	return -EINVAL;
}

static bool walk(struct arena *arena, struct cursor *cursor, const json_t *json, struct value *value);

static void skip_structural(struct cursor *cursor)
{
	cursor_skip_blanks(cursor);
	cursor_advance(cursor, 1);
}

static bool walk_object(struct arena *arena, struct cursor *cursor, const json_t *json, struct value *items)
{
	const char *key;
	json_t *member;

	json_object_foreach((json_t *)(uintptr_t)json, key, member)
	{
		cursor_skip_blanks(cursor);
		struct place place = cursor->place;
		cursor_skip_token(cursor);
		skip_structural(cursor); /* the colon */
		if (!walk(arena, cursor, member, items))
			return false;
		items->key = key;
		items->key_place = place;
		items++;
		skip_structural(cursor); /* the comma, or the closing brace */
	}
	return true;
}

static bool walk_array(struct arena *arena, struct cursor *cursor, const json_t *json, struct value *items)
{
	size_t count = json_array_size(json);

	for (size_t i = 0; i < count; i++) {
		if (!walk(arena, cursor, json_array_get(json, i), &items[i]))
			return false;
		skip_structural(cursor); /* the comma, or the closing bracket */
	}
	return true;
}

/* The depth was limited before. */
static bool walk(struct arena *arena, struct cursor *cursor, const json_t *json, struct value *value)
{
	bool is_object = json_is_object(json), is_array = json_is_array(json);
	size_t count = is_object ? json_object_size(json) : is_array ? json_array_size(json) : 0;
	struct value *items = ARENA_ARRAY(arena, struct value, count);

	if (!items)
		return false;
	cursor_skip_blanks(cursor);
	size_t start = cursor->at;
	*value = (struct value){.json = json,
	                        .place = cursor->place,
	                        .text = cursor->text + start,
	                        .count = count,
	                        .items = items};
	cursor_skip_token(cursor); /* for objects and arrays: the opening one */
	if (is_object && !walk_object(arena, cursor, json, items))
		return false;
	if (is_array && !walk_array(arena, cursor, json, items))
		return false;
	if ((is_object || is_array) && count == 0)
		skip_structural(cursor);
	value->length = cursor->at - start;
	return true;
}

static bool is_too_deep(const char *text, size_t size, struct messages *messages)
{
	struct place place;

	if (text_depth(text, size, CALLGATE_PROFILE_DEPTH_MAX, &place) <= CALLGATE_PROFILE_DEPTH_MAX)
		return false;
	messages_error(messages, place, "more than %u arrays and objects within each other",
	               CALLGATE_PROFILE_DEPTH_MAX);
	return true;
}

/* jansson takes a zero byte for the end, or for no place at all. */
static bool has_zero_byte(const char *text, size_t size, struct messages *messages)
{
	const char *zero = size ? memchr(text, '\0', size) : NULL;
	struct cursor cursor = cursor_start(text, size);

	if (!zero)
		return false;
	cursor_advance(&cursor, (size_t)(zero - text));
	messages_error(messages, cursor.place, "a zero byte is not JSON");
	return true;
}

int document_parse(struct document *document, const char *text, size_t size, struct messages *messages)
{
	/* Integers as reals, so that jansson takes those above 2^63 too: value_is_unsigned() reads the text. */
	size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL;
	struct cursor cursor = cursor_start(text, size);
	json_error_t error;

	if (has_zero_byte(text, size, messages) || is_too_deep(text, size, messages))
		return -EINVAL;
	document->json = json_loadb(text, size, flags, &error);
	if (!document->json)
		return tell_error(text, size, &error, messages);
	struct value *root = ARENA_NEW(&document->arena, struct value);
	if (!root || !walk(&document->arena, &cursor, document->json, root))
		return -ENOMEM;
	document->root = root;
	return 0;
}

void document_finish(struct document *document)
{
	json_decref(document->json);
	arena_finish(&document->arena);
	*document = (struct document){0};
}

const char *value_kind(const struct value *value)
{
	switch (json_typeof(value->json)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "true or false";
	case JSON_NULL:
		return "null";
	}
	return "nothing";
}

bool value_is_unsigned(const struct value *value, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (!json_is_number(value->json))
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
