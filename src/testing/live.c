/*
 * One function under a filter: how it ended, in words, and what the filter may have to do with that.
 */
#include "testing/live.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <callgate/syscall.h>

#include "testing/words.h"

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
	for (size_t i = 0; action != SCMP_ACT_NOTIFY && callgate_simulator_rule(simulator, i, &rule) == 0;
	     i++)
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

static void describe(const struct live_job *job, const struct callgate_outcome *outcome, char *text,
                     size_t size)
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
		         sigabbrev_np(value) ? sigabbrev_np(value) : "?");
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

static int run(struct live_job *job, struct callgate_outcome *ret_outcome)
{
	job->status =
	    mmap(NULL, sizeof(*job->status), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
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

int callgate_run_under(const scmp_filter_ctx ctx, const struct callgate_program *program,
                       int (*function)(void *), void *data, unsigned int deadline,
                       struct callgate_outcome *ret_outcome)
{
	struct live_job job = {
	    .ctx = ctx, .program = program, .function = function, .data = data, .deadline = deadline};
	struct callgate_outcome outcome;
	char what[sizeof(outcome.text) - 100];

	if ((!ctx && !program) || !function || !ret_outcome)
		return -EINVAL;
	if (run(&job, &outcome) < 0)
		return -ENOMEM;
	describe(&job, &outcome, what, sizeof(what));
	snprintf(outcome.text, sizeof(outcome.text), "%s%s", what, suspicion_of(&job, &outcome));
	finish(&job);
	*ret_outcome = outcome;
	return 0;
}

/* ---- the assertions: what was expected, and if it is not so, which call and which rule it was ---- */

enum { TEXT = 320 };

/* Expected and got. */
struct live_check {
	struct live_job job;
	enum callgate_live_end end;
	int value;
	const char *syscall;
	struct callgate_outcome outcome;
};

static void name_expectation(const struct live_check *check, char *text, size_t size)
{
	int value = check->value;
	const char *error = callgate_errno_name(SCMP_ARCH_NATIVE, (uint32_t)value),
	           *name = sigabbrev_np(value);

	if (check->end == CALLGATE_LIVE_EXIT)
		snprintf(text, size, "an end with status %d", value);
	else if (check->end == CALLGATE_LIVE_ERRNO)
		snprintf(text, size, "-1 with errno %d, %s", value, error ? error : "no name");
	else if (check->end == CALLGATE_LIVE_SIGNAL && name)
		snprintf(text, size, "a death by SIG%s", name);
	else if (check->end == CALLGATE_LIVE_SIGNAL)
		snprintf(text, size, "a death by signal %d", value);
	else
		snprintf(text, size, "a trap at %s", check->syscall);
}

/* ---- which call was it? ---- */

/* The second run counts only if it ends as the first one did. malloc'ed; NULL if the call is not found. */
static char *explain(const struct live_check *check)
{
	struct live_observer observer = {.end = check->outcome.end, .value = check->outcome.value};
	bool may_be_filter = (observer.end == CALLGATE_LIVE_SIGNAL && observer.value == SIGSYS) ||
	                     observer.end == CALLGATE_LIVE_TRAP || observer.end == CALLGATE_LIVE_ERRNO;
	struct live_job job = check->job;
	struct callgate_outcome again;
	char *text = NULL;

	if (!may_be_filter || callgate_simulator_new(job.ctx, &observer.simulator) < 0)
		return NULL;
	job.observer = &observer;
	if (run(&job, &again) == 0) {
		if (again.end == observer.end && again.value == observer.value && job.status->has_call)
			text = callgate_explain(observer.simulator, &job.status->call);
		finish(&job);
	}
	callgate_simulator_free(observer.simulator);
	return text;
}

/* ---- the assertion ---- */

static bool fail(const struct live_check *check)
{
	char expected[80], what[TEXT];
	char *answer = explain(check);
	/* What else the filter denies matters as long as the call is not known, and where it is the child's end. */
	bool is_suspect = !answer || strncmp(answer, "exit_group(", strlen("exit_group(")) == 0;

	name_expectation(check, expected, sizeof(expected));
	describe(&check->job, &check->outcome, what, sizeof(what));
	failure_set("expected %s, but %s%s%s%s", expected, what,
	            is_suspect ? suspicion_of(&check->job, &check->outcome) : "",
	            answer ? "; the filter's answer to " : "", answer ? answer : "");
	free(answer);
	return false;
}

/* Was it the call of this name, on whichever architecture it was made? */
static bool is_trapped_call(const struct live_check *check)
{
	const struct callgate_outcome *outcome = &check->outcome;
	int nr = callgate_syscall_number(outcome->arch, check->syscall);

	return outcome->end == CALLGATE_LIVE_TRAP && nr != __NR_SCMP_ERROR && nr == outcome->value;
}

static bool holds(const struct live_check *check)
{
	const struct callgate_outcome *outcome = &check->outcome;
	bool by_handler =
	    check->end == CALLGATE_LIVE_SIGNAL && check->value == SIGSYS; /* the child's own took it */

	if (check->end == CALLGATE_LIVE_TRAP)
		return is_trapped_call(check);
	return (outcome->end == check->end && outcome->value == check->value) ||
	       (by_handler && outcome->end == CALLGATE_LIVE_TRAP);
}

bool callgate_check_live(const scmp_filter_ctx ctx, int (*function)(void *), void *data,
                         unsigned int deadline, enum callgate_live_end end, int value, const char *syscall)
{
	struct live_check check = {
	    .job = {.ctx = ctx, .function = function, .data = data, .deadline = deadline},
	    .end = end,
	    .value = value,
	    .syscall = syscall,
	};

	failure_clear();
	if (end == CALLGATE_LIVE_TRAP && !words_find_call(SCMP_ARCH_NATIVE, syscall, &check.value))
		return false;
	if (!ctx || !function)
		return failure_set("context and function must not be NULL");
	if (end < CALLGATE_LIVE_EXIT || end > CALLGATE_LIVE_TRAP)
		return failure_set("there is no assertion about such an end");
	if (run(&check.job, &check.outcome) < 0)
		return failure_set("out of memory");
	bool is_right = holds(&check) || fail(&check);
	finish(&check.job);
	return is_right;
}
