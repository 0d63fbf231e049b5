/*
 * One function under a filter: a supervisor, which is a child of this process, starts the function in a child of its own, ends it
 * at the deadline and reports how it ended. So it does not matter what this process does about SIGCHLD, or who else waits here.
 * Everything comes back through a status block in shared memory: the child needs no system call once the filter is there.
 */
#ifndef CALLGATE_TESTING_LIVE_H
#define CALLGATE_TESTING_LIVE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <callgate/simulate.h>
#include <callgate/testing.h>

enum live_progress { LIVE_BEFORE = 0, LIVE_REFUSED, LIVE_RUNNING, LIVE_RETURNED, LIVE_TRAPPED };

/* The status block, in shared memory. */
struct live_status {
	/* By the child. */
	volatile enum live_progress progress;
	volatile int result; /* what the function returned */
	volatile int error;  /* errno then; or of the load */
	volatile int nr;     /* of the trapped call */
	volatile uint32_t arch;
	char text[200]; /* why the load was refused */
	/* By the supervisor. */
	volatile bool may_go; /* the child waits for it */
	volatile bool has_ended, is_late;
	volatile int wait_status; /* once it has ended: as waitpid() has it */
	volatile bool has_call;
	struct callgate_call call; /* that the observer looked for */
};

/* Looks for the last call of the function whose verdict ends the child so. */
struct live_observer {
	struct callgate_simulator *simulator;
	enum callgate_live_end end; /* SIGNAL (SIGSYS), TRAP, ERRNO */
	int value;
};

/* `status` is zeroed. observer: NULL, or the child is traced, as far as it may be. */
struct live_job {
	scmp_filter_ctx ctx;
	const struct callgate_program *program;
	int (*function)(void *);
	void *data;
	unsigned int deadline; /* milliseconds */
	const struct live_observer *observer;
	struct live_status *status;
	sigset_t mask; /* the caller's signal mask, for the child */
};

/* The child's side. */
__attribute__((noreturn)) void live_child(const struct live_job *job);

/* Runs the job to its end; what came of it is in the status block. */
void live_supervise(struct live_job *job);

#endif
