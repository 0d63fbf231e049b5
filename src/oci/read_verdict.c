#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/similar.h"
#include "oci/reader.h"

/* SECCOMP_RET_DATA (seccomp(2)): what a TRACE action may hand to the tracer. */
enum { TRACE_NUMBER_MAX = 0xffff, ACTION_NAME_SIZE = 64 };
#define ACTION_PREFIX "SCMP_ACT_"

uint32_t verdict_value(const struct verdict *verdict, uint32_t default_errno)
{
	uint32_t action = verdict->action->action;

	if (!action_takes_number(action))
		return action;
	return action | (verdict->has_number ? (uint32_t)verdict->number : default_errno);
}

static void unknown_action(struct reader *reader, const struct value *value, const char *text)
{
	struct similar similar = similar_start(text);
	const struct callgate_action_kind *kind, *closest = NULL;
	char name[ACTION_NAME_SIZE];

	bool is_wanted = messages_take_errors(reader->messages);
	for (size_t i = 0; is_wanted && (kind = callgate_action_kind_at(i)); i++) {
		size_t edits = similar.edits;
		snprintf(name, sizeof(name), ACTION_PREFIX "%s", kind->name);
		similar_offer(&similar, name);
		if (similar.edits < edits)
			closest = kind;
	}
	if (closest)
		messages_error(reader->messages, value->place,
		               "unknown name \"%s\"; is \"" ACTION_PREFIX "%s\" meant?", text, closest->name);
	else
		messages_error(reader->messages, value->place, "unknown name \"%s\"", text);
}

/* NULL after a message. */
static const struct callgate_action_kind *read_action(struct reader *reader, const struct value *value)
{
	const char *text = read_string(reader, value);
	bool has_prefix = text && strncmp(text, ACTION_PREFIX, strlen(ACTION_PREFIX)) == 0;
	const struct callgate_action_kind *kind = has_prefix ? callgate_action_kind_find(text) : NULL;

	if (text && !kind)
		unknown_action(reader, value, text);
	return kind;
}

void read_verdict_action(struct reader *reader, const struct value *value, void *target)
{
	struct verdict *verdict = target;

	verdict->place = value->place;
	verdict->action = read_action(reader, value);
}

static void contradiction(struct reader *reader, struct place place, const char *name, uint64_t by_name,
                          uint64_t number)
{
	messages_error(reader->messages, place,
	               "contradiction: %s is %" PRIu64 ", and the number given is %" PRIu64, name, by_name,
	               number);
}

void read_verdict_number(struct reader *reader, const struct value *value, void *target)
{
	struct verdict *verdict = target;
	uint64_t number;

	if (!read_number(reader, value, TRACE_NUMBER_MAX, &number))
		return;
	if (verdict->error && verdict->number != number)
		contradiction(reader, value->place, verdict->error, verdict->number, number);
	verdict->has_number = true;
	verdict->number = number;
	verdict->number_place = value->place;
}

/* A name, or as Podman has it, the number in quotes. False after a message. */
static bool read_error(struct reader *reader, const struct value *value, uint64_t *ret_number)
{
	int number = callgate_profile_errno(value_string(value));
	const struct names_word *error = number < 0 ? read_word(reader, value, names_errors) : NULL;

	if (number < 0 && !error)
		return false;
	*ret_number = error ? error->value : (uint64_t)number;
	return true;
}

/* An empty name is what Podman's tools write for none. */
void read_verdict_error(struct reader *reader, const struct value *value, void *target)
{
	struct verdict *verdict = target;
	const char *name = value_string(value);
	uint64_t number;

	if ((name && !*name) || !read_error(reader, value, &number))
		return;
	if (verdict->has_number && verdict->number != number)
		contradiction(reader, value->place, name, number, verdict->number);
	verdict->error = name;
	if (verdict->has_number)
		return;
	verdict->has_number = true;
	verdict->number = number;
	verdict->number_place = value->place;
}

void read_verdict_check(struct reader *reader, struct verdict *verdict)
{
	if (!verdict->action || !verdict->has_number)
		return;
	if (!action_takes_number(verdict->action->action))
		messages_doubt(reader->messages, verdict->number_place,
		               ACTION_PREFIX "%s gives no error number back: this one has no effect",
		               verdict->action->name);
	else if (verdict->action->action == SCMP_ACT_ERRNO(0) && verdict->number > CALLGATE_ERRNO_MAX)
		messages_error(reader->messages, verdict->number_place,
		               "errors are numbered up to %d, this is %" PRIu64, CALLGATE_ERRNO_MAX,
		               verdict->number);
}
