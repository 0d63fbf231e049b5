/*
 * One test while it runs, and what comes of it.
 */
#ifndef CALLGATE_TESTING_RUN_RESULT_H
#define CALLGATE_TESTING_RUN_RESULT_H

#include "testing/cases.h"
#include "testing/words.h"

struct run {
	const struct file_line *line;
	const struct file_part *part; /* that the line is in */
	const struct callgate_filter *filter, *other;
	struct callgate_simulator *simulator; /* counts; may be NULL */
	/* What the test is for: the line's own list, or the filter's. */
	const uint32_t *archs;
	size_t arch_count;
	uint32_t own_archs[FILE_ARCHS_MAX];
	struct callgate_test_result *result;
};

/*
 * Ends of a test: each sets the status and the texts, and returns 0, or -ENOMEM.
 */
/* There is no answer, and this is why. */
__attribute__((format(printf, 2, 3))) int run_error(struct run *run, const char *format, ...);
/*
 * The witness does not get what the test expects. The expectation in words, and how a real call ended or NULL: malloc'ed, and
 * taken; no expectation: -ENOMEM.
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
 * Counts in the run's simulator, if it has one, what calls with these numbers reach, as callgate_simulator_cover(). What the
 * prover does not decide stays uncounted. 0 or -errno.
 */
int run_cover(struct run *run, uint32_t arch, uint32_t nr_first, uint32_t nr_last, size_t count,
              const struct scmp_arg_cmp *comparisons);

/* Tests about whole sets of calls: run_only() for `only`; run_others() for other calls, unknown calls, other architectures. */
int run_only(struct run *run);
int run_others(struct run *run);
int run_live(struct run *run);

#endif
