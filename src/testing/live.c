/*
 * A function under a filter: how it ended, in words, and what the filter may have to do with that; what was expected of
 * it, by an assertion or by a line, which makes one real call.
 */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <callgate/syscall.h>

#include "process/process.h"
#include "testing/run.h"

enum { TEXT_SIZE = 320 };

static struct callgate_outcome judge(const struct live_status *status)
{
	int wait_status = status->wait_status;

	switch (status->progress) {
	case LIVE_BEFORE:
	case LIVE_REFUSED:
		return (struct callgate_outcome){CALLGATE_LIVE_NOTHING, status->error};
	case LIVE_RETURNED:
		if (status->result == -1 && status->error)
			return (struct callgate_outcome){CALLGATE_LIVE_ERRNO, status->error};
		return (struct callgate_outcome){CALLGATE_LIVE_EXIT, status->result};
	case LIVE_TRAPPED:
		return (struct callgate_outcome){CALLGATE_LIVE_TRAP, status->nr, status->arch};
	default: /* LIVE_RUNNING */
		break;
	}
	if (status->is_late)
		return (struct callgate_outcome){CALLGATE_LIVE_HANG};
	if (!status->has_ended)
		return (struct callgate_outcome){CALLGATE_LIVE_NOTHING};
	if (WIFSIGNALED(wait_status))
		return (struct callgate_outcome){CALLGATE_LIVE_SIGNAL, WTERMSIG(wait_status)};
	return (struct callgate_outcome){CALLGATE_LIVE_EXIT, WEXITSTATUS(wait_status)};
}

/* Does the filter let this call of this machine pass, with arguments of 0? */
static bool allows(const struct live_job *job, const char *name)
{
	struct callgate_call call = {.nr = seccomp_syscall_resolve_name(name)};
	struct callgate_verdict verdict = {0};
	int result = job->ctx ? callgate_simulate(job->ctx, &call, &verdict)
	                      : callgate_simulate_program(job->program, &call, &verdict);

	return result < 0 || verdict.action == SCMP_ACT_ALLOW || verdict.action == SCMP_ACT_LOG;
}

/* Does it give calls to a supervisor? */
static bool notifies(const struct live_job *job)
{
	struct callgate_simulator *simulator;
	struct callgate_rule rule;
	uint32_t action = SCMP_ACT_ALLOW;

	if (!job->ctx || seccomp_attr_get(job->ctx, SCMP_FLTATR_ACT_DEFAULT, &action) < 0 ||
	    callgate_simulator_new(job->ctx, &simulator) < 0)
		return false;
	for (size_t i = 0; action != SCMP_ACT_NOTIFY && callgate_simulator_rule(simulator, i, &rule) == 0; i++)
		action = rule.action;
	callgate_simulator_free(simulator);
	return action == SCMP_ACT_NOTIFY;
}

static const char *suspicion_of(const struct live_job *job, const struct callgate_outcome *outcome)
{
	bool odd = outcome->end == CALLGATE_LIVE_HANG ||
	           (outcome->end == CALLGATE_LIVE_SIGNAL && outcome->value != SIGSYS) ||
	           (outcome->end == CALLGATE_LIVE_TRAP && outcome->value == SYS_exit_group);
	bool killed = outcome->end == CALLGATE_LIVE_SIGNAL && outcome->value == SIGSYS;

	if (outcome->end == CALLGATE_LIVE_HANG && notifies(job))
		return "; the filter's answer to some calls is NOTIFY, and in a test there is nobody who "
		       "answers";
	if ((odd || killed) && !allows(job, "exit_group"))
		return "; the filter denies exit_group, so a process under it cannot end by exit(3)";
	if (odd && !allows(job, "rt_sigreturn"))
		return "; the filter denies rt_sigreturn, so no signal handler can return";
	return "";
}

/* Why nothing has ended. */
static void describe_nothing(const struct live_job *job, char *text, size_t size)
{
	const struct live_status *status = job->status;

	if (status->progress == LIVE_RUNNING)
		snprintf(text, size, "the process that watched it was killed");
	else if (status->is_late)
		snprintf(text, size, "the filter was not loaded within %u ms", job->deadline);
	else
		snprintf(text, size, "the filter could not be loaded: %s",
		         status->text[0] ? status->text : "the child ended before");
}

static void describe(const struct live_job *job, const struct callgate_outcome *outcome, char *text, size_t size)
{
	int value = outcome->value;
	const char *error = callgate_errno_name(SCMP_ARCH_NATIVE, (uint32_t)value);
	const struct callgate_arch *arch;
	char *name = NULL;

	switch (outcome->end) {
	case CALLGATE_LIVE_NOTHING:
		describe_nothing(job, text, size);
		break;
	case CALLGATE_LIVE_EXIT:
		snprintf(text, size, "it ended with status %d", value);
		break;
	case CALLGATE_LIVE_ERRNO:
		snprintf(text, size, "it returned -1 with errno %d, %s", value, error ? error : "no name");
		break;
	case CALLGATE_LIVE_SIGNAL:
		snprintf(text, size, "it was killed by SIG%s",
		         process_signal_name(value) ? process_signal_name(value) : "?");
		break;
	case CALLGATE_LIVE_TRAP:
		arch = callgate_arch_of_call(outcome->arch, value);
		name = arch ? seccomp_syscall_resolve_num_arch(arch->token, value) : NULL;
		snprintf(text, size, "it was trapped at %s (%d)", name ? name : "a call", value);
		break;
	case CALLGATE_LIVE_HANG:
		snprintf(text, size, "it hung and was killed after %u ms", job->deadline);
		break;
	}
	free(name);
}

static int run_job(struct live_job *job, struct callgate_outcome *ret_outcome)
{
	job->status = mmap(NULL, sizeof(*job->status), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (job->status == MAP_FAILED)
		return -ENOMEM;
	live_supervise(job);
	*ret_outcome = judge(job->status);
	return 0;
}

static void finish(struct live_job *job)
{
	munmap(job->status, sizeof(*job->status));
}

int callgate_run_under(const scmp_filter_ctx ctx, const struct callgate_program *program, int (*function)(void *),
                       void *data, unsigned int deadline, struct callgate_outcome *ret_outcome)
{
	struct live_job job = {
	    .ctx = ctx, .program = program, .function = function, .data = data, .deadline = deadline};
	struct callgate_outcome outcome;
	char what[sizeof(outcome.text) - 100];

	if ((!ctx && !program) || !function || !ret_outcome)
		return -EINVAL;
	if (run_job(&job, &outcome) < 0)
		return -ENOMEM;
	describe(&job, &outcome, what, sizeof(what));
	snprintf(outcome.text, sizeof(outcome.text), "%s%s", what, suspicion_of(&job, &outcome));
	finish(&job);
	*ret_outcome = outcome;
	return 0;
}

/* ---- what was expected ---- */

/* One representation for assertions and lines. */
struct expectation {
	enum file_result result;
	int64_t value;     /* RETURNS, ERRNO, SIGNAL */
	const char *words; /* RETURNS: the value as written, or NULL */
	const char *call;  /* TRAPPED: its name, or NULL: */
	int nr;
};

/* Was it the call of this name, on whichever architecture it was made? */
static bool is_trapped_call(const struct expectation *expectation, const struct callgate_outcome *outcome)
{
	int nr = expectation->call ? callgate_syscall_number(outcome->arch, expectation->call) : expectation->nr;

	return outcome->end == CALLGATE_LIVE_TRAP && nr != __NR_SCMP_ERROR && nr == outcome->value;
}

static bool is_killed(const struct callgate_outcome *outcome)
{
	return outcome->end == CALLGATE_LIVE_SIGNAL && outcome->value == SIGSYS;
}

/* returned: what the call or the function returned; NULL: it did not return. */
static bool holds(const struct expectation *expectation, const struct callgate_outcome *outcome,
                  const int64_t *returned)
{
	bool is_end = outcome->end == CALLGATE_LIVE_EXIT;

	switch (expectation->result) {
	case FILE_SUCCESS:
		return is_end && (returned || outcome->value == 0);
	case FILE_RETURNS:
		return is_end && (returned ? *returned : outcome->value) == expectation->value;
	case FILE_ERRNO:
		return outcome->end == CALLGATE_LIVE_ERRNO && outcome->value == expectation->value;
	case FILE_SIGNAL: /* the child has a handler for SIGSYS */
		return (outcome->end == CALLGATE_LIVE_SIGNAL && outcome->value == expectation->value) ||
		       (outcome->end == CALLGATE_LIVE_TRAP && expectation->value == SIGSYS);
	case FILE_KILLED:
		return is_killed(outcome);
	default:
		return is_trapped_call(expectation, outcome);
	}
}

/* In words; NULL: no memory. */
static char *expected_text(const struct expectation *expectation)
{
	int value = (int)expectation->value;
	const char *error = callgate_errno_name(SCMP_ARCH_NATIVE, (uint32_t)value);
	struct strbuf text = {0};
	char number[16];

	snprintf(number, sizeof(number), "%d", expectation->result == FILE_TRAPPED ? expectation->nr : value);
	switch (expectation->result) {
	case FILE_SUCCESS:
		strbuf_append(&text, "success");
		break;
	case FILE_RETURNS:
		strbuf_printf(&text, expectation->words ? "%lld (" : "an end with status %lld",
		              (long long)expectation->value);
		strbuf_printf(&text, expectation->words ? "%s)" : "%s", expectation->words ? expectation->words : "");
		break;
	case FILE_SIGNAL:
		strbuf_printf(&text, "death by %s%s", process_signal_name(value) ? "SIG" : "signal ",
		              process_signal_name(value) ? process_signal_name(value) : number);
		break;
	case FILE_KILLED:
		strbuf_append(&text, "death by the filter");
		break;
	case FILE_TRAPPED:
		strbuf_printf(&text, "a trap at %s", expectation->call ? expectation->call : number);
		break;
	default:
		strbuf_printf(&text, "the error %s", error ? error : number);
		break;
	}
	return strbuf_steal(&text);
}

/* ---- the assertion: if it does not hold, which call and which rule was it? ---- */

/*
 * The function is run a second time, which counts only if it ends as the first time. malloc'ed; NULL if the call is not
 * found.
 */
static char *explain(const struct live_job *first, const struct callgate_outcome *outcome)
{
	struct live_observer observer = {.end = outcome->end, .value = outcome->value};
	struct live_job job = *first;
	struct callgate_outcome again;
	char *text = NULL;

	if ((!is_killed(outcome) && outcome->end != CALLGATE_LIVE_TRAP && outcome->end != CALLGATE_LIVE_ERRNO) ||
	    callgate_simulator_new(job.ctx, &observer.simulator) < 0)
		return NULL;
	job.observer = &observer;
	if (run_job(&job, &again) == 0) {
		if (again.end == observer.end && again.value == observer.value && job.status->has_call)
			text = callgate_explain(observer.simulator, &job.status->call);
		finish(&job);
	}
	callgate_simulator_free(observer.simulator);
	return text;
}

static bool fail(const struct live_job *job, const struct expectation *expectation,
                 const struct callgate_outcome *outcome)
{
	char what[TEXT_SIZE], *answer = explain(job, outcome), *expected = expected_text(expectation);
	/* What else the filter denies matters as long as the call is not known, and where it is the child's end. */
	bool is_suspect = !answer || strncmp(answer, "exit_group(", strlen("exit_group(")) == 0;

	describe(job, outcome, what, sizeof(what));
	failure_set("expected %s, but %s%s%s%s", expected ? expected : "another end", what,
	            is_suspect ? suspicion_of(job, outcome) : "", answer ? "; the filter's answer to " : "",
	            answer ? answer : "");
	free(expected);
	free(answer);
	return false;
}

bool callgate_check_live(const scmp_filter_ctx ctx, int (*function)(void *), void *data, unsigned int deadline,
                         enum callgate_live_end end, int value, const char *syscall)
{
	static const enum file_result results[] = {
	    [CALLGATE_LIVE_EXIT] = FILE_RETURNS,
	    [CALLGATE_LIVE_ERRNO] = FILE_ERRNO,
	    [CALLGATE_LIVE_SIGNAL] = FILE_SIGNAL,
	    [CALLGATE_LIVE_TRAP] = FILE_TRAPPED,
	};
	struct live_job job = {.ctx = ctx, .function = function, .data = data, .deadline = deadline};
	struct expectation expectation = {.value = value, .call = syscall};
	struct callgate_outcome outcome;

	failure_clear();
	if (end == CALLGATE_LIVE_TRAP && !failure_find_call(SCMP_ARCH_NATIVE, syscall, &expectation.nr))
		return false;
	if (!ctx || !function)
		return failure_set("context and function must not be NULL");
	if (end < CALLGATE_LIVE_EXIT || end > CALLGATE_LIVE_TRAP)
		return failure_set("there is no assertion about such an end");
	expectation.result = results[end];
	if (run_job(&job, &outcome) < 0)
		return failure_set("out of memory");
	bool is_right = holds(&expectation, &outcome, NULL) || fail(&job, &expectation, &outcome);
	finish(&job);
	return is_right;
}

/* ---- the line: one real call ---- */

/* What the child calls; the result is in the status block, for which it needs no system call. */
struct live_call {
	long number, args[FILE_ARGUMENTS];
	const struct live_job *job;
};

static int make_call(void *data)
{
	struct live_call *call = data;
	const long *args = call->args;

	long result = syscall(call->number, args[0], args[1], args[2], args[3], args[4], args[5]);
	call->job->status->call_result = result;
	call->job->status->has_returned = true;
	return result == -1 ? -1 : 0;
}

static int evaluate(struct run *run, const struct file_value *value, uint64_t *ret_bits)
{
	const char *missing = "";
	struct evaluated found;

	if (cases_evaluate(value, SCMP_ARCH_NATIVE, &found, &missing) < 0)
		return run_error(run, "this machine does not have the constant %s", missing);
	*ret_bits = found.bits;
	return 0;
}

/* What the line says about the call and its end. An end of the test is in the run's result. */
static int fill(struct run *run, struct live_call *call, struct expectation *ret_expectation)
{
	const struct file_expectation *expected = &run->line->expectation;
	const struct file_calls *calls = run->line->calls;
	uint64_t value = 0;
	int result = evaluate(run, &expected->value, &value);

	call->number = run_number_of(calls, SCMP_ARCH_NATIVE);
	*ret_expectation = (struct expectation){
	    .result = expected->result,
	    .value = expected->result == FILE_SIGNAL ? expected->signal : (int64_t)value,
	    .words = expected->text,
	    .call = calls->name,
	    .nr = (int)call->number,
	};
	if (result == 0 && !run->result->status && call->number == __NR_SCMP_ERROR)
		result = run_error(run, "this machine does not have the call %s", calls->name);
	for (unsigned i = 0; i < FILE_ARGUMENTS && calls->arguments; i++) {
		const struct file_argument *argument = &calls->arguments[i];
		uint64_t bits = (uintptr_t)argument->string;
		if (result == 0 && !run->result->status && argument->op != FILE_STRING)
			result = evaluate(run, &argument->value, &bits);
		call->args[i] = (long)bits;
	}
	return result;
}

/* What the filter says to it, which is also counted. Nobody answers a NOTIFY. */
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

/*
 * How it ended, in words; NULL: no memory. What else the filter forbids has nothing to do with a call that it killed,
 * or that hung.
 */
static char *ending_text(const struct live_job *job, const struct callgate_outcome *outcome, const int64_t *returned)
{
	bool is_suspect = outcome->end != CALLGATE_LIVE_HANG && !is_killed(outcome);
	char what[TEXT_SIZE], *text;

	describe(job, outcome, what, sizeof(what));
	if (outcome->end == CALLGATE_LIVE_EXIT && returned)
		snprintf(what, sizeof(what), "it returned %lld", (long long)*returned);
	return asprintf(&text, "%s%s", what, is_suspect ? suspicion_of(job, outcome) : "") < 0 ? NULL : text;
}

static int make(struct run *run)
{
	struct live_call live = {0};
	struct live_job job = {.ctx = run->filter->ctx,
	                       .program = run->filter->ctx ? NULL : run->filter->programs[0],
	                       .function = make_call,
	                       .data = &live,
	                       .deadline = run->line->deadline};
	struct expectation expectation;
	struct callgate_outcome outcome;
	struct callgate_call call;
	char text[TEXT_SIZE];

	live.job = &job;
	run->calls = run->line->calls;
	int result = fill(run, &live, &expectation);
	if (result == 0 && !run->result->status)
		result = simulate(run, &live, &call);
	if (result < 0 || run->result->status)
		return result;
	result = run_job(&job, &outcome);
	if (result < 0)
		return result;
	int64_t returned = job.status->call_result;
	const int64_t *value = job.status->has_returned ? &returned : NULL;
	if (outcome.end == CALLGATE_LIVE_NOTHING) {
		describe(&job, &outcome, text, sizeof(text));
		result = run_error(run, "%s", text);
	} else if (!holds(&expectation, &outcome, value)) {
		char *ending = ending_text(&job, &outcome, value);
		result = ending ? run_fail(run, &call, expected_text(&expectation), ending) : -ENOMEM;
	}
	finish(&job);
	return result;
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
	return make(run);
}
