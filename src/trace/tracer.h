/*
 * Runs a command and watches all its processes with ptrace(2): the calls that its filter hands over (SECCOMP_RET_TRACE), the ones it
 * traps, and the ones that kill. What the command does otherwise goes on as without a tracer: signals, stops and continues, exit
 * statuses. If this process ends, the command's processes are killed (PTRACE_O_EXITKILL).
 *
 * One command at a time. SIGPIPE, SIGXFSZ, SIGTTIN and SIGTTOU are ignored from then on, so that what is written fails and does not end
 * this process.
 */
#ifndef CALLGATE_TRACE_TRACER_H
#define CALLGATE_TRACE_TRACER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <callgate/simulate.h>

/* A thread that has stopped at a call. Its files below /proc can be read until the callback returns. */
struct trace_stop {
	pid_t tid;
	struct callgate_call call;
	uint16_t data; /* of the SECCOMP_RET_TRACE, which another filter may have made */
};

/* What becomes of a call that was handed over. */
struct trace_answer {
	bool is_made; /* false: not made; its result is `result`, a value or -errno */
	long result;
};

struct trace_watcher {
	struct trace_answer (*called)(void *data, const struct trace_stop *stop);
	void (*trapped)(void *data,
	                const struct trace_stop *stop); /* before the SIGSYS of a filter is delivered */
	void (*killed)(void *data,
	               const struct trace_stop *stop); /* a thread ends by SIGSYS; its last call may be why */
	void *data;
};

/* The command. `enter` runs in the child, which is watched already: it loads the filter, executes, and returns an exit status. */
struct trace_command {
	int (*enter)(void *data);
	void *data;
};

/* How the command ended, after all of its processes have. */
struct trace_result {
	int status;         /* of wait(2): the command's own */
	unsigned processes; /* all that there have been */
};

/*
 * Returns 0 after the last process; -EPERM (ptrace(2) is forbidden, or a tracer is attached already), -EAGAIN and -ENOMEM (no process),
 * -EOPNOTSUPP (stopped_call_supported()); then nothing has run. -ECANCELED: an older filter around this process answers ptrace(2) or wait4(2)
 * in the kernel's place; the command has not run, or is killed.
 */
int trace_run(const struct trace_command *command, const struct trace_watcher *watcher,
              struct trace_result *ret_result);

#endif
