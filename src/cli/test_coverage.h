/*
 * What the tests of a file exercise in one of its filters: rules, and edges of the programs.
 */
#ifndef CALLGATE_CLI_TEST_COVERAGE_H
#define CALLGATE_CLI_TEST_COVERAGE_H

#include <callgate/testing.h>

#include "base/arena.h"
#include "cli/test_source.h"

struct coverage_place {
	uint32_t arch;
	unsigned long hits;
	uint32_t id;                 /* of the rule; 0: a default */
	size_t index;                /* of the rule in the simulator */
	enum callgate_reason reason; /* of a default */
};

/* A rule on all architectures where it says the same; each counts on its own. */
struct coverage_rule {
	unsigned int line, column; /* in the profile; 0: it is no entry of its own */
	uint32_t id;               /* the first one; 0: a default */
	const char *name;          /* of the call; or "other calls" and so on, as test files call them */
	const char *conditions;    /* "argument 2 & 0x3 == 0x0"; "": whatever the arguments */
	uint32_t action;
	size_t place_count;
	struct coverage_place *places;
	size_t test_count;
	unsigned int *tests; /* lines of the test file that exercise it */
};

struct coverage_edge {
	struct callgate_edge edge;
	const char *text;    /* what holds on it */
	const char *example; /* "openat on x86_64" or "" */
};

struct coverage_total {
	size_t hit, all;
};

struct coverage {
	struct arena arena; /* everything below */
	const struct test_source *source;
	size_t filter; /* of the source */
	struct callgate_simulator *simulator;
	size_t rule_count;
	struct coverage_rule *rules; /* in the profile's order, then the defaults; none for a program */
	size_t place_count;
	struct coverage_place *places; /* of all rules, in their order */
	size_t edge_count;
	struct coverage_edge *edges;
	struct coverage_total rules_total, edges_total;
};

/*
 * Runs the filter's chosen tests about calls once more, in a simulator. Live ones say nothing of what else they touch, and are left out, as
 * are those that fail. NULL after a message was printed.
 */
struct coverage *coverage_collect(const struct test_source *source, size_t filter);

/* The filter, and whether it has rules: a program has none. */
const struct filter *coverage_filter(const struct coverage *coverage);
bool coverage_has_rules(const struct coverage *coverage);

/* NULL is fine. */
void coverage_free(struct coverage *coverage);

/* Tenths of a percent, rounded down; 1000 of nothing. */
unsigned int coverage_permille(const struct coverage_total *total);

/* "x86_64" */
const char *coverage_arch_name(uint32_t arch);

/* Is there an architecture on which no test exercises the rule? */
bool coverage_is_missed(const struct coverage_rule *rule);

/* Does the test in this line exercise the rule? */
bool coverage_exercises(const struct coverage *coverage, uint32_t id, unsigned int line);

/* ---- filters that are wrong in one place: does a test notice? ---- */

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

/* ---- as one page of HTML ---- */

/* A filter's part of the page. */
struct coverage_page {
	struct coverage *coverage;
	bool has_mutants;
	struct mutants mutants;
};

/* Prints all of them. False: out of memory. */
bool coverage_page_print(FILE *out, const struct coverage_page *pages, size_t count);

#endif
