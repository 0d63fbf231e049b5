/* The assertions that load nothing. */
#include "testing/cases.h"
#include "testing/compare.h"
#include "testing/failure.h"
#include "testing/names.h"
#include "testing/words.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/prove.h>
#include <callgate/rule.h>
#include <callgate/simulate.h>
#include <callgate/syscall.h>
#include <callgate/testing.h>

enum { ARGUMENTS = 6 };

/* A failed question: what the call gets, and why. */
static bool fail_call(const scmp_filter_ctx ctx, const struct callgate_call *call, const char *expected)
{
	struct callgate_simulator *simulator = NULL;
	char *text = callgate_simulator_new(ctx, &simulator) == 0 ? callgate_explain(simulator, call) : NULL;

	failure_set("expected %s, but %s", expected, text ? text : "not so (out of memory for the reason)");
	free(text);
	callgate_simulator_free(simulator);
	return false;
}

/* One way of passing the negative ints: bit i of `zeros` extends argument i with zeros. */
static bool ask(const scmp_filter_ctx ctx, uint32_t arch, int nr, uint32_t action,
                const struct callgate_argument *arguments, unsigned zeros)
{
	struct callgate_side side = {.ctx = ctx};
	struct scmp_arg_cmp comparisons[2 * ARGUMENTS];
	struct callgate_answer answer;
	size_t count = 0;

	for (unsigned i = 0; i < ARGUMENTS; i++) {
		bool cut = cases_arch_is_narrow(arch) || (zeros >> i & 1);
		uint64_t value = cut ? (uint32_t)arguments[i].value : arguments[i].value;
		uint64_t mask = arguments[i].mask;
		if (cases_arch_is_narrow(arch))
			mask |= 0xffffffff00000000u; /* zeros */
		if (mask)
			comparisons[count++] =
			    (struct scmp_arg_cmp){i, SCMP_CMP_MASKED_EQ, mask, value & mask};
	}
	if (callgate_ask(&side, arch, nr, count, comparisons, action, &answer) < 0)
		return failure_set("%s", callgate_diagnosis(NULL));
	if (!answer.proved)
		return failure_set("not decided: %s", callgate_diagnosis(NULL));
	if (answer.holds)
		return true;
	char expected[CALLGATE_ACTION_TEXT];
	callgate_action_text(action, expected);
	return fail_call(ctx, &answer.witness, expected);
}

bool callgate_check_call(const scmp_filter_ctx ctx, uint32_t arch, const char *syscall, uint32_t action,
                         unsigned int count, ...)
{
	struct callgate_argument arguments[ARGUMENTS] = {0};
	unsigned negative = 0, zeros = 0;
	va_list list;

	failure_clear();
	va_start(list, count);
	for (unsigned i = 0; i < count && i < ARGUMENTS; i++) {
		arguments[i] = va_arg(list, struct callgate_argument);
		negative |= (unsigned)arguments[i].is_negative_int << i;
	}
	va_end(list);
	int nr;
	if (!ctx)
		return failure_set("the context is NULL");
	if (!names_find_call(arch, syscall, &nr))
		return false;
	do {
		if (!ask(ctx, arch, nr, action, arguments, zeros))
			return false;
		zeros = (zeros - negative) & negative; /* the next subset */
	} while (zeros);
	return true;
}

static int add_name(scmp_filter_ctx limit, uint32_t arch, const char *name)
{
	int nr = callgate_syscall_number(arch, name);

	if (!names_is_call(name))
		return -ENOENT;
	return nr == __NR_SCMP_ERROR ? 0 : callgate_rule_add(limit, arch, SCMP_ACT_ALLOW, nr, 0, NULL);
}

static int add_word(scmp_filter_ctx limit, uint32_t arch, const char *word)
{
	const struct callgate_group *group = callgate_group_find(word);
	int result = 0;

	if (word[0] != '@')
		return add_name(limit, arch, word);
	if (!group)
		return names_fail_group(word), -ENOENT;
	for (size_t i = 0; group->syscalls[i] && result == 0; i++)
		result = add_name(limit, arch, group->syscalls[i]);
	return result;
}

/* A filter that allows the set, and everything on other architectures. */
static int add_set(scmp_filter_ctx limit, uint32_t arch, const char *set)
{
	char *words = strdup(set), *rest = NULL;
	int result = words ? 0 : -ENOMEM;

	for (char *word = words ? strtok_r(words, " \t\n,", &rest) : NULL; word && result == 0;
	     word = strtok_r(NULL, " \t\n,", &rest))
		result = add_word(limit, arch, word);
	free(words);
	return result;
}

static bool check_subset(const scmp_filter_ctx ctx, const scmp_filter_ctx limit, const char *expected)
{
	struct callgate_side first = {.ctx = ctx}, second = {.ctx = limit};
	struct compare_finding finding;
	int result = compare_allowed(&first, &second, &finding);

	if (result == 1)
		return fail_call(ctx, &finding.witness, expected);
	return result == 0 ? true : failure_set("not decided: %s", callgate_diagnosis(NULL));
}

static scmp_filter_ctx new_limit(uint32_t arch)
{
	scmp_filter_ctx limit = seccomp_init(SCMP_ACT_KILL_THREAD);

	if (arch == SCMP_ARCH_NATIVE)
		arch = seccomp_arch_native();
	if (!limit || seccomp_attr_set(limit, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW) < 0 ||
	    (arch != seccomp_arch_native() &&
	     (seccomp_arch_remove(limit, SCMP_ARCH_NATIVE) < 0 || seccomp_arch_add(limit, arch) < 0))) {
		seccomp_release(limit);
		return NULL;
	}
	return limit;
}

bool callgate_check_only(const scmp_filter_ctx ctx, uint32_t arch, const char *set)
{
	failure_clear();
	if (!ctx || !set)
		return failure_set(ctx ? "the set is NULL" : "the context is NULL");
	if (arch != SCMP_ARCH_NATIVE && !words_arch_name(arch))
		return failure_set("there is no architecture 0x%x", arch);
	scmp_filter_ctx limit = new_limit(arch);
	if (!limit)
		return failure_set("out of memory");
	int result = add_set(limit, arch, set);
	bool holds = result == 0 && check_subset(ctx, limit, "nothing but the set to be allowed");
	if (result < 0 && !callgate_failure()[0])
		failure_set("out of memory");
	seccomp_release(limit);
	return holds;
}

bool callgate_check_no_weaker(const scmp_filter_ctx ctx, const scmp_filter_ctx than)
{
	failure_clear();
	if (!ctx || !than)
		return failure_set("a context is NULL");
	return check_subset(ctx, than, "what the other filter denies to be denied");
}
