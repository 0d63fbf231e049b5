#include "oci/document.h"

#include <errno.h>
#include <string.h>

#include <callgate/oci.h>

#include "oci/parse.h"

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

const char *value_kind(const struct value *value)
{
	switch (value->kind) {
	case VALUE_OBJECT:
		return "an object";
	case VALUE_ARRAY:
		return "an array";
	case VALUE_STRING:
		return "a string";
	case VALUE_NUMBER:
		return "a number";
	case VALUE_TRUTH:
		return "true or false";
	case VALUE_NULL:
		return "null";
	}
	return "nothing";
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
