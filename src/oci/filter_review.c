/* What only the finished filter shows: comparisons that calls evade, calls with the same effect, what a C library needs. */
#include "oci/application.h"

#include <assert.h>
#include <inttypes.h>

#include <callgate/action.h>
#include <callgate/info.h>
#include <callgate/simulate.h>
#include <callgate/syscall.h>

/* So many comparisons are looked at: more are generated, and nobody reads about them. */
enum { COMPARISONS_MAX = 20000 };

static uint32_t ask(const struct application *application, const struct callgate_call *call)
{
	struct callgate_verdict verdict = {.action = SCMP_ACT_KILL_PROCESS};

	/* The filter is there, as review_filter() has seen: only memory can be lacking. */
	if (callgate_simulate(application->ctx, call, &verdict) < 0)
		application->messages->out_of_memory = true;
	return verdict.action;
}

static bool lets_pass(uint32_t action)
{
	return action == SCMP_ACT_ALLOW || action == SCMP_ACT_LOG;
}

/* ---- comparisons of more bits than the kernel reads ---- */

/* One condition of an entry, for one of its names on one architecture. */
struct comparison {
	const struct application *application;
	const struct callgate_arch *arch;
	const struct named *named;
	const struct entry *entry;
	const struct condition *condition;
	uint64_t read; /* the bits of the argument that the kernel reads */
	int nr;
};

/* An argument for which the condition holds, if there is any. */
static uint64_t argument_for(const struct scmp_arg_cmp *compare)
{
	if (compare->op == SCMP_CMP_NE || compare->op == SCMP_CMP_GT)
		return compare->datum_a + 1;
	if (compare->op == SCMP_CMP_LT)
		return compare->datum_a - 1;
	return compare->op == SCMP_CMP_MASKED_EQ ? compare->datum_a & compare->datum_b : compare->datum_a;
}

/* Two arguments that are one to the kernel, and not to the filter. */
struct evasion {
	uint64_t evading, meant;
	uint32_t action_evading, action_meant; /* the first lets more pass */
};

static bool is_laxer(uint32_t action, uint32_t than)
{
	return action != than && callgate_action_strictest(action, than) == than;
}

/*
 * An entry that denies is evaded wherever one of the two passes; one that allows, where the upper bits make something pass that does not
 * pass without them, unless it names the very value.
 */
static bool is_evasion(const struct comparison *comparison, struct evasion *evasion)
{
	const struct application *application = comparison->application;
	enum scmp_compare op = comparison->condition->compare.op;
	bool denies =
	    is_laxer(application_default(application), application_action(application, comparison->entry));

	if (is_laxer(evasion->action_evading, evasion->action_meant))
		return denies || (op != SCMP_CMP_EQ && op != SCMP_CMP_MASKED_EQ);
	if (!denies || !is_laxer(evasion->action_meant, evasion->action_evading))
		return false;
	*evasion = (struct evasion){evasion->meant, evasion->evading, evasion->action_meant,
	                            evasion->action_evading};
	return true;
}

/* Tries the values next to the one that is compared with, and some upper bits. The call gets the entry's other arguments. */
static bool find_evasion(const struct comparison *comparison, struct callgate_call *call,
                         struct evasion *ret_evasion)
{
	const struct scmp_arg_cmp *compare = &comparison->condition->compare;
	uint64_t read = comparison->read, value = compare->datum_a;
	static const int steps[] = {0, 1, -1};

	if (compare->op == SCMP_CMP_MASKED_EQ)
		value &= compare->datum_b;
	const uint64_t uppers[] = {read + 1, ~read, value & ~read};
	for (size_t i = 0; i < comparison->entry->condition_count; i++) {
		const struct scmp_arg_cmp *other = &comparison->entry->conditions[i].compare;
		call->args[other->arg] = argument_for(other);
	}
	for (size_t i = 0; i < 9; i++) {
		struct evasion evasion = {.meant = (value + (uint64_t)steps[i / 3]) & read};
		evasion.evading = evasion.meant | uppers[i % 3];
		call->args[compare->arg] = evasion.meant;
		evasion.action_meant = ask(comparison->application, call);
		call->args[compare->arg] = evasion.evading;
		evasion.action_evading = ask(comparison->application, call);
		*ret_evasion = evasion;
		if (is_evasion(comparison, ret_evasion))
			return true;
	}
	return false;
}

/* "socket(0x26)", with the arguments that are compared. */
static void write_call(struct strbuf *out, const struct comparison *comparison, const uint64_t *args)
{
	unsigned int compared = 0;

	for (size_t i = 0; i < comparison->entry->condition_count; i++)
		compared |= 1u << comparison->entry->conditions[i].compare.arg;
	strbuf_printf(out, "%s(", comparison->named->name);
	for (unsigned int i = 0; compared >> i; i++) {
		strbuf_append(out, i ? ", " : "");
		if (compared >> i & 1)
			strbuf_printf(out, "0x%" PRIx64, args[i]);
		else
			strbuf_append(out, "*");
	}
	strbuf_append(out, ")");
}

static void report_evasion(const struct comparison *comparison, struct callgate_call *call,
                           const struct evasion *evasion)
{
	struct messages *messages = comparison->application->messages;
	unsigned int arg = comparison->condition->compare.arg;
	char action_evading[CALLGATE_ACTION_TEXT], action_meant[CALLGATE_ACTION_TEXT];
	struct strbuf evading = {0}, meant = {0};

	call->args[arg] = evasion->evading;
	write_call(&evading, comparison, call->args);
	call->args[arg] = evasion->meant;
	write_call(&meant, comparison, call->args);
	callgate_action_text(evasion->action_evading, action_evading);
	callgate_action_text(evasion->action_meant, action_meant);
	if (evading.failed || meant.failed)
		messages->out_of_memory = true;
	else
		messages_warn(
		    messages, comparison->condition->place,
		    "the kernel reads only %d bits of argument %u: on %s %s gets %s, and does what %s does, "
		    "which gets %s",
		    __builtin_popcountll(comparison->read), arg, comparison->arch->name, evading.text,
		    action_evading, meant.text, action_meant);
	strbuf_finish(&evading);
	strbuf_finish(&meant);
}

/* A negative int comes in a register with its upper half empty or full, as the compiler of the caller likes. */
static bool is_half_negative(const struct comparison *comparison)
{
	const struct scmp_arg_cmp *compare = &comparison->condition->compare;
	uint64_t upper = compare->datum_a >> 32;

	return comparison->read == UINT32_MAX && (compare->op == SCMP_CMP_EQ || compare->op == SCMP_CMP_NE) &&
	       (compare->datum_a & 0x80000000u) && (upper == 0 || upper == UINT32_MAX);
}

/* Does the condition look at bits that the kernel does not read? */
static bool is_too_wide(const struct comparison *comparison)
{
	const struct scmp_arg_cmp *compare = &comparison->condition->compare;
	uint64_t compared = compare->op == SCMP_CMP_MASKED_EQ ? compare->datum_a : UINT64_MAX;

	return comparison->read && comparison->arch->register_bits == 64 && comparison->nr >= 0 &&
	       (compared & ~comparison->read);
}

/* True once something is reported: one message for a condition is enough. */
static bool review_comparison(const struct comparison *comparison)
{
	const struct scmp_arg_cmp *compare = &comparison->condition->compare;
	struct callgate_call call = {.arch = comparison->arch->token, .nr = comparison->nr};
	struct evasion evasion;

	if (!is_too_wide(comparison))
		return false;
	if (find_evasion(comparison, &call, &evasion)) {
		report_evasion(comparison, &call, &evasion);
		return true;
	}
	if (!is_half_negative(comparison))
		return false;
	messages_note(comparison->application->messages, comparison->condition->place,
	              "argument %u of %s is an int: programs give %d as 0x%" PRIx32
	              " or as 0xffffffff%" PRIx32 ", and this is about one of them; SCMP_CMP_MASKED_EQ with "
	              "4294967295 compares what the kernel reads",
	              compare->arg, comparison->named->name, (int32_t)(uint32_t)compare->datum_a,
	              (uint32_t)compare->datum_a, (uint32_t)compare->datum_a);
	return true;
}

static void review_condition(const struct application *application, const struct entry *entry,
                             const struct condition *condition, size_t *left)
{
	const struct model *model = application->model;
	bool is_reported = false;

	for (size_t i = 0; i < entry->name_count && !is_reported; i++)
		for (size_t j = 0; j < model->arch_count && !is_reported && *left > 0; j++, (*left)--) {
			const struct callgate_arch *arch = model->archs[j];
			const char *name = entry->names[i].name;
			unsigned int bits = callgate_argument_bits(arch->token, name, condition->compare.arg);
			struct comparison comparison = {application,
			                                arch,
			                                &entry->names[i],
			                                entry,
			                                condition,
			                                bits > 0 && bits < 64 ? (UINT64_C(1) << bits) - 1 : 0,
			                                callgate_syscall_number(arch->token, name)};
			is_reported = review_comparison(&comparison);
		}
}

/* ---- calls with the same effect ---- */

static void write_siblings(struct strbuf *out, const struct application *application, uint32_t arch,
                           const char *name)
{
	const char *sibling;

	for (size_t i = 0; (sibling = callgate_sibling_at(name, i)); i++) {
		struct callgate_call call = {.arch = arch, .nr = callgate_syscall_number(arch, sibling)};
		if (call.nr >= 0 && lets_pass(ask(application, &call)))
			strbuf_printf(out, "%s%s", out->length ? " and " : "", sibling);
	}
}

/* An entry denies a call, whatever its arguments are: do others do the same? On the first architecture that has both. */
static void review_siblings(const struct application *application, const struct named *named)
{
	const struct model *model = application->model;
	struct strbuf siblings = {0};

	for (size_t i = 0; i < model->arch_count && !siblings.length; i++) {
		uint32_t arch = model->archs[i]->token;
		struct callgate_call call = {.arch = arch, .nr = callgate_syscall_number(arch, named->name)};
		if (call.nr >= 0 && !lets_pass(ask(application, &call)))
			write_siblings(&siblings, application, arch, named->name);
	}
	if (siblings.failed)
		application->messages->out_of_memory = true;
	else if (siblings.length)
		messages_note(application->messages, named->place,
		              "%s is denied, but not %s: they can do the same", named->name, siblings.text);
	strbuf_finish(&siblings);
}

/* ---- what a C library needs to start a program ---- */

enum { WAYS_MAX = 3 };

/* Of each row one call is needed, where the architecture has any. Measured with glibc 2.36: a program does not start without. */
static const char *const needed[][WAYS_MAX] = {
    {"execve", "execveat"},
    {"mmap", "mmap2"},
    {"mprotect"},
    {"openat"},
    {"read"},
    {"pread64"},
    {"close"},
    {"newfstatat", "fstatat64", "statx"},
    {"exit_group", "exit"},
    {"arch_prctl", "set_thread_area", "set_tls"},
};

/* Conditions may let a call pass, with other arguments. */
static bool may_pass(const struct application *application, uint32_t arch, const char *name)
{
	const struct references *references = application->references;
	struct callgate_call call = {.arch = arch, .nr = callgate_syscall_number(arch, name)};
	size_t first = references_find(references, name), count = references_same(references, first);

	for (size_t i = first; i < first + count; i++)
		if (references->list[i].entry->condition_count)
			return true;
	return lets_pass(ask(application, &call));
}

static void review_start(const struct application *application)
{
	uint32_t arch = application->model->archs[0]->token;
	struct strbuf missing = {0};

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		const char *first = NULL;
		bool passes = false;
		for (size_t j = 0; j < WAYS_MAX && needed[i][j]; j++) {
			if (callgate_syscall_number(arch, needed[i][j]) < 0)
				continue;
			first = first ? first : needed[i][j];
			passes = passes || may_pass(application, arch, needed[i][j]);
		}
		if (first && !passes)
			strbuf_printf(&missing, "%s%s", missing.length ? ", " : "", first);
	}
	if (missing.failed)
		application->messages->out_of_memory = true;
	else if (missing.length)
		messages_note(
		    application->messages, (struct place){1, 1},
		    "a program with a C library of today does not start under this profile, which lacks: %s",
		    missing.text);
	strbuf_finish(&missing);
}

int review_filter(const struct application *application)
{
	const struct model *model = application->model;
	const struct callgate_call any = {.arch = model->archs[0]->token};
	struct callgate_verdict verdict;
	size_t left = COMPARISONS_MAX;
	int result = callgate_simulate(application->ctx, &any, &verdict);

	assert(application->ctx && application->messages);
	if (result < 0)
		return result;
	review_start(application);
	for (size_t i = 0; i < model->entry_count; i++) {
		const struct entry *entry = &model->entries[i];
		if (!entry_has_effect(model, entry, application->options[CALLGATE_PROFILE_DEFAULT_ERRNO]))
			continue;
		for (size_t j = 0; j < entry->condition_count; j++)
			review_condition(application, entry, &entry->conditions[j], &left);
		for (size_t j = 0; j < entry->name_count && !entry->condition_count; j++)
			review_siblings(application, &entry->names[j]);
	}
	return 0;
}
