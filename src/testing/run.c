#include "testing/run.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/syscall.h>

#include "testing/compare.h"
#include "testing/value.h"

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

int run_trouble(struct run *run, const char *format, ...)
{
	va_list list;

	run->result->status = CALLGATE_TEST_TROUBLE;
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

/* x32 calls carry x86_64's value. */
static uint32_t arch_of(const struct callgate_call *call)
{
	return call->arch == SCMP_ARCH_X86_64 && call->nr >= 0x40000000 ? SCMP_ARCH_X32 : call->arch;
}

int run_fail(struct run *run, const struct callgate_call *witness, char *expected)
{
	struct callgate_test_result *result = run->result;
	struct callgate_simulator *own, *simulator = run_simulator(run, &own);
	struct callgate_verdict verdict = {0};
	struct strbuf call = {0};
	char *story = simulator ? callgate_explain(simulator, witness) : NULL;

	words_print_call(witness, &call);
	*result = (struct callgate_test_result){CALLGATE_TEST_FAILED, .expected = expected,
	                                        .has_witness = true, .witness = *witness};
	result->call = strbuf_steal(&call);
	if (simulator && callgate_simulator_run(simulator, witness, &verdict) == 0) {
		result->rule = verdict.rule;
		result->actual = run_action_text(arch_of(witness), verdict.action);
	}
	if (!result->call || !expected || (simulator && (!story || !result->actual)) ||
	    asprintf(&result->text, "expected %s, but %s", expected, story ? story : result->call) < 0)
		result->text = NULL;
	free(story);
	callgate_simulator_free(own);
	return result->text ? 0 : -ENOMEM;
}

/* ---- what the lines say ---- */

int run_action(struct run *run, uint32_t arch, uint32_t *ret_action)
{
	const struct file_expectation *expectation = &run->line->expectation;
	const char *missing = "";
	struct value value;

	if (value_evaluate(&expectation->value, arch, &value, &missing) < 0)
		return run_trouble(run, "%s does not have the constant %s", words_arch_name(arch), missing);
	if (value.bits > 0xffff)
		return run_trouble(run, "%llu is too large for an action's data",
		                   (unsigned long long)value.bits);
	*ret_action = expectation->action | (uint32_t)value.bits;
	return 0;
}

int32_t run_number_of(const struct file_calls *calls, uint32_t arch)
{
	return calls->name ? callgate_syscall_number(arch, calls->name) : calls->number;
}

static int compare_numbers(const void *a, const void *b)
{
	int32_t first = *(const int32_t *)a, second = *(const int32_t *)b;

	return (first > second) - (first < second);
}

void run_sort_numbers(run_numbers *list)
{
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), compare_numbers);
}

int run_list_numbers(const struct file_line *line, uint32_t arch, run_numbers *list)
{
	for (size_t i = 0; i < line->count; i++) {
		const struct file_calls *calls = &line->calls[i];
		for (size_t j = 0; calls->group && calls->group->syscalls[j]; j++)
			if (!vec_push(list, callgate_syscall_number(arch, calls->group->syscalls[j])))
				return -ENOMEM;
		if (!calls->group && !vec_push(list, run_number_of(calls, arch)))
			return -ENOMEM;
	}
	return 0;
}

/* ---- any test ---- */

static int run_no_weaker(struct run *run)
{
	struct compare_finding finding;
	int result = compare_allowed(run->filter, run->other, &finding);

	if (result == 1) {
		char *denied = run_action_text(arch_of(&finding.witness), finding.limit), *expected = NULL;
		if (!denied || asprintf(&expected, "%s as in %s", denied, run->line->other) < 0)
			expected = NULL;
		free(denied);
		return run_fail(run, &finding.witness, expected);
	}
	if (result < 0 && result != -ENOMEM)
		return run_trouble(run, "not decided: %s", callgate_diagnosis(NULL));
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
		run->arch_count = words_archs_of(run->filter->ctx, run->own_archs);
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
