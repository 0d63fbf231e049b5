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

#include "testing/live_private.h"

static void set(struct callgate_outcome *outcome, enum callgate_live_end how, int value)
{
	outcome->end = how;
	outcome->value = value;
}

static void judge(const struct live_board *board, struct callgate_outcome *ret_outcome)
{
	struct callgate_outcome outcome = {0};

	if (board->progress == LIVE_REFUSED || board->progress == LIVE_BEFORE)
		set(&outcome, CALLGATE_LIVE_NOTHING, board->error);
	else if (board->progress == LIVE_RETURNED && board->result == -1 && board->error)
		set(&outcome, CALLGATE_LIVE_ERRNO, board->error);
	else if (board->progress == LIVE_RETURNED)
		set(&outcome, CALLGATE_LIVE_EXIT, board->result);
	else if (board->progress == LIVE_TRAPPED)
		set(&outcome, CALLGATE_LIVE_TRAP, board->nr);
	else if (board->is_late)
		set(&outcome, CALLGATE_LIVE_HANG, 0);
	else if (!board->has_ended)
		set(&outcome, CALLGATE_LIVE_NOTHING, 0);
	else if (WIFSIGNALED(board->status))
		set(&outcome, CALLGATE_LIVE_SIGNAL, WTERMSIG(board->status));
	else
		set(&outcome, CALLGATE_LIVE_EXIT, WEXITSTATUS(board->status));
	outcome.arch = board->progress == LIVE_TRAPPED ? board->arch : 0;
	*ret_outcome = outcome;
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

const char *live_suspicion(const struct live_job *job, const struct callgate_outcome *outcome)
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

char *live_call_name(uint32_t audit_arch, int nr)
{
	bool is_x32 = audit_arch == SCMP_ARCH_X86_64 && nr & 0x40000000;

	return seccomp_syscall_resolve_num_arch(is_x32 ? SCMP_ARCH_X32 : audit_arch, nr);
}

/* Why there is no end to tell of. */
static void describe_nothing(const struct live_job *job, char *text, size_t size)
{
	const struct live_board *board = job->board;

	if (board->progress == LIVE_RUNNING)
		snprintf(text, size, "the process that watched it was killed");
	else if (board->is_late)
		snprintf(text, size, "the filter was not loaded within %u ms", job->deadline);
	else
		snprintf(text, size, "the filter could not be loaded: %s",
		         board->text[0] ? board->text : "the child ended before");
}

void live_describe(const struct live_job *job, const struct callgate_outcome *outcome, char *text,
                   size_t size)
{
	int value = outcome->value;
	const char *error = callgate_errno_name(SCMP_ARCH_NATIVE, (uint32_t)value);
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
		name = live_call_name(outcome->arch, value);
		snprintf(text, size, "it was trapped at %s (%d)", name ? name : "a call", value);
		break;
	case CALLGATE_LIVE_HANG:
		snprintf(text, size, "it hung and was killed after %u ms", job->deadline);
		break;
	}
	free(name);
}

int live_run(struct live_job *job, struct callgate_outcome *ret_outcome)
{
	job->board =
	    mmap(NULL, sizeof(*job->board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (job->board == MAP_FAILED)
		return -ENOMEM;
	live_keep(job);
	judge(job->board, ret_outcome);
	return 0;
}

void live_finish(struct live_job *job)
{
	munmap(job->board, sizeof(*job->board));
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
	if (live_run(&job, &outcome) < 0)
		return -ENOMEM;
	live_describe(&job, &outcome, what, sizeof(what));
	snprintf(outcome.text, sizeof(outcome.text), "%s%s", what, live_suspicion(&job, &outcome));
	live_finish(&job);
	*ret_outcome = outcome;
	return 0;
}
