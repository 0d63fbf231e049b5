/* A real system call in a child that is under the filter. */
#include "testing/run_result.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <callgate/syscall.h>

/* Shared with the child; what it writes there needs no system call. */
struct live_call {
	long number, args[FILE_ARGUMENTS];
	volatile long result;
	volatile bool has_returned;
};

static int make_call(void *data)
{
	struct live_call *call = data;
	const long *args = call->args;

	call->result = syscall(call->number, args[0], args[1], args[2], args[3], args[4], args[5]);
	call->has_returned = true;
	return call->result == -1 ? -1 : 0;
}

static int evaluate(struct run *run, const struct file_value *value, uint64_t *ret_bits)
{
	const char *missing = "";
	struct value found;

	if (cases_evaluate(value, SCMP_ARCH_NATIVE, &found, &missing) < 0)
		return run_error(run, "this machine does not have the constant %s", missing);
	*ret_bits = found.bits;
	return 0;
}

static int fill(struct run *run, struct live_call *call)
{
	const struct file_calls *calls = run->line->calls;
	int result = 0;

	call->number = calls->name ? callgate_syscall_number(SCMP_ARCH_NATIVE, calls->name) : calls->number;
	if (call->number == __NR_SCMP_ERROR)
		return run_error(run, "this machine does not have the call %s", calls->name);
	for (unsigned i = 0; i < FILE_ARGUMENTS && calls->arguments && result == 0; i++) {
		const struct file_argument *argument = &calls->arguments[i];
		uint64_t bits = (uintptr_t)argument->string;
		if (argument->op != FILE_STRING)
			result = evaluate(run, &argument->value, &bits);
		call->args[i] = (long)bits;
	}
	return result;
}

/* ---- what came of it ---- */

/* What was expected, in words; NULL: no memory. */
static char *expected_text(const struct run *run, uint64_t value)
{
	const struct file_expectation *expectation = &run->line->expectation;
	const char *name = sigabbrev_np(expectation->signal);
	struct strbuf text = {0};

	switch (expectation->result) {
	case FILE_SUCCESS:
		strbuf_append(&text, "success");
		break;
	case FILE_RETURNS:
		strbuf_printf(&text, "%lld (%s)", (long long)value, expectation->text);
		break;
	case FILE_SIGNAL:
		strbuf_printf(&text, "death by SIG%s", name ? name : "?");
		break;
	case FILE_KILLED:
		strbuf_append(&text, "death by the filter");
		break;
	case FILE_TRAPPED:
		strbuf_append(&text, "a trap by the filter");
		break;
	default:
		strbuf_printf(&text, "the error %s", expectation->text);
		break;
	}
	return strbuf_steal(&text);
}

static bool is_killed(const struct callgate_outcome *outcome)
{
	return outcome->end == CALLGATE_LIVE_SIGNAL && outcome->value == SIGSYS;
}

/* How it ended, in words; NULL: no memory. What the filter forbids to a process that was killed has nothing to do with it. */
static char *ending_text(const struct run *run, const struct callgate_outcome *outcome,
                         const struct live_call *call)
{
	const char *name = callgate_errno_name(SCMP_ARCH_NATIVE, (uint32_t)outcome->value);
	struct strbuf text = {0};

	if (outcome->end == CALLGATE_LIVE_ERRNO && name)
		strbuf_printf(&text, "the error %s", name);
	else if (outcome->end == CALLGATE_LIVE_ERRNO)
		strbuf_printf(&text, "the error %d", outcome->value);
	else if (outcome->end == CALLGATE_LIVE_EXIT && call->has_returned)
		strbuf_printf(&text, "it returned %ld", call->result);
	else if (is_killed(outcome))
		strbuf_append(&text, "it was killed by SIGSYS");
	else if (outcome->end == CALLGATE_LIVE_HANG)
		strbuf_printf(&text, "it hung and was killed after %u ms", run->line->deadline);
	else
		strbuf_append(&text, outcome->text);
	return strbuf_steal(&text);
}

static bool is_expected(const struct run *run, const struct callgate_outcome *outcome,
                        const struct live_call *call, uint64_t value)
{
	const struct file_expectation *expectation = &run->line->expectation;
	bool trapped = outcome->end == CALLGATE_LIVE_TRAP && outcome->value == call->number;

	switch (expectation->result) {
	case FILE_SUCCESS:
		return outcome->end == CALLGATE_LIVE_EXIT && (call->has_returned || outcome->value == 0);
	case FILE_RETURNS:
		return outcome->end == CALLGATE_LIVE_EXIT &&
		       (uint64_t)(call->has_returned ? call->result : outcome->value) == value;
	case FILE_ERRNO:
		return outcome->end == CALLGATE_LIVE_ERRNO && (uint64_t)outcome->value == value;
	case FILE_SIGNAL:
		return (outcome->end == CALLGATE_LIVE_SIGNAL && outcome->value == expectation->signal) ||
		       (expectation->signal == SIGSYS && trapped); /* the child has a handler for it */
	case FILE_KILLED:
		return is_killed(outcome);
	default:
		return trapped;
	}
}

/* What the filter says to it, which is also counted. 0; or the test is over: no such call can be made, or nobody answers. */
static int simulate(struct run *run, const struct live_call *live, struct callgate_call *call)
{
	struct callgate_simulator *own, *simulator = run_simulator(run, &own);
	struct callgate_verdict verdict = {0};

	*call = (struct callgate_call){.arch = seccomp_arch_native(), .nr = (int32_t)live->number};
	for (unsigned i = 0; i < FILE_ARGUMENTS; i++)
		call->args[i] = (uint64_t)live->args[i];
	if (simulator)
		callgate_simulator_run(simulator, call, &verdict);
	callgate_simulator_free(own);
	if (verdict.action == SCMP_ACT_NOTIFY)
		return run_error(run, "the filter's answer is NOTIFY, and in a test there is nobody who "
		                      "answers in its place");
	return 0;
}

static int make(struct run *run, struct live_call *live)
{
	assert(run->filter->ctx || run->filter->program_count == 1);
	const struct callgate_program *program = run->filter->ctx ? NULL : run->filter->programs[0];
	struct callgate_outcome outcome;
	struct callgate_call call;
	uint64_t value = 0;
	int result = fill(run, live);

	if (result == 0 && !run->result->status)
		result = evaluate(run, &run->line->expectation.value, &value);
	if (result == 0 && !run->result->status)
		result = simulate(run, live, &call);
	if (result < 0 || run->result->status)
		return result;
	result =
	    callgate_run_under(run->filter->ctx, program, make_call, live, run->line->deadline, &outcome);
	if (result < 0)
		return result;
	if (outcome.end == CALLGATE_LIVE_NOTHING)
		return run_error(run, "%s", outcome.text);
	if (is_expected(run, &outcome, live, value))
		return 0;
	char *ending = ending_text(run, &outcome, live);
	return ending ? run_fail(run, &call, expected_text(run, value), ending) : -ENOMEM;
}

int run_live(struct run *run)
{
	bool is_native = false;

	for (size_t i = 0; i < run->arch_count; i++)
		is_native = is_native || run->archs[i] == seccomp_arch_native();
	if (!is_native) {
		run->result->status = CALLGATE_TEST_SKIPPED;
		run->result->text = strdup("the filter is not for this machine's architecture");
		return run->result->text ? 0 : -ENOMEM;
	}
	if (!run->filter->ctx && run->filter->program_count != 1)
		return run_error(run, "a stack of programs can't be loaded for a `live:` test");
	struct live_call *live =
	    mmap(NULL, sizeof(*live), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (live == MAP_FAILED)
		return -ENOMEM;
	int result = make(run, live);
	munmap(live, sizeof(*live));
	return result;
}
