/* The assertions that load nothing. */
#include "testing/cases.h"
#include "testing/limit.h"
#include "testing/words.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/diagnosis.h>
#include <callgate/syscall.h>

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

static bool ask(const scmp_filter_ctx ctx, int nr, uint32_t action, const struct cases_walk *walk)
{
	struct callgate_filter side = {.ctx = ctx};
	char expected[CALLGATE_ACTION_TEXT];
	struct callgate_answer answer;

	if (callgate_ask(&side, walk->arch, nr, walk->count, walk->comparisons, action, &answer) < 0)
		return failure_set("%s", callgate_diagnosis(NULL));
	if (!answer.proved)
		return failure_set("not decided: %s", callgate_diagnosis(NULL));
	if (answer.holds)
		return true;
	callgate_action_text(action, expected);
	return fail_call(ctx, &answer.witness, expected);
}

bool callgate_check_call(const scmp_filter_ctx ctx, uint32_t arch, const char *syscall, uint32_t action,
                         unsigned int count, ...)
{
	struct cases cases[FILE_ARGUMENTS];
	struct cases_walk walk = {cases, arch};
	va_list list;
	int nr;

	failure_clear();
	va_start(list, count);
	for (unsigned i = 0; i < FILE_ARGUMENTS; i++) {
		struct callgate_argument argument = {0};
		if (i < count)
			argument = va_arg(list, struct callgate_argument);
		cases_of_bits(&argument, i, arch, &cases[i]);
	}
	va_end(list);
	if (!ctx)
		return failure_set("the context is NULL");
	if (!words_find_call(arch, syscall, &nr))
		return false;
	while (cases_next(&walk))
		if (!ask(ctx, nr, action, &walk))
			return false;
	return true;
}

/* ---- all calls ---- */

static int allow_name(scmp_filter_ctx limit, uint32_t arch, const char *name)
{
	return words_is_call(name) ? limit_allow(limit, arch, callgate_syscall_number(arch, name)) : -ENOENT;
}

static int allow_word(scmp_filter_ctx limit, uint32_t arch, const char *word)
{
	const struct callgate_group *group = callgate_group_find(word);
	int result = 0;

	if (word[0] != '@')
		return allow_name(limit, arch, word);
	if (!group)
		return failure_set("there is no set \"%s\"%s", word,
		                   words_hint("@", callgate_group_closest_name(word))),
		       -ENOENT;
	for (size_t i = 0; group->syscalls[i] && result == 0; i++)
		result = allow_name(limit, arch, group->syscalls[i]);
	return result;
}

static int allow_set(scmp_filter_ctx limit, uint32_t arch, const char *set)
{
	char *words = strdup(set), *rest = NULL;
	int result = words ? 0 : -ENOMEM;

	for (char *word = words ? strtok_r(words, " \t\n,", &rest) : NULL; word && result == 0;
	     word = strtok_r(NULL, " \t\n,", &rest))
		result = allow_word(limit, arch, word);
	free(words);
	return result;
}

static bool check_limit(const scmp_filter_ctx ctx, const scmp_filter_ctx limit, const char *expected)
{
	struct callgate_filter first = {.ctx = ctx}, second = {.ctx = limit};
	struct limit_finding finding;
	int result = limit_compare(&first, &second, &finding);

	if (result == 1)
		return fail_call(ctx, &finding.witness, expected);
	return result == 0 ? true : failure_set("not decided: %s", callgate_diagnosis(NULL));
}

bool callgate_check_only(const scmp_filter_ctx ctx, uint32_t arch, const char *set)
{
	const struct callgate_arch *facts = callgate_arch_find(arch);
	scmp_filter_ctx limit;

	failure_clear();
	if (!ctx || !set)
		return failure_set(ctx ? "the set is NULL" : "the context is NULL");
	if (!facts)
		return failure_set("there is no architecture 0x%x", arch);
	int result = limit_new(&facts->token, 1, SCMP_ACT_KILL_THREAD, SCMP_ACT_ALLOW, &limit);
	if (result == 0)
		result = allow_set(limit, facts->token, set);
	bool holds = result == 0 && check_limit(ctx, limit, "nothing but the set to be allowed");
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
	return check_limit(ctx, than, "what the other filter denies to be denied");
}
