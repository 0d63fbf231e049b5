/* One test: calls, or all calls of a kind, get an action; and what each kind of test is run by. */
#include "testing/run_result.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <callgate/diagnosis.h>
#include <callgate/syscall.h>

#include "testing/limit.h"

/* ---- calls ---- */

enum { COMBINATIONS_MAX = 1 << 16 };

static int check_cases(struct run *run, uint32_t arch, int32_t nr, const struct cases *cases, uint32_t action)
{
	struct cases_walk walk = {cases, arch};

	if (cases_combinations(cases) > COMBINATIONS_MAX)
		return run_error(run, "too many arguments with != at once");
	while (cases_next(&walk)) {
		struct callgate_answer answer;
		int result =
		    callgate_ask(run->filter, arch, nr, walk.count, walk.comparisons, action, &answer);
		if (result == -ENOMEM)
			return result;
		if (result < 0 || !answer.proved)
			return run_error(run, "not decided: %s", callgate_diagnosis(NULL));
		if (!answer.holds)
			return run_fail(run, &answer.witness, run_action_text(arch, action), NULL);
		result = run_cover(run, arch, (uint32_t)nr, (uint32_t)nr, walk.count, walk.comparisons);
		if (result < 0)
			return result;
	}
	return 0;
}

static int check_call(struct run *run, uint32_t arch, int32_t nr, const struct file_argument *arguments)
{
	struct cases cases[FILE_ARGUMENTS];
	uint32_t action = 0;
	int result = run_action(run, arch, &action);

	for (unsigned i = 0; result == 0 && !run->result->status && i < FILE_ARGUMENTS; i++) {
		static const struct file_argument any = {.op = FILE_ANY};
		const char *wrong = cases_of_argument(arguments ? &arguments[i] : &any, i, arch, &cases[i]);
		if (wrong)
			result = run_error(run, "argument %u: %s", i, wrong);
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
		return run_error(run, "%s has no call of the set @%s", words_arch_name(run->archs[0]),
		                 calls->group->name);
	return run_error(run,
	                 run->arch_count == 1 ? "%s does not have the call %s"
	                                      : "none of the architectures, such as %s, has the call %s",
	                 words_arch_name(run->archs[0]), calls->name);
}

static int run_calls(struct run *run)
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

/* ---- any test ---- */

static int run_no_weaker(struct run *run)
{
	struct limit_finding finding;
	int result = limit_compare(run->filter, run->other, &finding);

	if (result == 1) {
		char *denied = run_action_text(words_arch_of_call(&finding.witness), finding.limit),
		     *expected = NULL;
		if (!denied || asprintf(&expected, "%s as in %s", denied, run->line->other) < 0)
			expected = NULL;
		free(denied);
		return run_fail(run, &finding.witness, expected, NULL);
	}
	if (result < 0 && result != -ENOMEM)
		return run_error(run, "not decided: %s", callgate_diagnosis(NULL));
	return result;
}

static bool is_there(const struct callgate_filter *side)
{
	return side->ctx || (side->programs && side->program_count);
}

static void choose_archs(struct run *run, const struct callgate_test_filter *filter)
{
	run->archs = run->own_archs;
	if (run->line->archs.count) {
		run->archs = run->line->archs.tokens;
		run->arch_count = run->line->archs.count;
	} else if (filter->arch_count) {
		run->archs = filter->archs;
		run->arch_count = filter->arch_count;
	} else if (run->filter->ctx) {
		run->arch_count = file_list_archs(run->filter->ctx, run->own_archs);
	} else {
		run->own_archs[run->arch_count++] = seccomp_arch_native();
	}
}

int callgate_test_run(const struct callgate_test_file *file, size_t test,
                      const struct callgate_filter *filters, struct callgate_simulator *simulator,
                      struct callgate_test_result *ret_result)
{
	static int (*const kinds[])(struct run *) = {
	    [CALLGATE_TEST_CALLS] = run_calls,        [CALLGATE_TEST_ONLY] = run_only,
	    [CALLGATE_TEST_OTHER_CALLS] = run_others, [CALLGATE_TEST_UNKNOWN_CALLS] = run_others,
	    [CALLGATE_TEST_OTHER_ARCHS] = run_others, [CALLGATE_TEST_NO_WEAKER] = run_no_weaker,
	    [CALLGATE_TEST_LIVE] = run_live,
	};
	struct callgate_test_result result = {0};

	if (!file || test >= file->tests.count || !filters || !ret_result)
		return -EINVAL;
	const struct callgate_test *public = &file->tests.items[test].public;
	struct run run = {
	    .line = file->tests.items[test].line,
	    .part = file->tests.items[test].part,
	    .filter = &filters[public->filter],
	    .simulator = simulator,
	    .result = &result,
	};
	if (public->kind == CALLGATE_TEST_NO_WEAKER)
		run.other = &filters[public->other];
	if (!is_there(run.filter) || (run.other && !is_there(run.other)))
		return -EINVAL;
	choose_archs(&run, &file->filters.items[public->filter]);
	if (!run.arch_count)
		return -EINVAL;
	assert(public->kind < sizeof(kinds) / sizeof(kinds[0]) && kinds[public->kind]);
	int status = kinds[public->kind](&run);
	if (status < 0)
		callgate_test_result_finish(&result);
	else
		*ret_result = result;
	return status;
}
