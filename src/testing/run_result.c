#include "testing/run_result.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/syscall.h>

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

	assert(run->result->status == CALLGATE_TEST_PASSED && !run->result->text); /* a test ends once */
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
	const struct callgate_filter *side = run->filter;
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

	assert(result->status == CALLGATE_TEST_PASSED && !result->text);
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
	assert(!calls->group);
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
