#include "oci/schema.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/strbuf.h"

static const struct {
	enum object object; /* whose key it is */
	const char *name;
	enum value_kind kind; /* of its value */
} keys[] = {
#define AS_ROW(key, object, name, kind) {OBJECT_##object, name, VALUE_##kind},
    FOR_EACH_KEY(AS_ROW)};

const struct word comparison_words[] = {
    {"SCMP_CMP_NE", SCMP_CMP_NE},
    {"SCMP_CMP_LT", SCMP_CMP_LT},
    {"SCMP_CMP_LE", SCMP_CMP_LE},
    {"SCMP_CMP_EQ", SCMP_CMP_EQ},
    {"SCMP_CMP_GE", SCMP_CMP_GE},
    {"SCMP_CMP_GT", SCMP_CMP_GT},
    {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
    {NULL, 0},
};

const struct word flag_words[] = {
    {"SECCOMP_FILTER_FLAG_TSYNC", SCMP_FLTATR_CTL_TSYNC},
    {"SECCOMP_FILTER_FLAG_LOG", SCMP_FLTATR_CTL_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SCMP_FLTATR_CTL_SSB},
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SCMP_FLTATR_CTL_WAITKILL},
    {NULL, 0},
};

static const char *const kind_texts[] = {
    [VALUE_NULL] = "null",       [VALUE_TRUTH] = "true or false", [VALUE_NUMBER] = "a number",
    [VALUE_STRING] = "a string", [VALUE_ARRAY] = "an array",      [VALUE_OBJECT] = "an object"};

/* Reports a value of the wrong kind. */
static bool has_kind(struct reader *reader, const struct value *value, enum value_kind expected)
{
	const char *quote = value->key ? "\"" : "";

	if (value->kind == expected)
		return true;
	messages_error(reader->messages, value->place, "%s%s%s must be %s, this is %s", quote,
	               value->key ? value->key : "here", quote, kind_texts[expected], kind_texts[value->kind]);
	return false;
}

static enum key find_key(enum object object, const char *name, int (*compare)(const char *, const char *))
{
	for (size_t i = 0; i < KEYS; i++)
		if (keys[i].object == object && compare(keys[i].name, name) == 0)
			return (enum key)i;
	return KEYS;
}

/* What people write beside the keys that programs read. */
static bool is_remark(const char *key)
{
	return key[0] == '_' || strcmp(key, "comment") == 0 || strcmp(key, "$schema") == 0;
}

static enum key report_unknown_key(struct reader *reader, const struct value *item, enum object object,
                                   struct members *members)
{
	struct similar similar = similar_start(item->key);

	for (size_t i = 0; i < KEYS; i++)
		if (keys[i].object == object)
			similar_offer(&similar, keys[i].name);
	members->has_errors = members->has_errors || similar.best || reader->messages->strict;
	if (similar.best)
		messages_error(reader->messages, item->key_place, "unknown key \"%s\"; is \"%s\" meant?", item->key,
		               similar.best);
	else
		messages_warn_unless_strict(reader->messages, item->key_place, "unknown key \"%s\"%s", item->key,
		                            reader->messages->strict ? "" : " has no effect");
	return KEYS;
}

/* As container runtimes read it: they ignore what they do not know, and case. With --strict neither is ignored. */
static enum key key_of(struct reader *reader, const struct value *item, enum object object, struct members *members)
{
	enum key key = find_key(object, item->key, strcmp);
	bool strict = reader->messages->strict;

	if (key < KEYS || (!strict && is_remark(item->key)))
		return key;
	key = find_key(object, item->key, strcasecmp);
	if (strict || key == KEYS)
		return report_unknown_key(reader, item, object, members);
	if (reader->options[CALLGATE_PROFILE_LIKE] == CALLGATE_PROFILE_LIKE_CRUN)
		messages_error(reader->messages, item->key_place,
		               "\"%s\" is not \"%s\": crun ignores the key, and what it says", item->key,
		               keys[key].name);
	else
		messages_warn(reader->messages, item->key_place,
		              "\"%s\" is taken for \"%s\": some programs ignore the key", item->key, keys[key].name);
	return key;
}

/* Who is it for? An empty name of an error counts as none. */
static void note_reader(struct reader *reader, enum key key, const struct value *item)
{
	bool is_error_name = key == KEY_DEFAULT_ERRNO || key == KEY_ERRNO;

	reader->is_podmans = reader->is_podmans || (is_error_name && item->length);
	reader->is_dockers = reader->is_dockers || key == KEY_ARCH_MAP || key == KEY_INCLUDES || key == KEY_EXCLUDES;
}

struct members read_members(struct reader *reader, const struct value *value, enum object object)
{
	struct members members = {0};

	if (!has_kind(reader, value, VALUE_OBJECT)) {
		members.has_errors = true;
		return members;
	}
	for (size_t i = 0; i < value->count; i++) {
		const struct value *item = &value->items[i];
		enum key key = key_of(reader, item, object, &members);
		if (key == KEYS || item->kind == VALUE_NULL)
			continue;
		if (members.of[key])
			messages_error(reader->messages, item->key_place,
			               "\"%s\" is there twice: line %u has it already", keys[key].name,
			               members.of[key]->key_place.line);
		/* A condition with both numbers in quotes has one mistake. */
		bool is_known_mistake =
		    key == KEY_VALUE_TWO && members.of[KEY_VALUE] && members.of[KEY_VALUE]->kind == item->kind;
		if (item->kind == VALUE_NUMBER || !is_known_mistake)
			has_kind(reader, item, keys[key].kind);
		members.of[key] = item;
		note_reader(reader, key, item);
	}
	return members;
}

const struct value *member(const struct members *members, enum key key)
{
	const struct value *value = members->of[key];

	assert(key < KEYS && (!value || value->key));
	return value && value->kind == keys[key].kind ? value : NULL;
}

const char *member_text(const struct members *members, enum key key)
{
	const struct value *value = member(members, key);

	return value && *value->text ? value->text : NULL;
}

void require_member(struct reader *reader, const struct members *members, struct place place, enum key key)
{
	static const char *const nouns[] = {
	    [OBJECT_PROFILE] = "the profile",
	    [OBJECT_ARCH_ROW] = "this row",
	    [OBJECT_ENTRY] = "this entry",
	    [OBJECT_CONDITION] = "this condition",
	};

	assert(keys[key].object != OBJECT_SELECTOR); /* it may lack all of its keys */
	if (!members->of[key] && !members->has_errors)
		messages_error(reader->messages, place, "%s has no \"%s\"", nouns[keys[key].object], keys[key].name);
}

const struct value *element(const struct members *members, enum key key, size_t index)
{
	const struct value *array = member(members, key);

	assert(keys[key].kind == VALUE_ARRAY);
	return array && index < array->count ? &array->items[index] : NULL;
}

const char *element_text(struct reader *reader, const struct value *value)
{
	return has_kind(reader, value, VALUE_STRING) ? value->text : NULL;
}

void report_unknown(struct reader *reader, const struct value *value, const char *what, const char *consequence,
                    const char *prefix, const char *closest)
{
	bool is_error = !consequence || reader->messages->strict;

	messages_add(reader->messages, "name", is_error ? CALLGATE_SEVERITY_ERROR : CALLGATE_SEVERITY_WARNING,
	             value->place, "unknown %s \"%s\"%s%s%s%s%s", what, value->text, consequence ? consequence : "",
	             closest ? "; is \"" : "", closest ? prefix : "", closest ? closest : "",
	             closest ? "\" meant?" : "");
}

const struct word *read_word(struct reader *reader, const struct value *value, const struct word *table)
{
	struct similar similar = similar_start(value->text);

	assert(value->kind == VALUE_STRING);
	for (const struct word *word = table; word->name; word++)
		if (strcmp(word->name, value->text) == 0)
			return word;
	for (; messages_take_errors(reader->messages) && table->name; table++)
		similar_offer(&similar, table->name);
	report_unknown(reader, value, "name", NULL, "", similar.best);
	return NULL;
}

bool read_number(struct reader *reader, const struct members *members, enum key key, uint64_t largest,
                 uint64_t *ret_number)
{
	const struct value *value = member(members, key);
	uint64_t number;

	assert(keys[key].kind == VALUE_NUMBER);
	if (!value)
		return false;
	if (!value_is_unsigned(value, &number) || number > largest) {
		messages_error(reader->messages, value->place,
		               "\"%s\" must be a whole number from 0 to %" PRIu64 ", this is %.*s", value->key, largest,
		               value->length > 40 ? 40 : (int)value->length, value->text);
		return false;
	}
	*ret_number = number;
	return true;
}

void *read_room(struct reader *reader, size_t count, size_t size)
{
	void *room = arena_alloc_array(reader->arena, count, size);

	if (!room)
		reader->out_of_memory = true;
	return room;
}
