#include <string.h>

#include <callgate/syscall.h>

#include "oci/reader.h"

static void check_known(struct reader *reader, struct named *named)
{
	named->is_known = seccomp_syscall_resolve_name(named->name) != __NR_SCMP_ERROR;
	if (named->is_known)
		return;
	const char *closest =
	    messages_take_warnings(reader->messages) ? callgate_syscall_closest_name(named->name) : NULL;
	if (closest)
		messages_doubt(reader->messages, named->place,
		               "unknown system call \"%s\" is left out; is \"%s\" meant?", named->name,
		               closest);
	else
		messages_doubt(reader->messages, named->place, "unknown system call \"%s\" is left out",
		               named->name);
}

static void read_one_name(struct reader *reader, const struct value *value, struct named *named)
{
	named->place = value->place;
	named->name = read_string(reader, value);
	if (named->name && !*named->name) {
		messages_error(reader->messages, value->place, "an empty name");
		named->name = NULL;
	}
	if (named->name)
		check_known(reader, named);
}

/* As the Go programs have it that this format comes from: what is empty counts as absent. */
static bool is_empty_text(const struct value *value)
{
	return value->kind == VALUE_STRING && !*value->text;
}

static void read_name(struct reader *reader, const struct value *value, void *target)
{
	struct entry *entry = target;
	struct named *named = read_room(reader, 1, sizeof(*named));

	if (is_empty_text(value))
		return;
	if (entry->name_count)
		messages_error(reader->messages, value->key_place, "\"name\" beside \"names\": one of them");
	entry->has_name = true;
	if (!named || entry->name_count)
		return;
	read_one_name(reader, value, named);
	entry->names = named;
	entry->name_count = named->name ? 1 : 0;
}

static void read_names(struct reader *reader, const struct value *value, void *target)
{
	struct entry *entry = target;

	entry->has_names = true;
	if (!read_is_array(reader, value))
		return;
	if (value->count == 0) {
		entry->no_names = value->place;
		return;
	}
	if (entry->has_name)
		messages_error(reader->messages, value->key_place, "\"names\" beside \"name\": one of them");
	entry->names = read_room(reader, value->count, sizeof(*entry->names));
	entry->name_count = 0;
	for (size_t i = 0; entry->names && i < value->count; i++) {
		read_one_name(reader, &value->items[i], &entry->names[entry->name_count]);
		if (entry->names[entry->name_count].name)
			entry->name_count++;
	}
}

/* One condition while it is read. */
struct argument {
	struct condition *condition;
	bool has_index, has_value, has_op;
};

static void read_index(struct reader *reader, const struct value *value, void *target)
{
	struct argument *argument = target;
	uint64_t index;

	argument->has_index = true;
	if (read_number(reader, value, 5, &index))
		argument->condition->compare.arg = (unsigned int)index;
}

static void read_value(struct reader *reader, const struct value *value, void *target)
{
	struct argument *argument = target;

	argument->has_value = true;
	read_number(reader, value, UINT64_MAX, &argument->condition->compare.datum_a);
}

static void read_value_two(struct reader *reader, const struct value *value, void *target)
{
	struct argument *argument = target;

	read_number(reader, value, UINT64_MAX, &argument->condition->compare.datum_b);
}

static void read_op(struct reader *reader, const struct value *value, void *target)
{
	struct argument *argument = target;
	const struct names_word *op = read_word(reader, value, names_comparisons);

	argument->has_op = true;
	if (op)
		argument->condition->compare.op = (enum scmp_compare)op->value;
}

static void check_masked(struct reader *reader, const struct condition *condition)
{
	const struct scmp_arg_cmp *compare = &condition->compare;

	if (compare->op == SCMP_CMP_MASKED_EQ && compare->datum_b & ~compare->datum_a)
		messages_warn(reader->messages, condition->place,
		              "valueTwo has bits that the mask in value takes away: they are not compared");
	else if (compare->op != SCMP_CMP_MASKED_EQ && compare->datum_b)
		messages_warn(reader->messages, condition->place,
		              "valueTwo is for SCMP_CMP_MASKED_EQ: it has no effect here");
}

static void check_always(struct reader *reader, const struct condition *condition)
{
	const struct scmp_arg_cmp *compare = &condition->compare;
	uint64_t value = compare->datum_a;

	if ((compare->op == SCMP_CMP_LT && value == 0) || (compare->op == SCMP_CMP_GT && value == UINT64_MAX))
		messages_warn(reader->messages, condition->place, "this condition never holds");
	if ((compare->op == SCMP_CMP_GE && value == 0) ||
	    (compare->op == SCMP_CMP_LE && value == UINT64_MAX) ||
	    (compare->op == SCMP_CMP_MASKED_EQ && value == 0))
		messages_warn(reader->messages, condition->place, "this condition always holds");
}

static void read_argument(struct reader *reader, const struct value *value, struct condition *condition)
{
	static const struct member members[] = {
	    {"index", read_index}, {"value", read_value}, {"valueTwo", read_value_two},
	    {"op", read_op},       {NULL, NULL},
	};
	struct argument argument = {.condition = condition};

	condition->place = value->place;
	if (!read_object(reader, value, members, &argument))
		return;
	if (!argument.has_index)
		messages_error(reader->messages, value->place, "this condition has no \"index\"");
	if (!argument.has_value)
		messages_error(reader->messages, value->place, "this condition has no \"value\"");
	if (!argument.has_op)
		messages_error(reader->messages, value->place, "this condition has no \"op\"");
	check_masked(reader, condition);
	check_always(reader, condition);
}

/* What compares no bit is no condition; among alternatives it is one that always holds. */
static void drop_maskless(struct entry *entry)
{
	size_t kept = 0;

	for (size_t i = 0; i < entry->condition_count && !entry->same_argument; i++) {
		const struct scmp_arg_cmp *compare = &entry->conditions[i].compare;
		if (compare->op != SCMP_CMP_MASKED_EQ || compare->datum_a)
			entry->conditions[kept++] = entry->conditions[i];
	}
	if (!entry->same_argument)
		entry->condition_count = kept;
}

static void read_args(struct reader *reader, const struct value *value, void *target)
{
	struct entry *entry = target;
	unsigned int seen = 0;

	if (!read_is_array(reader, value))
		return;
	entry->conditions = read_room(reader, value->count, sizeof(*entry->conditions));
	for (size_t i = 0; entry->conditions && i < value->count; i++) {
		struct condition *condition = &entry->conditions[i];
		read_argument(reader, &value->items[i], condition);
		if (seen & 1u << condition->compare.arg)
			entry->same_argument = true;
		seen |= 1u << condition->compare.arg;
		entry->condition_count++;
	}
	drop_maskless(entry);
}

static void read_entry_action(struct reader *reader, const struct value *value, void *target)
{
	read_verdict_action(reader, value, &((struct entry *)target)->verdict);
}

static void read_entry_number(struct reader *reader, const struct value *value, void *target)
{
	read_verdict_number(reader, value, &((struct entry *)target)->verdict);
}

static void read_entry_error(struct reader *reader, const struct value *value, void *target)
{
	read_verdict_error(reader, value, &((struct entry *)target)->verdict);
}

static void read_entry_includes(struct reader *reader, const struct value *value, void *target)
{
	read_includes(reader, value, &((struct entry *)target)->excluded);
}

static void read_entry_excludes(struct reader *reader, const struct value *value, void *target)
{
	read_excludes(reader, value, &((struct entry *)target)->excluded);
}

static void read_comment(struct reader *reader, const struct value *value, void *target)
{
	((struct entry *)target)->comment = read_string(reader, value);
}

void read_entry(struct reader *reader, const struct value *value, void *target)
{
	static const struct member members[] = {
	    {"names", read_names},
	    {"name", read_name},
	    {"action", read_entry_action},
	    {"errnoRet", read_entry_number},
	    {"errno", read_entry_error},
	    {"args", read_args},
	    {"includes", read_entry_includes},
	    {"excludes", read_entry_excludes},
	    {"comment", read_comment},
	    {NULL, NULL},
	};
	struct entry *entry = target;

	entry->place = value->place;
	if (!read_object(reader, value, members, entry))
		return;
	if (entry->no_names.line && !entry->has_name)
		messages_doubt(reader->messages, entry->no_names, "no names: this entry has no effect");
	if (!entry->has_name && !entry->has_names)
		messages_error(reader->messages, value->place, "this entry has no \"names\"");
	if (!entry->verdict.place.line)
		messages_error(reader->messages, value->place, "this entry has no \"action\"");
	read_verdict_check(reader, &entry->verdict);
}
