/*
 * Runs a command and watches all its processes with ptrace(2): the calls that its filter hands over
 * (SECCOMP_RET_TRACE), the ones it traps, and the ones that kill. What the command does otherwise goes on as without a
 * tracer: signals, stops and continues, exit statuses. If this process ends, the command's processes are killed
 * (PTRACE_O_EXITKILL).
 *
 * One command at a time; signals are as in trace/signal_passing.h.
 */
#ifndef CALLGATE_TRACE_TRACER_H
#define CALLGATE_TRACE_TRACER_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <callgate/simulate.h>

/* A thread that has stopped at a call. Its files below /proc can be read until the callback returns. */
struct trace_stop {
	pid_t tid;
	struct callgate_call call;
	uint16_t data; /* of the SECCOMP_RET_TRACE, which another filter may have made; else 0 */
};

/* What becomes of a call that was handed over. */
struct trace_answer {
	bool is_made; /* false: not made; its result is `result`, a value or -errno */
	long result;
};

struct trace_watcher {
	struct trace_answer (*called)(void *data, const struct trace_stop *stop);
	void (*trapped)(void *data, const struct trace_stop *stop); /* before the SIGSYS of a filter is delivered */
	void (*killed)(void *data,
	               const struct trace_stop *stop); /* a thread ends by SIGSYS; its last call may be why */
	void *data;
};

enum trace_engine {
	TRACE_FILTER, /* what the command's filter hands over (SECCOMP_RET_TRACE) stops, and nothing else */
	TRACE_STOPS,  /* every call stops, whatever filters say: those too that filters of the command deny */
};

/*
 * The command. `enter` runs in the child, which is watched already: it loads the filter, executes, and returns an exit
 * status. Its second argument is for the listener of notify_run(); NULL here.
 */
struct trace_command {
	int (*enter)(void *data, _Atomic int *ret_listener);
	void *data;
	enum trace_engine engine;
	/*
	 * The tracer and the command share a processor, which makes a stop several times faster, as long as the command
	 * has at most two processes with a thread each, and has not asked where it may run.
	 */
	bool on_one_processor;
};

/* How the command ended, after all of its processes have. */
struct trace_result {
	int status;            /* of wait(2): the command's own */
	unsigned processes;    /* all that there have been; 0: unknown */
	unsigned long stops;   /* at calls */
	bool on_one_processor; /* to the end */
};

/*
 * Returns 0 after the last process; -EPERM (ptrace(2) is forbidden, or a tracer is attached already), -EAGAIN and
 * -ENOMEM (no process), -EOPNOTSUPP (stopped_call_supported()); then nothing has run. -ECANCELED: an older filter
 * around this process answers ptrace(2) or wait4(2) in the kernel's place; the command has not run, or is killed.
 */
int trace_run(const struct trace_command *command, const struct trace_watcher *watcher,
              struct trace_result *ret_result);

/*
 * ---- one_processor.c, for tracer.c ----
 *
 * A tracer and what it traces on one processor: a stop is several times faster there, as nobody has to be woken on
 * another. A command that could use more processors, or asks for them, gets what it had.
 */

enum { ONE_PROCESSOR_PROCESSES = 2 };

/* Zeroed at first; then the other functions do nothing. */
struct one_processor {
	bool is_kept;
	cpu_set_t before; /* where the calling thread, and the command, might run */
	unsigned count;
	pid_t processes[ONE_PROCESSOR_PROCESSES];
};

/* The calling thread, which is the tracer, and the command. */
void one_processor_start(struct one_processor *processor, pid_t command);

/* The command has a new process, or a thread. */
void one_processor_add(struct one_processor *processor, pid_t tid, bool is_process);
void one_processor_remove(struct one_processor *processor, pid_t tid);

/* Before this call of the command is made. */
void one_processor_call(struct one_processor *processor, const struct callgate_call *call);

void one_processor_end(struct one_processor *processor);

#endif
