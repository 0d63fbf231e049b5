#include <assert.h>
#include <errno.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/diagnosis.h>
#include <callgate/rule.h>
#include <callgate/syscall.h>

#include "oci/application.h"

/* Pseudo numbers of <seccomp.h>: -101 to -120 are socketcall's 1 to 20, -201 to -224 are ipc's 1 to 24. */
enum { SOCKET_BASE = 100, SOCKET_LAST = 120, IPC_BASE = 200, IPC_LAST = 224 };

/* The first argument as wide as the kernel reads it: an int for socketcall, the low half of one for ipc. */
static struct scmp_arg_cmp call_number(const struct callgate_arch *arch, bool is_socket, uint64_t number)
{
	if (is_socket && arch->word_bits == 32)
		return SCMP_A0_64(SCMP_CMP_EQ, number);
	return SCMP_A0_64(SCMP_CMP_MASKED_EQ, is_socket ? UINT32_MAX : UINT16_MAX, number);
}

bool multiplexed_find(const struct callgate_arch *arch, const char *syscall, struct multiplexed *ret_multiplexed)
{
	int pseudo = seccomp_syscall_resolve_name_arch(arch->token, syscall);
	bool is_socket = -pseudo > SOCKET_BASE && -pseudo <= SOCKET_LAST;
	bool is_ipc = -pseudo > IPC_BASE && -pseudo <= IPC_LAST;

	if (!arch->multiplexed || !(is_socket || is_ipc))
		return false;
	assert(arch->socketcall_nr >= 0 && arch->ipc_nr >= 0);
	ret_multiplexed->through = is_socket ? "socketcall" : "ipc";
	ret_multiplexed->nr = is_socket ? arch->socketcall_nr : arch->ipc_nr;
	ret_multiplexed->number = (uint64_t)(-pseudo - (is_socket ? SOCKET_BASE : IPC_BASE));
	ret_multiplexed->is_call = call_number(arch, is_socket, ret_multiplexed->number);
	return true;
}

bool multiplexed_anywhere(const struct model *model, const char *syscall)
{
	struct multiplexed multiplexed;

	for (size_t i = 0; i < model->arch_count; i++)
		if (multiplexed_find(model->archs[i], syscall, &multiplexed))
			return true;
	return false;
}

/* What the entries that apply say about one call. */
struct answers {
	const struct named *whole;      /* an entry without conditions */
	uint32_t whole_action;          /* and its action */
	const struct named *restricted; /* the first entry with conditions */
	uint32_t strictest;             /* of the default action and all entries' */
};

static struct answers find_answers(const struct application *application, const char *name)
{
	const struct references *references = application->references;
	struct answers answers = {.strictest = application_default(application)};
	size_t first = references_find(references, name), count = references_same(references, first);

	for (size_t i = first; i < first + count; i++) {
		const struct reference *reference = &references->list[i];
		uint32_t action = application_action(application, reference->entry);
		answers.strictest = callgate_action_strictest(answers.strictest, action);
		if (reference->entry->condition_count == 0 && !answers.whole) {
			answers.whole = reference->named;
			answers.whole_action = action;
		} else if (reference->entry->condition_count && !answers.restricted) {
			answers.restricted = reference->named;
		}
	}
	return answers;
}

static int deny(struct application *application, const struct callgate_arch *arch,
                const struct multiplexed *multiplexed, const struct answers *answers)
{
	const struct named *named = answers->restricted;

	messages_warn(application->messages, named->place,
	              "on %s %s can also be reached through %s, where its arguments can't be seen: there it is denied",
	              arch->name, named->name, multiplexed->through);
	if (answers->strictest == application_default(application))
		return 0;
	application_note_origin(application, named);
	int result = callgate_rule_add(application->ctx, arch->token, answers->strictest, multiplexed->nr, 1,
	                               &multiplexed->is_call);
	/* The profile has a rule of its own for exactly this multiplexed call: its author knew. */
	if (result == 0 || result == -EEXIST)
		return 0;
	return diag_fail(application->diag, result, "%s: %s", multiplexed->through,
	                 callgate_diagnosis(application->ctx));
}

static int apply_one(struct application *application, const struct callgate_arch *arch, const char *name,
                     const struct answers *answers)
{
	struct multiplexed multiplexed;

	assert(answers->restricted && !answers->whole);
	if (!multiplexed_find(arch, name, &multiplexed))
		return 0;
	struct answers through = find_answers(application, multiplexed.through);
	/* What is denied as a whole lets nothing past the conditions. */
	if (through.whole &&
	    callgate_action_strictest(through.whole_action, answers->strictest) == through.whole_action)
		return 0;
	if (through.whole)
		messages_warn(application->messages, answers->restricted->place,
		              "on %s %s can also be reached through %s, which line %u decides as a whole: "
		              "these conditions "
		              "can't hold there",
		              arch->name, name, multiplexed.through, through.whole->place.line);
	else if (application->options[CALLGATE_PROFILE_OPEN_SOCKETCALL])
		messages_warn(application->messages, answers->restricted->place,
		              "on %s %s can also be reached through %s, where any arguments pass", arch->name, name,
		              multiplexed.through);
	else
		return deny(application, arch, &multiplexed, answers);
	return 0;
}

int multiplexed_restrict(struct application *application)
{
	const struct model *model = application->model;
	const char *name;

	for (size_t i = 0; (name = callgate_syscall_name_at(i)); i++) {
		struct answers answers = {0};
		int result = 0;
		if (!multiplexed_anywhere(model, name))
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
