/*
 * Which calls an addition is about, what is to be added for a denied call, and the proof of an addition
 * (cli/addition.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/arch.h>
#include <callgate/decode.h>
#include <callgate/diagnosis.h>
#include <callgate/info.h>
#include <callgate/rule.h>
#include <callgate/syscall.h>
#include <callgate/test_file.h>
#include <callgate/testing.h>

#include "base/strbuf.h"
#include "cli/addition.h"
#include "cli/learned.h"

/* ---- calls ---- */

/* Profiles compare a low half with a mask, and for equality alone. */
static bool make_whole(struct scmp_arg_cmp *condition)
{
	if (!(condition->arg & CALLGATE_LOW_HALF))
		return true;
	condition->arg &= ~CALLGATE_LOW_HALF;
	if (condition->op == SCMP_CMP_EQ) {
		condition->op = SCMP_CMP_MASKED_EQ;
		condition->datum_b = (uint32_t)condition->datum_a;
		condition->datum_a = UINT32_MAX;
	}
	condition->datum_a &= UINT32_MAX;
	return condition->op == SCMP_CMP_MASKED_EQ;
}

/* Where arguments have 32 bits, nothing need say that the others are zeros. */
static bool says_nothing(const struct callgate_arch *arch, const struct scmp_arg_cmp *condition)
{
	return arch->word_bits == 32 && condition->op == SCMP_CMP_MASKED_EQ && (condition->datum_a & UINT32_MAX) == 0 &&
	       condition->datum_b == 0;
}

static bool add_kind(struct added_calls *calls, const struct callgate_arch *arch, const struct callgate_call_kind *kind)
{
	struct added_call call = {.arch = arch->token, .nr = kind->nr};

	for (size_t i = 0; i < kind->comparison_count; i++) {
		struct scmp_arg_cmp condition = kind->comparisons[i];
		if (says_nothing(arch, &condition))
			continue;
		if (call.count == ADDED_CONDITIONS || !make_whole(&condition)) {
			cli_error("profiles have no such conditions");
			return false;
		}
		call.conditions[call.count++] = condition;
	}
	if (vec_push(&calls->calls, call))
		return true;
	cli_error("out of memory");
	return false;
}

bool added_calls_parse(struct added_calls *calls, const struct filter *filter, const char *text)
{
	const struct callgate_arch *arch;
	bool found = false, done = true;

	for (size_t i = 0; done && (arch = callgate_arch_at(i)); i++) {
		struct callgate_call_kinds *kinds;
		if (seccomp_arch_exist(filter->ctx, arch->token) < 0 ||
		    callgate_call_kinds_parse(text, arch->token, &kinds) < 0)
			continue;
		found = true;
		for (size_t j = 0; done && j < kinds->count; j++)
			done = add_kind(calls, arch, &kinds->kinds[j]);
		callgate_call_kinds_free(kinds);
	}
	if (!found)
		cli_error("\"%s\": %s", text, callgate_failure());
	return found && done;
}

/* ---- what to add ---- */

/* Bits of the arguments that decide. */
static unsigned deciding_arguments(const struct callgate_simulator *simulator, const struct callgate_arch *arch,
                                   const struct callgate_call *call, const char *name)
{
	unsigned arguments = learned_subjects(name);
	struct callgate_rule rule;

	for (size_t i = 0; callgate_simulator_rule(simulator, i, &rule) == 0; i++)
		for (size_t j = 0; rule.arch == arch->token && rule.nr == call->nr && j < rule.condition_count; j++)
			arguments |= 1U << (rule.conditions[j].arg & ~CALLGATE_LOW_HALF);
	return arguments;
}

/*
 * A negative value is a number as it stands in the register: its name would mean two. What the kernel does not read may
 * be anything.
 */
static void put_value(struct strbuf *text, const struct callgate_arch *arch, const char *name, unsigned argument,
                      uint64_t value)
{
	const unsigned bits = callgate_argument_bits(arch->token, name, argument);
	const uint64_t read = bits < 64 ? value & ((UINT64_C(1) << bits) - 1) : value;
	char words[200];

	if (read != value && bits == 32)
		strbuf_append(text, "(u32)");
	else if (read != value) {
		strbuf_printf(text, "* & 0x%llx == 0x%llx", (1ULL << bits) - 1, (unsigned long long)read);
		return;
	}
	const size_t length = callgate_decode_argument(arch->token, name, argument, value, words, sizeof(words));
	if (length < sizeof(words) && words[0] != '-' && strncmp(words, "AT_FDCWD", 8) != 0)
		strbuf_append(text, words);
	else
		strbuf_printf(text, "0x%llx", (unsigned long long)read);
}

char *addition_of(const struct callgate_simulator *simulator, const struct callgate_call *call)
{
	const struct callgate_arch *arch = callgate_arch_of_call(call->arch, call->nr);
	const char *name = call_name(call);
	struct strbuf text = {0};

	if (!name)
		return NULL;
	unsigned arguments = deciding_arguments(simulator, arch, call, name);
	strbuf_append(&text, name);
	for (unsigned i = 0; arguments >> i; i++) {
		strbuf_append(&text, i == 0 ? "(" : ", ");
		if (arguments >> i & 1)
			put_value(&text, arch, name, i, call->args[i]);
		else
			strbuf_append(&text, "*");
	}
	strbuf_append(&text, arguments ? ")" : "");
	return strbuf_steal(&text);
}

/* ---- the proof ---- */

const char *added_call_name(const struct added_call *call)
{
	return callgate_syscall_name(call->arch, call->nr);
}

/*
 * The call of a 32-bit architecture that stands for many, with the number of this one, if there is such: an entry for
 * "socket" is about both.
 */
static int add_multiplexed(scmp_filter_ctx ctx, const struct callgate_arch *arch, const char *name)
{
	const int pseudo = name && arch->multiplexed ? seccomp_syscall_resolve_name_arch(arch->token, name) : 0;
	const bool is_socket = pseudo <= -101 && pseudo >= -120, is_ipc = pseudo <= -201 && pseudo >= -224;

	if (!is_socket && !is_ipc)
		return 0;
	const struct scmp_arg_cmp number = {0, SCMP_CMP_MASKED_EQ, is_socket ? UINT32_MAX : UINT16_MAX,
	                                    (unsigned)(-pseudo - (is_socket ? 100 : 200))};
	return callgate_rule_add(ctx, arch->token, SCMP_ACT_KILL_PROCESS,
	                         is_socket ? arch->socketcall_nr : arch->ipc_nr, 1, &number);
}

/* All rules of the mask have one action, so that none contradicts another. */
static int add_masked(scmp_filter_ctx ctx, const struct added_call *call)
{
	const struct callgate_arch *arch;
	int result = callgate_rule_add(ctx, call->arch, SCMP_ACT_KILL_PROCESS, call->nr, call->count, call->conditions);

	for (size_t i = 0; result == 0 && call->count == 0 && (arch = callgate_arch_at(i)); i++)
		if (seccomp_arch_exist(ctx, arch->token) == 0)
			result = add_multiplexed(ctx, arch, added_call_name(call));
	return result;
}

/* A filter for the architectures of this one, that kills for these calls and allows all others. */
static int new_mask(const scmp_filter_ctx filter, const struct added_calls *calls, scmp_filter_ctx *ret_ctx)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	const struct callgate_arch *arch;
	int result = ctx ? seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW) : -ENOMEM;

	if (result == 0)
		result = seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE); /* which may be of another byte order */
	for (size_t i = 0; result == 0 && (arch = callgate_arch_at(i)); i++)
		if (seccomp_arch_exist(filter, arch->token) == 0)
			result = seccomp_arch_add(ctx, arch->token);
	for (size_t i = 0; result == 0 && i < calls->calls.count; i++)
		result = add_masked(ctx, &calls->calls.items[i]);
	if (result < 0) {
		seccomp_release(ctx);
		return result;
	}
	*ret_ctx = ctx;
	return 0;
}

/* The programs of a filter and the mask's: of the masked calls nothing is left. */
struct masked {
	struct callgate_simulator *simulator, *mask;
	VEC(const struct callgate_program *) programs;
};

static int mask_filter(struct masked *masked, const scmp_filter_ctx ctx, const scmp_filter_ctx mask)
{
	const struct callgate_program *program;
	int result = callgate_simulator_new(ctx, &masked->simulator);

	if (result == 0)
		result = callgate_simulator_new(mask, &masked->mask);
	for (int which = 0; result == 0 && which < 2; which++) {
		struct callgate_simulator *simulator = which == 0 ? masked->simulator : masked->mask;
		for (size_t i = 0; result == 0 && (program = callgate_simulator_program(simulator, i)); i++)
			result = vec_push(&masked->programs, program) ? 0 : -ENOMEM;
	}
	return result;
}

static void masked_finish(struct masked *masked)
{
	vec_finish(&masked->programs);
	callgate_simulator_free(masked->simulator);
	callgate_simulator_free(masked->mask);
}

/* Without these calls both filters are the same, but for errors of calls that both deny. */
static bool prove_rest(const struct filter *old, const struct filter *new, const struct added_calls *calls)
{
	struct masked first = {0}, second = {0};
	struct callgate_comparison *comparison = NULL;
	scmp_filter_ctx mask = NULL;
	int result = new_mask(new->ctx, calls, &mask);
	bool holds = false;

	if (result == 0)
		result = mask_filter(&first, old->ctx, mask);
	if (result == 0)
		result = mask_filter(&second, new->ctx, mask);
	const struct callgate_filter sides[] = {
	    {.programs = first.programs.items, .program_count = first.programs.count},
	    {.programs = second.programs.items, .program_count = second.programs.count}};
	if (result == 0)
		result = callgate_compare(&sides[0], &sides[1], 1, &comparison);
	if (result == 0) {
		holds = comparison->relation == CALLGATE_RELATION_EQUAL ||
		        comparison->relation == CALLGATE_RELATION_SAME_ALLOWED;
		if (comparison->relation == CALLGATE_RELATION_SAME_ALLOWED && comparison->count > 0)
			cli_error("%s: a call that stays denied gets another error: %s", old->path,
			          comparison->differences[0].text);
		else if (!holds && comparison->count > 0)
			cli_error("%s: more than that would change: %s", old->path, comparison->differences[0].text);
		else if (!holds)
			cli_error("%s: it is not proved that nothing else would change: %s", old->path,
			          callgate_diagnosis(NULL));
	} else
		cli_error("%s: %s", old->path, result == -ENOMEM ? "out of memory" : callgate_diagnosis(NULL));
	callgate_comparison_free(comparison);
	masked_finish(&first);
	masked_finish(&second);
	seccomp_release(mask);
	return holds;
}

int added_call_denied(const struct filter *filter, const struct added_call *call, struct callgate_call *ret_example)
{
	const struct callgate_filter side = filter_side(filter);
	struct callgate_cases *cases;
	struct callgate_answer answer;
	int result = callgate_ask(&side, call->arch, call->nr, call->count, call->conditions, SCMP_ACT_ALLOW, &answer);

	if (result == 0 && answer.proved && !answer.ever_denied)
		return 0;
	if (result == 0)
		result = callgate_cases_find(&side, call->arch, call->nr, call->count, call->conditions, 1000, &cases);
	if (result == -ENOMEM)
		cli_lacks_memory();
	if (result < 0)
		return result;
	result = -EDQUOT;
	for (size_t i = 0; result < 0 && i < cases->count; i++)
		if (cases->cases[i].action != SCMP_ACT_ALLOW && cases->cases[i].action != SCMP_ACT_LOG) {
			*ret_example = cases->cases[i].example;
			result = 1;
		}
	callgate_cases_free(cases);
	return result;
}

bool addition_prove(const struct filter *old, const struct filter *new, const struct added_calls *calls)
{
	struct callgate_call example;
	int result = 0;

	for (size_t i = 0; result == 0 && i < calls->calls.count; i++)
		result = added_call_denied(new, &calls->calls.items[i], &example);
	if (result != 0)
		cli_error("%s: it is not proved that the calls would be allowed", old->path);
	return result == 0 && prove_rest(old, new, calls);
}
