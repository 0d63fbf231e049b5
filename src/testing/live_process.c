/*
 * The child that loads a filter and calls a function, and its supervisor. The child needs no system call once the
 * filter is there; if it can't even exit, it ends by an undefined instruction. What the supervisor does needs no
 * memory, and nothing of it depends on how this process treats signals.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/filter.h>

#include <callgate/action.h>
#include <callgate/diagnosis.h>

#include "base/confine.h"
#include "process/process.h"
#include "testing/run.h"

/* ---- the child ---- */

/* For the handler: one child runs one job. */
static struct live_status *trap_status;

__attribute__((noreturn)) static void end(int status)
{
	syscall(SYS_exit_group, status);
	syscall(SYS_exit, status);
	__builtin_trap();
}

static void trapped(int signal, siginfo_t *info, void *unused)
{
	(void)signal, (void)unused;
	if (trap_status->progress == LIVE_RUNNING) { /* else it is the end() that is trapped */
		trap_status->nr = info->si_syscall;
		trap_status->arch = info->si_arch;
		trap_status->progress = LIVE_TRAPPED;
	}
	__builtin_trap();
}

static int load_program(const struct callgate_program *program)
{
	struct sock_fprog prog = {
	    .len = (unsigned short)callgate_program_length(program),
	    .filter = (struct sock_filter *)(uintptr_t)callgate_program_bytes(program),
	};

	int result = confine_no_new_privileges();

	return result < 0 ? result : confine_by_prctl(&prog);
}

static bool load(const struct live_job *job)
{
	int result = job->ctx ? seccomp_load(job->ctx) : load_program(job->program);

	if (result == 0)
		return true;
	job->status->error = -result;
	if (job->ctx)
		snprintf(job->status->text, sizeof(job->status->text), "%s", callgate_diagnosis(job->ctx));
	else
		snprintf(job->status->text, sizeof(job->status->text), "%s%s",
		         result == CONFINE_FAKED ? "" : "the kernel says ",
		         result == CONFINE_FAKED ? CONFINE_FAKED_TEXT : strerror(-result));
	job->status->progress = LIVE_REFUSED;
	return false;
}

/* The function finds signals as its caller has them, but for the signals that end it. */
static void set_signals(const struct live_job *job)
{
	static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP};
	struct sigaction action = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO};
	sigset_t mask = job->mask;

	/* What kills the child must end it, whatever handlers the program has: a sanitizer's, say. */
	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		signal(fatal[i], SIG_DFL);
	trap_status = job->status;
	sigaction(SIGSYS, &action, NULL);
	sigdelset(&mask, SIGSYS); /* a trap that is blocked kills, and would look like another action */
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

__attribute__((noreturn)) static void live_child(const struct live_job *job)
{
	const struct rlimit none = {0, 0};
	const struct timespec pause = {0, 100000};

	setpgid(0, 0);
	setrlimit(RLIMIT_CORE, &none);
	while (!job->status->may_go)
		nanosleep(&pause, NULL);
	set_signals(job);
	if (!load(job))
		_exit(1);
	job->status->progress = LIVE_RUNNING;
	errno = 0;
	int result = job->function(job->data);
	job->status->error = errno;
	job->status->result = result;
	job->status->progress = LIVE_RETURNED;
	end(result);
}

/*
 * ---- which call was it? ----
 *
 * A child that is traced stops at each call before the filter sees it, and the simulator knows what the filter will
 * answer.
 */

static bool observe_start(pid_t pid)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;

	return ptrace(PTRACE_SEIZE, pid, NULL, options) == 0 && ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0;
}

static bool get_call(pid_t thread, struct callgate_call *ret_call)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(info), &info) <= 0 || info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return false;
	*ret_call = (struct callgate_call){
	    .arch = info.arch, .nr = (int32_t)info.entry.nr, .instruction_pointer = info.instruction_pointer};
	for (int i = 0; i < 6; i++)
		ret_call->args[i] = info.entry.args[i];
	return true;
}

/* Does a call with this verdict end the child so? What is no action kills. */
static bool explains(const struct live_observer *observer, uint32_t action)
{
	const struct callgate_action_kind *kind = callgate_action_kind(action);
	int data = action & 0xffff;

	switch (kind ? kind->action : SCMP_ACT_KILL_PROCESS) {
	case SCMP_ACT_KILL_PROCESS:
	case SCMP_ACT_KILL_THREAD:
		return observer->end == CALLGATE_LIVE_SIGNAL;
	case SCMP_ACT_TRAP:
		return observer->end != CALLGATE_LIVE_ERRNO;
	case SCMP_ACT_ERRNO(0):
		return observer->end == CALLGATE_LIVE_ERRNO && observer->value == (data < 4095 ? data : 4095);
	case SCMP_ACT_TRACE(0): /* nobody traces it in the end */
		return observer->end == CALLGATE_LIVE_ERRNO && observer->value == ENOSYS;
	default:
		return false;
	}
}

static void note_call(const struct live_job *job, pid_t thread)
{
	const struct live_observer *observer = job->observer;
	struct callgate_verdict verdict;
	struct callgate_call call;

	if (job->status->progress != LIVE_RUNNING || !get_call(thread, &call) ||
	    callgate_simulator_run(observer->simulator, &call, &verdict) < 0 || !explains(observer, verdict.action))
		return;
	job->status->call = call;
	job->status->has_call = true;
}

static void observe_stop(const struct live_job *job, pid_t thread, int status)
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
	job->status->may_go = true;
}

/* ---- the supervisor ---- */

static void pause_for(long nanoseconds)
{
	const struct timespec pause = {0, nanoseconds};

	nanosleep(&pause, NULL);
}

/*
 * The process that calls this goes when its parent does, which is to be `parent`, or to be in a namespace around its
 * own.
 */
static void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	pid_t actual = getppid();
	if (actual != parent && actual != 0)
		_exit(1);
}

/* The function is through, whether the filter lets the child end or not. */
static bool is_over(const struct live_status *status)
{
	return status->progress == LIVE_RETURNED || status->progress == LIVE_TRAPPED;
}

/* True: the child has ended. A thread that is traced and has stopped goes on. */
static bool look(const struct live_job *job, pid_t pid, bool *ret_busy)
{
	siginfo_t info = {0};
	int status;

	/* The child is not collected yet: until then no other process has its number or its group. */
	int result = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL);
	*ret_busy = result == 0 && info.si_pid != 0;
	if (result < 0 || info.si_pid == 0)
		return result < 0 && errno != EINTR;
	if (info.si_pid == pid && info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED)
		return true;
	if (waitpid(info.si_pid, &status, WNOHANG | __WALL) == info.si_pid && WIFSTOPPED(status))
		observe_stop(job, info.si_pid, status);
	return false;
}

static void wait_for(const struct live_job *job, pid_t pid)
{
	struct deadline deadline = deadline_in(job->deadline);
	bool busy;

	while (!look(job, pid, &busy) && !is_over(job->status)) {
		job->status->is_late = deadline_is_over(&deadline);
		if (job->status->is_late)
			return;
		if (!busy)
			pause_for(job->observer ? 20000 : 1000000);
	}
}

/*
 * What the child has started goes with it. A child that hangs in the kernel, or that a tracer holds, is left to its
 * SIGKILL.
 */
static void collect(const struct live_job *job, pid_t pid)
{
	struct deadline deadline = deadline_in(PROCESS_GRACE_MS);
	int status;

	assert(pid > 1); /* it is a group's number here */
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	/* Its threads are collected by who traces them, and before it. */
	while (!job->status->has_ended && !deadline_is_over(&deadline)) {
		pid_t ended = waitpid(-1, &status, WNOHANG | __WALL);
		if (ended < 0 && errno != EINTR)
			return;
		if (ended == pid && !WIFSTOPPED(status)) {
			job->status->wait_status = status;
			job->status->has_ended = true;
		}
		if (ended <= 0)
			pause_for(100000);
	}
}

__attribute__((noreturn)) static void supervise(const struct live_job *job, pid_t parent)
{
	die_with(parent);
	signal(SIGCHLD, SIG_DFL);
	pid_t self = getpid(), pid = fork();
	if (pid == 0) {
		die_with(self);
		live_child(job);
	}
	if (pid < 0) {
		snprintf(job->status->text, sizeof(job->status->text), "fork: %s", strerror(errno));
		_exit(1);
	}
	setpgid(pid, pid);
	if (!job->observer || !observe_start(pid))
		job->status->may_go = true;
	wait_for(job, pid);
	collect(job, pid);
	_exit(0);
}

/*
 * The supervisor may be collected by anybody; when it is gone, the status block has all that there is. What it watches
 * may have stopped it: then it goes on, and finds that it is late.
 */
static void wait_for_supervisor(const struct live_job *job, pid_t pid)
{
	struct process supervisor = process_adopt(pid);
	struct deadline deadline = deadline_in(job->deadline);

	for (int attempts = 2; attempts > 0; attempts--) {
		deadline.at_ns += 2 * PROCESS_GRACE_MS * 1000000LL;
		if (process_wait(&supervisor, NULL, &deadline) != PROCESS_LATE) {
			process_collect(&supervisor, &deadline, NULL);
			return;
		}
		process_signal(&supervisor, SIGCONT);
	}
	process_kill(&supervisor);
	job->status->is_late = true;
}

void live_supervise(struct live_job *job)
{
	sigset_t all;

	fflush(stdout); /* or a child that ends by exit(3) prints it again */
	fflush(stderr);
	/* No handler of this process runs in the supervisor. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &job->mask);
	pid_t self = getpid(), pid = fork();
	if (pid == 0)
		supervise(job, self);
	int error = errno;
	pthread_sigmask(SIG_SETMASK, &job->mask, NULL);
	if (pid < 0)
		snprintf(job->status->text, sizeof(job->status->text), "fork: %s", strerror(error));
	else
		wait_for_supervisor(job, pid);
}
