#include "testing/run_test.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/diagnosis.h>
#include <callgate/syscall.h>

#include "testing/limit.h"

/* ---- ends ---- */

void callgate_test_result_finish(struct callgate_test_result *result)
{
	if (!result)
		return;
	free(result->text);
	free(result->expected);
	free(result->actual);
	free(result->call);
	*result = (struct callgate_test_result){0};
}

int run_error(struct run *run, const char *format, ...)
{
	va_list list;

	run->result->status = CALLGATE_TEST_ERROR;
	va_start(list, format);
	int len = vasprintf(&run->result->text, format, list);
	va_end(list);
	if (len >= 0)
		return 0;
	run->result->text = NULL;
	return -ENOMEM;
}

char *run_action_text(uint32_t arch, uint32_t action)
{
	char text[CALLGATE_ACTION_TEXT], *named;
	uint32_t data = action & 0xffff;
	const char *error = callgate_errno_name(arch, data);

	callgate_action_text(action, text);
	if ((action & 0xffff0000u) != SCMP_ACT_ERRNO(0) || !data)
		return strdup(text);
	int len = error ? asprintf(&named, "ERRNO(%s)", error) : asprintf(&named, "ERRNO(%u)", data);
	return len < 0 ? NULL : named;
}

struct callgate_simulator *run_simulator(struct run *run, struct callgate_simulator **ret_own)
{
	const struct callgate_side *side = run->filter;
	struct callgate_simulator *simulator = NULL;

	*ret_own = NULL;
	if (run->simulator)
		return run->simulator;
	if (side->ctx)
		callgate_simulator_new(side->ctx, &simulator);
	else if (side->program_count == 1)
		callgate_simulator_new_program(side->programs[0], &simulator);
	*ret_own = simulator;
	return simulator;
}

int run_fail(struct run *run, const struct callgate_call *witness, char *expected, char *ending)
{
	struct callgate_test_result *result = run->result;
	struct callgate_simulator *own, *simulator = run_simulator(run, &own);
	struct callgate_verdict verdict = {0};
	struct strbuf call = {0};
	char *story = simulator ? callgate_explain(simulator, witness) : NULL;

	words_print_call(witness, &call);
	*result = (struct callgate_test_result){CALLGATE_TEST_FAILED, .expected = expected, .actual = ending,
	                                        .has_witness = true, .witness = *witness};
	result->call = strbuf_steal(&call);
	if (simulator && callgate_simulator_run(simulator, witness, &verdict) == 0) {
		result->rule = verdict.rule;
		if (!ending)
			result->actual = run_action_text(words_arch_of_call(witness), verdict.action);
	}
	if (!result->call || !expected || (simulator && (!story || !result->actual)) ||
	    asprintf(&result->text, "expected %s, but %s%s%s", expected, ending ? ending : "",
	             ending ? "; the filter's answer to " : "", story ? story : result->call) < 0)
		result->text = NULL;
	free(story);
	callgate_simulator_free(own);
	return result->text ? 0 : -ENOMEM;
}

/* ---- what the lines say ---- */

int run_action(struct run *run, uint32_t arch, uint32_t *ret_action)
{
	const struct file_expectation *expectation = &run->line->expectation;
	uint64_t most = expectation->result == FILE_NUMBER ? UINT32_MAX : 0xffff;
	const char *missing = "";
	struct value value;

	if (cases_evaluate(&expectation->value, arch, &value, &missing) < 0)
		return run_error(run, "%s does not have the constant %s", words_arch_name(arch), missing);
	if (value.bits > most)
		return run_error(run, "%llu is too large for an action%s", (unsigned long long)value.bits,
		                 expectation->result == FILE_NUMBER ? "" : "'s data");
	*ret_action = expectation->action | (uint32_t)value.bits;
	return 0;
}

int32_t run_number_of(const struct file_calls *calls, uint32_t arch)
{
	return calls->name ? callgate_syscall_number(arch, calls->name) : calls->number;
}

int run_cover(struct run *run, uint32_t arch, uint32_t nr_first, uint32_t nr_last, size_t count,
              const struct scmp_arg_cmp *comparisons)
{
	int result = run->simulator ? callgate_simulator_cover(run->simulator, arch, nr_first, nr_last, count,
	                                                       comparisons)
	                            : 0;

	return result == -EDQUOT || result == -EOPNOTSUPP ? 0 : result;
}

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

static bool is_there(const struct callgate_side *side)
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

int callgate_test_run(const struct callgate_test_file *file, size_t test, const struct callgate_side *filters,
                      struct callgate_simulator *simulator, struct callgate_test_result *ret_result)
{
	static int (*const kinds[])(struct run *) = {
	    [CALLGATE_TEST_CALLS] = run_calls,        [CALLGATE_TEST_ONLY] = run_only,
	    [CALLGATE_TEST_OTHER_CALLS] = run_others, [CALLGATE_TEST_NEWER_CALLS] = run_others,
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
	int status = kinds[public->kind](&run);
	if (status < 0)
		callgate_test_result_finish(&result);
	else
		*ret_result = result;
	return status;
}
