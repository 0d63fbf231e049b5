/* From the members of objects to the model. */
#include "oci/schema.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/info.h>
#include <callgate/syscall.h>

#include "base/strbuf.h"

#define ACTION_PREFIX "SCMP_ACT_"

/* SECCOMP_RET_DATA (seccomp(2)): what a TRACE action may hand to the tracer. */
enum { TRACE_NUMBER_MAX = 0xffff };

/* ---- actions ---- */

static void read_action(struct reader *reader, const struct value *value, struct verdict *verdict)
{
	size_t prefix = strlen(ACTION_PREFIX);
	bool has_prefix = strncmp(value->text, ACTION_PREFIX, prefix) == 0;
	const char *word = has_prefix ? value->text + prefix : value->text;
	const struct callgate_action_kind *kind = has_prefix ? callgate_action_kind_find(value->text) : NULL;
	struct similar similar = similar_start(word);

	verdict->place = value->place;
	if (kind) {
		verdict->name = value->text;
		verdict->action = kind->action;
		return;
	}
	for (size_t i = 0; messages_take_errors(reader->messages) && (kind = callgate_action_kind_at(i)); i++)
		similar_offer(&similar, kind->name);
	report_unknown(reader, value, "name", NULL, ACTION_PREFIX, similar.best);
}

/* A name, or as Podman has it, the number in quotes. */
static bool read_error(struct reader *reader, const struct value *value, uint64_t *ret_number)
{
	int number = callgate_profile_errno(value->text);

	if (number < 0) {
		bool wanted = messages_take_errors(reader->messages);
		report_unknown(reader, value, "name", NULL, "",
		               wanted ? callgate_errno_closest_name(value->text) : NULL);
		return false;
	}
	*ret_number = (uint64_t)number;
	return true;
}

/* The number that an action returns, by one of the two keys that give it, and its place; line 0: there is none. */
static struct place read_returned(struct reader *reader, const struct members *members, enum key by_number,
                                  enum key by_name, struct verdict *verdict)
{
	const struct value *name = member_text(members, by_name) ? member(members, by_name) : NULL;
	const struct value *number = member(members, by_number);
	uint64_t named;
	bool has_number = read_number(reader, members, by_number, TRACE_NUMBER_MAX, &verdict->number);
	bool has_name = name && read_error(reader, name, &named);

	verdict->has_number = has_number || has_name;
	if (has_number && has_name && verdict->number != named)
		messages_error(reader->messages,
		               place_is_after(name->place, number->place) ? name->place : number->place,
		               "contradiction: %s is %" PRIu64 ", and the number given is %" PRIu64, name->text, named,
		               verdict->number);
	if (!has_number && has_name)
		verdict->number = named;
	return has_number ? number->place : has_name ? name->place : (struct place){0};
}

void read_verdict(struct reader *reader, const struct members *members, enum key action, enum key by_number,
                  enum key by_name, struct verdict *verdict)
{
	const struct value *value = member(members, action);

	if (value)
		read_action(reader, value, verdict);
	struct place place = read_returned(reader, members, by_number, by_name, verdict);
	if (!verdict->name || !verdict->has_number)
		return;
	if (!action_takes_number(verdict->action))
		messages_warn_unless_strict(reader->messages, place,
		                            "%s returns no error number: this one has no effect", verdict->name);
	else if (verdict->action == SCMP_ACT_ERRNO(0) && verdict->number > ERRNO_MAX)
		messages_error(reader->messages, place, "errors are numbered up to %d, this is %" PRIu64, ERRNO_MAX,
		               verdict->number);
}

/* ---- entries ---- */

static void read_entries(struct reader *reader, const struct members *members)
{
	const struct value *list = member(members, KEY_SYSCALLS), *value;
	struct model *model = reader->model;

	model->entries = read_room(reader, list ? list->count : 0, sizeof(*model->entries));
	for (size_t i = 0; model->entries && (value = element(members, KEY_SYSCALLS, i)); i++)
		read_entry(reader, value, &model->entries[model->entry_count++]);
}

/* ---- architectures ---- */

static const struct callgate_arch *read_arch(struct reader *reader, const struct value *value)
{
	const struct callgate_arch *arch = callgate_arch_find_name(value->text);

	if (arch && arch->oci_name && strcmp(arch->oci_name, value->text) == 0)
		return arch;
	if (!arch)
		arch = callgate_arch_find_name(callgate_arch_closest_name(value->text));
	report_unknown(reader, value, "architecture", NULL, "", arch ? arch->oci_name : NULL);
	return NULL;
}

bool model_has_arch(const struct model *model, const struct callgate_arch *arch)
{
	for (size_t i = 0; i < model->arch_count; i++)
		if (model->archs[i] == arch)
			return true;
	return false;
}

/* Does a machine that was asked for run programs of the architecture? */
static bool is_run_by(const struct callgate_arch *machine, const struct callgate_arch *arch)
{
	const struct callgate_arch *run;

	for (size_t i = 0; (run = callgate_machine_arch_at(machine->token, i)); i++)
		if (run == arch)
			return true;
	return false;
}

/* To the filter's list, which has room for every architecture that there is. */
static void add_arch(struct reader *reader, const struct value *value)
{
	const struct callgate_arch *arch = element_text(reader, value) ? read_arch(reader, value) : NULL;
	struct model *model = reader->model;

	if (!arch || reader->environment->archs.count || model_has_arch(model, arch))
		return;
	if (reader->environment->machine && !is_run_by(reader->environment->machine, arch))
		return;
	if (arch->big_endian != model->archs[0]->big_endian)
		messages_error(reader->messages, value->place,
		               "%s has another byte order than this machine, %s: one filter can't hold both",
		               arch->oci_name, model->archs[0]->oci_name);
	else
		model->archs[model->arch_count++] = arch;
}

/*
 * A row of archMap: an architecture and those that its kernel runs beside it. Docker looks at the first row about the
 * machine and no other; *place is that row's, or line 0.
 */
static void read_arch_row(struct reader *reader, const struct value *value, struct place *place)
{
	struct members members = read_members(reader, value, OBJECT_ARCH_ROW);
	const struct value *name = member(&members, KEY_ARCHITECTURE), *other;
	const struct callgate_arch *arch = name ? read_arch(reader, name) : NULL;
	bool is_machine = arch && arch == environment_machine(reader->environment);

	require_member(reader, &members, value->place, KEY_ARCHITECTURE);
	if (is_machine && place->line)
		messages_warn(reader->messages, value->place,
		              "line %u has a row for %s already: this one has no effect", place->line, arch->oci_name);
	for (size_t i = 0; (other = element(&members, KEY_SUB_ARCHITECTURES, i)); i++) {
		if (is_machine && !place->line)
			add_arch(reader, other);
		else if (element_text(reader, other))
			read_arch(reader, other);
	}
	if (is_machine && !place->line)
		*place = value->place;
}

static bool start_archs(struct reader *reader)
{
	const struct environment *environment = reader->environment;
	struct model *model = reader->model;
	size_t room = 1;

	while (callgate_arch_at(room))
		room++;
	model->archs = read_room(reader, room, sizeof(*model->archs));
	if (!model->archs)
		return false;
	model->baseline = environment->baseline;
	for (size_t i = 0; i < environment->archs.count; i++)
		model->archs[model->arch_count++] = environment->archs.items[i];
	if (!model->arch_count)
		model->archs[model->arch_count++] = environment_machine(environment);
	assert(model->arch_count <= room);
	return true;
}

static void read_archs(struct reader *reader, const struct members *members)
{
	const struct value *list = member(members, KEY_ARCHITECTURES), *map = member(members, KEY_ARCH_MAP), *value;
	struct place row = {0};

	if (list && map && list->count && map->count) {
		bool list_is_first = place_is_after(map->place, list->place);
		messages_error(reader->messages, (list_is_first ? map : list)->key_place,
		               "\"architectures\" beside \"archMap\" (line %u): one of them",
		               (list_is_first ? list : map)->key_place.line);
		return;
	}
	for (size_t i = 0; (value = element(members, KEY_ARCHITECTURES, i)); i++)
		add_arch(reader, value);
	for (size_t i = 0; (value = element(members, KEY_ARCH_MAP, i)); i++)
		read_arch_row(reader, value, &row);
}

/* ---- the profile ---- */

static void read_flags(struct reader *reader, const struct members *members)
{
	const struct value *value;

	for (size_t i = 0; (value = element(members, KEY_FLAGS, i)); i++) {
		const struct word *flag = element_text(reader, value) ? read_word(reader, value, flag_words) : NULL;
		if (flag)
			reader->model->flags[flag->value] = true;
	}
}

static void read_listener(struct reader *reader, const struct members *members)
{
	struct model *model = reader->model;

	model->listener_path = member_text(members, KEY_LISTENER_PATH);
	model->listener_metadata = member_text(members, KEY_LISTENER_METADATA);
	if (model->listener_metadata && !model->listener_path)
		messages_error(reader->messages, members->of[KEY_LISTENER_METADATA]->key_place,
		               "\"listenerMetadata\" without \"listenerPath\"");
}

/* ---- whose meaning it has ---- */

int model_newest_named(const struct model *model, const struct callgate_arch *arch)
{
	int newest = model->policy ? policy_newest_named(model->policy, arch) : -1;

	for (size_t i = 0; i < model->entry_count; i++)
		for (size_t j = 0; !model->entries[i].excluded && j < model->entries[i].name_count; j++) {
			int nr = callgate_syscall_number(arch->token, model->entries[i].names[j].name);
			newest = nr > newest ? nr : newest;
		}
	return newest;
}

/* As runc 1.1.5 has it: where the default action lets a call pass, or is ENOSYS already, nothing is gained. */
static bool needs_enosys(const struct model *model, uint32_t default_errno)
{
	const struct verdict *fallback = &model->fallback;

	return fallback->action != SCMP_ACT_ALLOW && fallback->action != SCMP_ACT_LOG &&
	       fallback->action != SCMP_ACT_TRACE(0) &&
	       verdict_value(fallback, default_errno) != SCMP_ACT_ERRNO(model->archs[0]->enosys);
}

/* ORDER callgate-profile(5). Several conditions on one argument, and EPERM, are the same to all of them. */
static const enum callgate_unknown_calls unknown_calls_of[] = {
    [CALLGATE_PROFILE_LIKE_DOCKER] = CALLGATE_UNKNOWN_CALLS_NAMED,   /* Docker resolves, runc makes the filter */
    [CALLGATE_PROFILE_LIKE_PODMAN] = CALLGATE_UNKNOWN_CALLS_DEFAULT, /* Podman resolves, crun makes the filter */
    [CALLGATE_PROFILE_LIKE_RUNC] = CALLGATE_UNKNOWN_CALLS_NAMED,
    [CALLGATE_PROFILE_LIKE_CRUN] = CALLGATE_UNKNOWN_CALLS_DEFAULT,
};

static void decide_meaning(const struct reader *reader, struct model *model)
{
	uint32_t like = reader->options[CALLGATE_PROFILE_LIKE],
	         unknown = reader->options[CALLGATE_PROFILE_UNKNOWN_CALLS];

	if (like == CALLGATE_PROFILE_LIKE_AUTO)
		like = reader->is_podmans   ? CALLGATE_PROFILE_LIKE_PODMAN
		       : reader->is_dockers ? CALLGATE_PROFILE_LIKE_DOCKER
		                            : CALLGATE_PROFILE_LIKE_RUNC;
	if (unknown == CALLGATE_UNKNOWN_CALLS_AUTO)
		unknown = unknown_calls_of[like];
	if (unknown == CALLGATE_UNKNOWN_CALLS_NAMED &&
	    !needs_enosys(model, reader->options[CALLGATE_PROFILE_DEFAULT_ERRNO]))
		unknown = CALLGATE_UNKNOWN_CALLS_DEFAULT;
	model->like = (enum callgate_profile_like)like;
	model->unknown_calls = (enum callgate_unknown_calls)unknown;
}

int model_read(struct model *model, const struct value *root, const struct environment *environment,
               const uint32_t *options, struct arena *arena, struct messages *messages)
{
	struct reader reader = {
	    .messages = messages, .arena = arena, .environment = environment, .options = options, .model = model};
	struct members members = read_members(&reader, root, OBJECT_PROFILE);

	if (!start_archs(&reader))
		return -ENOMEM;
	require_member(&reader, &members, root->place, KEY_DEFAULT_ACTION);
	read_verdict(&reader, &members, KEY_DEFAULT_ACTION, KEY_DEFAULT_ERRNO_RET, KEY_DEFAULT_ERRNO, &model->fallback);
	read_archs(&reader, &members);
	read_flags(&reader, &members);
	read_listener(&reader, &members);
	read_entries(&reader, &members);
	if (reader.out_of_memory)
		return -ENOMEM;
	if (messages->errors)
		return -EINVAL;
	decide_meaning(&reader, model);
	return 0;
}
