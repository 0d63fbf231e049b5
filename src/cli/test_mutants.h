/*
 * Filters that are wrong in one place: does a test notice?
 */
#ifndef CALLGATE_CLI_TEST_MUTANTS_H
#define CALLGATE_CLI_TEST_MUTANTS_H

#include "cli/test_coverage.h"

/* One that no test notices. */
struct mutant {
	unsigned int line, column; /* of its rule in the profile; 0: a default's */
	char *text;                /* what is wrong with it */
	char *difference;          /* a call, what it gets, and what it would get */
};

struct mutants {
	size_t all, noticed, equivalent;
	size_t survivor_count;
	struct mutant *survivors;
};

/*
 * Runs the tests of the filter against each of its mutants until one fails. Mutants that are proved to answer all calls
 * as the filter does are counted, and no more. Live tests are not run. False after a message was printed. mutants_finish() in any case.
 */
bool mutants_run(const struct coverage *coverage, struct mutants *ret_mutants);
void mutants_finish(struct mutants *mutants);

#endif
