/*
 * Some architectures have a second way to the socket and the System V IPC calls: socketcall(2) and ipc(2). socketcall's
 * arguments are behind a pointer and ipc's are in other places, so no condition on a call's arguments can hold there.
 */
#include <errno.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/rule.h>
#include <callgate/syscall.h>

#include "oci/apply.h"

/* Pseudo numbers of <seccomp.h>: -101 to -120 are socketcall's 1 to 20, -201 to -224 are ipc's 1 to 24. */
enum { SOCKET_BASE = 100, SOCKET_LAST = 120, IPC_BASE = 200, IPC_LAST = 224 };

/* The first argument as wide as the kernel reads it: an int for socketcall, the low half of one for ipc. */
static struct scmp_arg_cmp call_number(const struct callgate_arch *arch, bool is_socket, int number)
{
	if (is_socket && arch->word_bits == 32)
		return SCMP_A0_64(SCMP_CMP_EQ, (scmp_datum_t)number);
	return SCMP_A0_64(SCMP_CMP_MASKED_EQ, is_socket ? UINT32_MAX : UINT16_MAX, (scmp_datum_t)number);
}

bool door_find(const struct callgate_arch *arch, const char *syscall, struct door *ret_door)
{
	int pseudo = seccomp_syscall_resolve_name_arch(arch->token, syscall);
	int nr = seccomp_syscall_resolve_name_rewrite(arch->token, syscall);
	bool is_socket = -pseudo > SOCKET_BASE && -pseudo <= SOCKET_LAST;

	if (pseudo == nr || nr < 0 || -pseudo > IPC_LAST)
		return false;
	ret_door->name = is_socket ? "socketcall" : "ipc";
	ret_door->nr = nr;
	ret_door->call = call_number(arch, is_socket, -pseudo - (is_socket ? SOCKET_BASE : IPC_BASE));
	return true;
}

/* What the entries that apply say about one call. */
struct answers {
	const struct named *whole;      /* an entry without conditions */
	uint32_t whole_action;          /* and its action */
	const struct named *restricted; /* the first entry with conditions */
	uint32_t strictest;             /* of the default action and all entries' */
};

static void look_at(const struct application *application, const struct entry *entry, const char *name,
                    struct answers *answers)
{
	for (size_t i = 0; i < entry->name_count; i++) {
		if (strcmp(entry->names[i].name, name) != 0)
			continue;
		uint32_t action = apply_action(application, entry);
		answers->strictest = callgate_action_strictest(answers->strictest, action);
		if (entry->condition_count == 0 && !answers->whole) {
			answers->whole = &entry->names[i];
			answers->whole_action = action;
		} else if (entry->condition_count && !answers->restricted) {
			answers->restricted = &entry->names[i];
		}
	}
}

static struct answers find_answers(const struct application *application, const char *name)
{
	const struct model *model = application->model;
	struct answers answers = {.strictest = apply_default(application)};

	for (size_t i = 0; i < model->entry_count; i++)
		if (!model->entries[i].excluded &&
		    apply_action(application, &model->entries[i]) != apply_default(application))
			look_at(application, &model->entries[i], name, &answers);
	return answers;
}

static int shut(struct application *application, const struct callgate_arch *arch, const struct door *door,
                const struct answers *answers)
{
	const struct named *named = answers->restricted;

	messages_warn(
	    application->messages, named->place,
	    "on %s %s can also be reached through %s, where its arguments can't be seen: there it is denied",
	    arch->name, named->name, door->name);
	if (answers->strictest == apply_default(application))
		return 0;
	apply_note_origin(application, named->place);
	int result =
	    callgate_rule_add(application->ctx, arch->token, answers->strictest, door->nr, 1, &door->call);
	/* The profile has a rule of its own for exactly this call of the door: its author knew. */
	if (result == 0 || result == -EEXIST)
		return 0;
	return diag_fail(application->diag, result, "%s: %s", door->name,
	                 callgate_diagnosis(application->ctx));
}

static int apply_one(struct application *application, const struct callgate_arch *arch, const char *name,
                     const struct answers *answers)
{
	struct door door;

	if (!door_find(arch, name, &door))
		return 0;
	struct answers of_door = find_answers(application, door.name);
	/* A door that is shut as a whole lets nothing past the conditions. */
	if (of_door.whole &&
	    callgate_action_strictest(of_door.whole_action, answers->strictest) == of_door.whole_action)
		return 0;
	if (of_door.whole)
		messages_warn(application->messages, answers->restricted->place,
		              "on %s %s can also be reached through %s, which line %u decides as a whole: "
		              "these conditions "
		              "can't hold there",
		              arch->name, name, door.name, of_door.whole->place.line);
	else if (application->options[CALLGATE_PROFILE_OPEN_SOCKETCALL])
		messages_warn(application->messages, answers->restricted->place,
		              "on %s %s can also be reached through %s, where any arguments pass", arch->name,
		              name, door.name);
	else
		return shut(application, arch, &door, answers);
	return 0;
}

static bool has_door_somewhere(const struct model *model, const char *name)
{
	struct door door;

	for (size_t i = 0; i < model->arch_count; i++)
		if (door_find(model->archs[i], name, &door))
			return true;
	return false;
}

int door_apply(struct application *application)
{
	const struct model *model = application->model;
	const char *name;

	for (size_t i = 0; (name = callgate_syscall_name_at(i)); i++) {
		struct answers answers = {0};
		int result = 0;
		if (!has_door_somewhere(model, name))
			continue;
		answers = find_answers(application, name);
		if (answers.whole || !answers.restricted)
			continue;
		for (size_t j = 0; j < model->arch_count && result == 0; j++)
			result = apply_one(application, model->archs[j], name, &answers);
		if (result < 0)
			return result;
	}
	return 0;
}
