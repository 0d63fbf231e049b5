#include "oci/reader.h"

#include <inttypes.h>
#include <string.h>

#include "base/similar.h"

static void unknown_key(struct reader *reader, const struct value *value, const struct member *members)
{
	struct similar similar = similar_start(value->key);

	for (; members->key; members++)
		similar_offer(&similar, members->key);
	if (similar.best)
		messages_error(reader->messages, value->key_place, "unknown key \"%s\"; is \"%s\" meant?",
		               value->key, similar.best);
	else
		messages_error(reader->messages, value->key_place, "unknown key \"%s\"", value->key);
}

static void wrong_kind(struct reader *reader, const struct value *value, const char *expected)
{
	if (value->key)
		messages_error(reader->messages, value->place, "\"%s\" must be %s, this is %s", value->key,
		               expected, value_kind(value));
	else
		messages_error(reader->messages, value->place, "here must be %s, this is %s", expected,
		               value_kind(value));
}

bool read_object(struct reader *reader, const struct value *value, const struct member *members, void *target)
{
	bool known = true;

	if (value->kind != VALUE_OBJECT) {
		wrong_kind(reader, value, "an object");
		return false;
	}
	for (size_t i = 0; i < value->count; i++) {
		const struct value *item = &value->items[i];
		const struct member *member = members;
		while (member->key && strcmp(member->key, item->key) != 0)
			member++;
		if (!member->key)
			unknown_key(reader, item, members);
		else if (item->kind != VALUE_NULL)
			member->read(reader, item, target);
		known = known && member->key;
	}
	return known;
}

const char *read_string(struct reader *reader, const struct value *value)
{
	if (value->kind == VALUE_STRING)
		return value->text;
	wrong_kind(reader, value, "a string");
	return NULL;
}

const struct names_word *read_word(struct reader *reader, const struct value *value,
                                   const struct names_word *table)
{
	const char *text = read_string(reader, value);
	const struct names_word *word = text ? names_find(table, text) : NULL;

	if (!text || word)
		return word;
	const char *closest = messages_take_errors(reader->messages) ? names_closest(table, text) : NULL;
	if (closest)
		messages_error(reader->messages, value->place, "unknown name \"%s\"; is \"%s\" meant?", text,
		               closest);
	else
		messages_error(reader->messages, value->place, "unknown name \"%s\"", text);
	return NULL;
}

bool read_number(struct reader *reader, const struct value *value, uint64_t largest, uint64_t *ret_number)
{
	uint64_t number;

	if (value->kind != VALUE_NUMBER) {
		wrong_kind(reader, value, "a number");
		return false;
	}
	if (!value_is_unsigned(value, &number) || number > largest) {
		messages_error(reader->messages, value->place,
		               "\"%s\" must be a whole number from 0 to %" PRIu64 ", this is %.*s",
		               value->key, largest, value->length > 40 ? 40 : (int)value->length,
		               value->text);
		return false;
	}
	*ret_number = number;
	return true;
}

bool read_is_array(struct reader *reader, const struct value *value)
{
	if (value->kind == VALUE_ARRAY)
		return true;
	wrong_kind(reader, value, "an array");
	return false;
}

void *read_room(struct reader *reader, size_t count, size_t size)
{
	void *room = arena_alloc_array(reader->arena, count, size);

	if (!room)
		reader->out_of_memory = true;
	return room;
}
