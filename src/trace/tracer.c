#include "trace/tracer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <callgate/syscall.h>

#include "process/child.h"
#include "trace/signal_passing.h"
#include "trace/stopped_call.h"

struct tracer {
	const struct trace_command *start;
	const struct trace_watcher *watcher;
	int error;
	struct trace_result result;
	pid_t command;
	bool has_ended; /* the command */
	bool has_begun; /* its first execve(2) has come */
	struct one_processor processor;
};

/* ---- starting ---- */

/* The child: it is watched when the pipe says so; a pipe that ends says that it is not. */
static void start(const struct trace_command *command, int go)
{
	char byte;
	ssize_t got;

	do
		got = read(go, &byte, 1);
	while (got < 0 && errno == EINTR);
	close(go);
	_exit(got == 1 ? command->enter(command->data, NULL) : EXIT_FAILURE);
}

static int seize(pid_t pid)
{
	const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
	                     PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT;

	if (ptrace(PTRACE_SEIZE, pid, NULL, options) < 0)
		return -errno;
	return ptrace(PTRACE_SEIZE, pid, NULL, options) < 0 ? 0 : -ECANCELED; /* nobody is seized twice */
}

/* The command runs when all of this is done, so that it loses no signal and finds no gap. */
static int start_watched(const struct trace_command *command, struct sigaction old[PASSED_SIGNALS], pid_t *ret_pid)
{
	int go[2], result;

	if (pipe(go) < 0)
		return -errno;
	const pid_t pid = fork();
	if (pid == 0) {
		close(go[1]);
		start(command, go[0]);
	}
	result = pid < 0 ? -errno : seize(pid);
	if (result == 0 && command->engine == TRACE_STOPS && ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
		result = -errno; /* the first stop: from then on every call makes one */
	close(go[0]);
	if (result == 0)
		result =
		    child_hide_memory(); /* or the command could write into the memory that its answers come from */
	if (result == 0)
		signal_passing_start(pid, old);
	if (result == 0 && write(go[1], "", 1) != 1)
		result = -errno;
	close(go[1]);
	if (result < 0 && pid > 0)
		waitpid(pid, NULL, 0);
	*ret_pid = pid;
	return result;
}

/* ---- stops ---- */

/* A thread that no answer can be given to must not go on: its call would be made, or its filter's word be lost. */
static void kill_process_of(pid_t tid)
{
	syscall(SYS_tkill, tid, SIGKILL);
}

/* clone(2) makes threads and processes. */
static void look_at_new(struct tracer *tracer, pid_t tid)
{
	unsigned long made;

	if (ptrace(PTRACE_GETEVENTMSG, tid, NULL, &made) < 0)
		return;
	const bool is_process = syscall(SYS_tgkill, (pid_t)made, (pid_t)made, 0) == 0;
	tracer->result.processes += is_process;
	one_processor_add(&tracer->processor, (pid_t)made, is_process);
}

/* Calls that callgate's own child makes before the command are none of the command's. */
static bool is_before_command(struct tracer *tracer, const struct callgate_call *call)
{
	if (tracer->start->engine == TRACE_STOPS && !tracer->has_begun)
		tracer->has_begun = call->nr == callgate_syscall_number(SCMP_ARCH_NATIVE, "execve");
	return tracer->start->engine == TRACE_STOPS && !tracer->has_begun;
}

static void answer_call(struct tracer *tracer, pid_t tid)
{
	struct trace_stop stop = {.tid = tid};
	int result = stopped_call_read(tid, &stop.call, &stop.data);

	if (result == -EIO) /* it comes back from a call */
		return;
	if (result == 0 && !is_before_command(tracer, &stop.call)) {
		one_processor_call(&tracer->processor, &stop.call);
		tracer->result.stops++;
		const struct trace_answer answer = tracer->watcher->called(tracer->watcher->data, &stop);
		if (!answer.is_made)
			result = stopped_call_answer(tid, answer.result);
	}
	if (result < 0 && result != -ESRCH)
		kill_process_of(tid);
}

/* Only the kernel sends SIGSYS with this code: kill(2) and rt_sigqueueinfo(2) have codes that are not positive. */
static void look_at_trap(const struct tracer *tracer, pid_t tid)
{
	enum { SECCOMP_CODE = 1 }; /* SYS_SECCOMP, asm-generic/siginfo.h */
	struct trace_stop stop = {.tid = tid};
	siginfo_t info;

	if (ptrace(PTRACE_GETSIGINFO, tid, NULL, &info) < 0 || info.si_code != SECCOMP_CODE)
		return;
	if (stopped_call_last(tid, &stop.call) < 0)
		return;
	stop.call.arch = info.si_arch;
	stop.call.nr = info.si_syscall;
	stop.data = (uint16_t)info.si_errno;
	tracer->watcher->trapped(tracer->watcher->data, &stop);
}

static void look_at_end(const struct tracer *tracer, pid_t tid)
{
	struct trace_stop stop = {.tid = tid};
	unsigned long status;

	if (ptrace(PTRACE_GETEVENTMSG, tid, NULL, &status) == 0 && WTERMSIG((int)status) == SIGSYS &&
	    stopped_call_last(tid, &stop.call) == 0)
		tracer->watcher->killed(tracer->watcher->data, &stop);
}

static bool is_stop_signal(int number)
{
	return number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

/*
 * A thread of a stopped group stays so until SIGCONT. When a terminal has stopped the command, whoever started this
 * process waits for it to stop, too.
 */
static void stay_stopped(const struct tracer *tracer, pid_t tid, int number)
{
	ptrace(PTRACE_LISTEN, tid, NULL, NULL);
	if (tid == tracer->command && number != SIGSTOP)
		raise(SIGSTOP);
}

static void handle_stop(struct tracer *tracer, pid_t tid, int status)
{
	enum { SYSCALL_STOP = SIGTRAP | 0x80 }; /* PTRACE_O_TRACESYSGOOD */
	const int number = WSTOPSIG(status), event = status >> 16;
	long delivered = 0;

	switch (event) {
	case 0:
		if (number == SYSCALL_STOP) {
			answer_call(tracer, tid);
			break;
		}
		delivered = number;
		if (number == SIGSYS)
			look_at_trap(tracer, tid);
		break;
	case PTRACE_EVENT_SECCOMP:
		answer_call(tracer, tid);
		break;
	case PTRACE_EVENT_EXIT:
		look_at_end(tracer, tid);
		break;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		look_at_new(tracer, tid);
		break;
	case PTRACE_EVENT_STOP:
		if (is_stop_signal(number)) {
			stay_stopped(tracer, tid, number);
			return;
		}
		break;
	default:
		break;
	}
	ptrace(tracer->start->engine == TRACE_STOPS ? PTRACE_SYSCALL : PTRACE_CONT, tid, NULL, delivered);
}

static void watch(struct tracer *tracer)
{
	int status;
	pid_t tid;

	while ((tid = waitpid(-1, &status, __WALL | __WNOTHREAD)) > 0 || (tid < 0 && errno == EINTR)) {
		if (tid < 0)
			continue;
		if (WIFSTOPPED(status)) {
			handle_stop(tracer, tid, status);
			continue;
		}
		one_processor_remove(&tracer->processor, tid);
		if (tid == tracer->command) {
			tracer->result.status = status;
			tracer->has_ended = true;
		}
	}
	if (!tracer->has_ended) {
		kill(tracer->command, SIGKILL);
		tracer->error = -ECANCELED;
	}
}

/* A thread waits for its own children only, and not for those that this process had when it was executed. */
static void *run(void *data)
{
	struct tracer *tracer = data;
	struct sigaction old[PASSED_SIGNALS];
	const int was_dumpable = prctl(PR_GET_DUMPABLE);

	tracer->error = start_watched(tracer->start, old, &tracer->command);
	if (tracer->error == 0) {
		if (tracer->start->on_one_processor)
			one_processor_start(&tracer->processor, tracer->command);
		watch(tracer);
		tracer->result.on_one_processor = tracer->processor.is_kept;
		one_processor_end(&tracer->processor);
		signal_passing_end(old);
	}
	prctl(PR_SET_DUMPABLE, was_dumpable);
	return NULL;
}

int trace_run(const struct trace_command *command, const struct trace_watcher *watcher, struct trace_result *ret_result)
{
	struct tracer tracer = {.start = command, .watcher = watcher, .result.processes = 1};
	pthread_t thread;
	int result = stopped_call_supported();

	if (result == 0)
		result = -pthread_create(&thread, NULL, run, &tracer);
	if (result < 0)
		return result;
	pthread_join(thread, NULL);
	*ret_result = tracer.result;
	return tracer.error;
}
