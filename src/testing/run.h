/*
 * One test while it runs.
 */
#ifndef CALLGATE_TESTING_RUN_H
#define CALLGATE_TESTING_RUN_H

#include "base/strbuf.h"
#include "testing/cases.h"
#include "testing/file.h"
#include "testing/words.h"

struct run {
	const struct file_line *line;
	const struct file_part *part; /* that the line is in */
	const struct callgate_side *filter, *other;
	struct callgate_simulator *simulator; /* counts; may be NULL */
	/* What the test is for: the line's own list, or the filter's. */
	const uint32_t *archs;
	size_t arch_count;
	uint32_t own_archs[WORDS_ARCHS_MAX];
	struct callgate_test_result *result;
};

/*
 * Ends of a test: each sets the status and the texts, and returns 0, or -ENOMEM.
 */
__attribute__((format(printf, 2, 3))) int run_trouble(struct run *run, const char *format, ...);
/* The witness does not get what the test expects. The expectation in words: malloc'ed, and taken; NULL: -ENOMEM. */
int run_fail(struct run *run, const struct callgate_call *witness, char *expected);

/* The simulator, or a new one of the filter, which *ret_own is then set to; NULL: none can be had. */
struct callgate_simulator *run_simulator(struct run *run, struct callgate_simulator **ret_own);

/* "ERRNO(EPERM)" with the names of errors that an architecture has. Malloc'ed; NULL: no memory. */
char *run_action_text(uint32_t arch, uint32_t action);

/* The action of the line on this architecture; a mistake is the test's trouble. 0 or -ENOMEM. */
int run_action(struct run *run, uint32_t arch, uint32_t *ret_action);

/* -1: the architecture lacks it. Not for sets. */
int32_t run_number_of(const struct file_calls *calls, uint32_t arch);

typedef VEC(int32_t) run_numbers;

/* Adds the numbers of all calls that the line names, -1 where the architecture lacks one. 0 or -ENOMEM. */
int run_list_numbers(const struct file_line *line, uint32_t arch, run_numbers *list);

/* Ascending. */
void run_sort_numbers(run_numbers *list);

/* The kinds of tests that have a file of their own. */
int run_calls(struct run *run);
int run_only(struct run *run);
int run_live(struct run *run);
int run_others(struct run *run);

#endif
