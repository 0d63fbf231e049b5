/*
 * One test while it runs, and what comes of it. The assertions are lines as well, which no file has.
 */
#ifndef CALLGATE_TESTING_RUN_H
#define CALLGATE_TESTING_RUN_H

#include <signal.h>
#include <sys/types.h>

#include "testing/test_file.h"
#include "testing/words.h"

struct run {
	const struct file_line *line;
	const struct file_part *part; /* that the line is in; NULL for an assertion */
	const struct callgate_filter *filter, *other;
	struct callgate_simulator *simulator; /* counts; may be NULL */
	bool takes_notes;                     /* looks for what is worth a note */
	/* Compares only those bits of arguments that the kernel reads, and passes over calls of which it reads all. */
	bool narrows;
	/* What the test is for: the line's own list, or the filter's. */
	const uint32_t *archs;
	size_t arch_count;
	uint32_t own_archs[FILE_ARCHS_MAX];
	const struct file_calls *calls; /* of the line, that are being tested; may be NULL */
	struct callgate_test_result *result;
};

/* Runs the line, whichever kind it is of. 0, and there is a result; or -ENOMEM, and there is none. */
int run_line(struct run *run);
/* callgate_test_run() with notes or without. */
int run_test(const struct callgate_test_file *file, size_t test, const struct callgate_filter *filters,
             struct callgate_simulator *simulator, bool takes_notes, struct callgate_test_result *ret_result);

/* Tests about whole sets of calls; and one real call. As run_line(). */
int run_sets(struct run *run);
int run_live(struct run *run);

/* Ends of a test: each sets the status and the texts, and returns 0, or -ENOMEM. */
/* There is no answer, and this is why. */
__attribute__((format(printf, 2, 3))) int run_error(struct run *run, const char *format, ...);
/*
 * The witness does not get what the test expects. The expectation in words, and how a real call ended or NULL:
 * malloc'ed, and taken; no expectation: -ENOMEM.
 */
int run_fail(struct run *run, const struct callgate_call *witness, char *expected, char *ending);

/* The simulator, or a new one of the filter, which *ret_own is then set to; NULL: none can be had. */
struct callgate_simulator *run_simulator(struct run *run, struct callgate_simulator **ret_own);

/* "ERRNO(EPERM)" with the names of errors that an architecture has. Malloc'ed; NULL: no memory. */
char *run_action_text(uint32_t arch, uint32_t action);

/* The action of the line on this architecture; a mistake is an error of the test. 0 or -ENOMEM. */
int run_action(struct run *run, uint32_t arch, uint32_t *ret_action);

/* -1: the architecture lacks it. Not for sets. */
int32_t run_number_of(const struct file_calls *calls, uint32_t arch);

/*
 * Counts in the run's simulator, if it has one, what calls with these numbers reach, as callgate_simulator_cover().
 * What the prover does not decide stays uncounted. 0 or -errno.
 */
int run_cover(struct run *run, uint32_t arch, uint32_t nr_first, uint32_t nr_last, size_t count,
              const struct scmp_arg_cmp *comparisons);

/*
 * ---- a function under a filter ----
 *
 * A supervisor, which is a child of this process, starts the function in a child of its own, ends it at the deadline
 * and reports how it ended. So it does not matter what this process does about SIGCHLD, or who else waits here.
 * Everything comes back through a status block in shared memory: the child needs no system call once the filter is
 * there.
 */
enum live_progress { LIVE_BEFORE = 0, LIVE_REFUSED, LIVE_RUNNING, LIVE_RETURNED, LIVE_TRAPPED };

/* The status block, in shared memory. */
struct live_status {
	/* By the child. */
	volatile enum live_progress progress;
	volatile int result;        /* what the function returned */
	volatile long call_result;  /* of the call of a `live:` line, */
	volatile bool has_returned; /* if it has one */
	volatile int error;         /* errno then; or of the load */
	volatile int nr;            /* of the trapped call */
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

/* Runs the job to its end; what came of it is in the status block. */
void live_supervise(struct live_job *job);

#endif
