/*
 * Which call was it? A child that is traced stops at each call before the filter sees it, and the simulator knows what the
 * filter will answer.
 */
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "testing/live_private.h"

bool live_observe_start(pid_t pid)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;

	return ptrace(PTRACE_SEIZE, pid, NULL, options) == 0 &&
	       ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0;
}

static bool get_call(pid_t thread, struct callgate_call *ret_call)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return false;
	*ret_call = (struct callgate_call){
	    .arch = info.arch, .nr = (int32_t)info.entry.nr, .instruction_pointer = info.instruction_pointer};
	for (int i = 0; i < 6; i++)
		ret_call->args[i] = info.entry.args[i];
	return true;
}

static void note_call(const struct live_job *job, pid_t thread)
{
	const struct live_observer *observer = job->observer;
	struct callgate_verdict verdict;
	struct callgate_call call;

	if (job->board->progress != LIVE_RUNNING || !get_call(thread, &call) ||
	    callgate_simulator_run(observer->simulator, &call, &verdict) < 0 ||
	    !observer->is_wanted(verdict.action, observer->value))
		return;
	job->board->call = call;
	job->board->has_call = true;
}

void live_observe_stop(const struct live_job *job, pid_t thread, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;
	bool is_group_stop = event == PTRACE_EVENT_STOP && signal != SIGTRAP;

	if (event || signal == (SIGTRAP | 0x80)) {
		if (!event)
			note_call(job, thread);
		signal = 0;
	}
	if (is_group_stop)
		ptrace(PTRACE_LISTEN, thread, NULL, NULL);
	else
		ptrace(PTRACE_SYSCALL, thread, NULL, (long)signal);
	job->board->may_go = true;
}
