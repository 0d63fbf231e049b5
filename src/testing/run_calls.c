/* Calls, or all calls of a kind, get an action. */
#include "testing/run.h"

#include <errno.h>

#include <callgate/diagnosis.h>
#include <callgate/syscall.h>

#include "testing/explore.h"

enum { COMBINATIONS_MAX = 1 << 16 };

/* ---- one call and its arguments ---- */

static const struct file_argument any = {.op = FILE_ANY};

/* One combination of the cases, `chosen` of each argument, as comparisons. */
static size_t combine(const struct cases *cases, const size_t *chosen, bool narrow,
                      struct scmp_arg_cmp *comparisons)
{
	size_t count = 0;

	for (unsigned i = 0; i < FILE_ARGUMENTS; i++) {
		const struct case_alternative *item = &cases[i].items[chosen[i]];
		for (unsigned j = 0; j < item->count; j++)
			comparisons[count++] = item->comparisons[j];
		if (narrow)
			comparisons[count++] =
			    (struct scmp_arg_cmp){i, SCMP_CMP_MASKED_EQ, 0xffffffff00000000u, 0};
	}
	return count;
}

/* The next combination; false behind the last. */
static bool advance(const struct cases *cases, size_t *chosen)
{
	for (unsigned i = 0; i < FILE_ARGUMENTS; i++) {
		if (++chosen[i] < cases[i].count)
			return true;
		chosen[i] = 0;
	}
	return false;
}

static int check_cases(struct run *run, uint32_t arch, int32_t nr, const struct cases *cases, uint32_t action)
{
	size_t chosen[FILE_ARGUMENTS] = {0}, combinations = 1;

	for (unsigned i = 0; i < FILE_ARGUMENTS; i++)
		combinations *= cases[i].count;
	if (combinations > COMBINATIONS_MAX)
		return run_trouble(run, "too many arguments with != at once");
	do {
		struct scmp_arg_cmp comparisons[FILE_ARGUMENTS * (CASES_COMPARISONS + 1)];
		struct callgate_answer answer;
		size_t count = combine(cases, chosen, cases_arch_is_narrow(arch), comparisons);
		int result = callgate_ask(run->filter, arch, nr, count, comparisons, action, &answer);
		if (result == -ENOMEM)
			return result;
		if (result < 0 || !answer.proved)
			return run_trouble(run, "not decided: %s", callgate_diagnosis(NULL));
		if (!answer.holds)
			return run_fail(run, &answer.witness, run_action_text(arch, action));
		if (run->simulator)
			result = explore_compared(run->simulator, arch, nr, count, comparisons);
		if (result < 0)
			return result;
	} while (advance(cases, chosen));
	return 0;
}

static int check_call(struct run *run, uint32_t arch, int32_t nr, const struct file_argument *arguments)
{
	struct cases cases[FILE_ARGUMENTS];
	uint32_t action = 0;
	int result = run_action(run, arch, &action);

	for (unsigned i = 0; result == 0 && !run->result->status && i < FILE_ARGUMENTS; i++) {
		const char *wrong = cases_of_argument(arguments ? &arguments[i] : &any, i, arch, &cases[i]);
		if (wrong)
			result = run_trouble(run, "argument %u: %s", i, wrong);
	}
	if (result < 0 || run->result->status)
		return result;
	return check_cases(run, arch, nr, cases, action);
}

/* ---- lists of calls ---- */

static int check_set(struct run *run, uint32_t arch, const struct callgate_group *group)
{
	int result = 0;

	for (size_t i = 0; group->syscalls[i] && result == 0 && !run->result->status; i++) {
		int32_t nr = callgate_syscall_number(arch, group->syscalls[i]);
		if (nr != __NR_SCMP_ERROR)
			result = check_call(run, arch, nr, NULL);
	}
	return result;
}

static bool has_some(const struct callgate_group *group, uint32_t arch)
{
	for (size_t i = 0; group->syscalls[i]; i++)
		if (callgate_syscall_number(arch, group->syscalls[i]) != __NR_SCMP_ERROR)
			return true;
	return false;
}

/* A call that none of the architectures has would never be looked at. */
static int check_is_somewhere(struct run *run, const struct file_calls *calls)
{
	for (size_t i = 0; i < run->arch_count; i++)
		if (calls->group ? has_some(calls->group, run->archs[i])
		                 : run_number_of(calls, run->archs[i]) != __NR_SCMP_ERROR)
			return 0;
	if (calls->group)
		return run_trouble(run, "%s has no call of the set @%s", words_arch_name(run->archs[0]),
		                   calls->group->name);
	return run_trouble(run,
	                   run->arch_count == 1 ? "%s does not have the call %s"
	                                        : "none of the architectures, such as %s, has the call %s",
	                   words_arch_name(run->archs[0]), calls->name);
}

int run_calls(struct run *run)
{
	int result = 0;

	for (size_t i = 0; i < run->line->count && result == 0 && !run->result->status; i++) {
		const struct file_calls *calls = &run->line->calls[i];
		result = check_is_somewhere(run, calls);
		for (size_t j = 0; j < run->arch_count && result == 0 && !run->result->status; j++) {
			uint32_t arch = run->archs[j];
			if (calls->group)
				result = check_set(run, arch, calls->group);
			else if (run_number_of(calls, arch) != __NR_SCMP_ERROR)
				result = check_call(run, arch, run_number_of(calls, arch), calls->arguments);
		}
	}
	return result;
}
