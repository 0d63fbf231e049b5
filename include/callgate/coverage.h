/*
 * callgate/coverage.h - finds which parts of a filter tests exercise, and whether they notice mistakes in it.
 * SPDX-License-Identifier: MIT
 */
#ifndef CALLGATE_COVERAGE_H
#define CALLGATE_COVERAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seccomp.h>

#include <callgate/prove.h>
#include <callgate/simulate.h>
#include <callgate/test_file.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * Link with -lcallgate-testing (pkg-config callgate-testing). The order of use: callgate_coverage_new() for a filter;
 * the tests of a file by callgate_coverage_test(), or calls of your own in `simulator` and then
 * callgate_coverage_update(); then read the structure, and run mutants. No function prints. Only one thread at a time
 * may use a coverage. See callgate_coverage(3).
 */

/* A rule on one architecture, or the action of calls that no rule decides. */
struct callgate_coverage_place {
	uint32_t arch; /* SCMP_ARCH_*; 0 for the action of calls that no rule decides */
	unsigned long hits;
	uint32_t id;                 /* of the rule, as in struct callgate_verdict; else 0 */
	size_t index;                /* of the rule, as in callgate_simulator_rule() */
	enum callgate_reason reason; /* of an action that no rule decides */
};

/* A rule, on all architectures on which it is the same. Each architecture is counted separately. */
struct callgate_coverage_rule {
	unsigned int line, column; /* the place of the rule; 0: not known, or no rule */
	uint32_t id;               /* the id of the first rule; 0: no rule */
	const char *name;          /* of the call; or "other calls", "unknown calls", "other architectures" */
	const char *conditions;    /* "argument 2 & 0x3 == 0x0"; "": any arguments */
	uint32_t action;
	bool missed; /* on some architecture, no test exercises the rule */
	size_t place_count;
	struct callgate_coverage_place *places;
	size_t test_count;
	unsigned int *tests; /* the lines of the tests that exercise the rule */
};

/* One branch of a conditional jump. */
struct callgate_coverage_edge {
	struct callgate_edge edge;
	const char *text;    /* the condition on this branch, as callgate_explain_edge() writes it */
	const char *example; /* a call that can take the branch: "openat on x86_64"; or "" */
};

struct callgate_coverage_total {
	size_t hit, all;
};

struct callgate_coverage {
	/* The counters. Callers may run calls in it, by callgate_simulator_run() and callgate_simulator_cover(). */
	struct callgate_simulator *simulator;
	/* rules in the order of their places, then the actions of calls that no rule decides; none for a program */
	size_t rule_count;
	struct callgate_coverage_rule *rules;
	size_t edge_count; /* in the order of programs and instructions */
	struct callgate_coverage_edge *edges;
	/* each rule counts once on each of its architectures */
	struct callgate_coverage_total rules_total, edges_total;
};

/*
 * Starts the coverage of a filter in its current state: a context, or one program. At first nothing is exercised.
 * `origin`, which is called with `data`, may be NULL; then rules are in the order of their ids.
 *
 * Returns 0, and the caller frees *ret_coverage; -EINVAL (NULL, several programs), or what callgate_simulator_new() and
 * callgate_simulator_new_program() return, with their diagnosis.
 */
int callgate_coverage_new(const struct callgate_filter *filter, callgate_rule_origin *origin, const void *data,
                          struct callgate_coverage **ret_coverage);

/* Frees it; NULL is allowed. */
void callgate_coverage_free(struct callgate_coverage *coverage);

/*
 * Runs a test as callgate_test_run() does. If the test passes, counts what it exercises: every rule and every edge that
 * some call of its set reaches. `live:` and `no weaker than` exercise nothing. The test must be about the coverage's
 * filter, which is filters[test->filter]. Passed tests are later run on mutants, so `file` and `filters` must stay
 * valid.
 *
 * Returns 0, and the caller finishes *ret_result, unless ret_result is NULL; or what callgate_test_run() returns.
 */
int callgate_coverage_test(struct callgate_coverage *coverage, struct callgate_test_file *file, size_t test,
                           const struct callgate_filter *filters, struct callgate_test_result *ret_result);

/*
 * Updates the lists and totals after calls were run in the simulator. A rule with more hits than before is listed as
 * exercised by the test in this line; 0: by no test that has a line. Returns 0; -EINVAL (NULL), -ENOMEM.
 */
int callgate_coverage_update(struct callgate_coverage *coverage, unsigned int line);

/* ---- mutants: would a test notice if the filter were wrong in one place? ---- */

/* A mutant that no test notices. */
struct callgate_mutant {
	uint32_t rule;             /* the id of the changed rule; 0: an action of calls that no rule decides */
	unsigned int line, column; /* the place of the rule; or 0 */
	char *text;                /* what is wrong with the mutant */
	char *difference;          /* a call, its action under the mutant, and its action under the filter */
};

struct callgate_mutants {
	size_t all, noticed, equivalent;
	size_t survivor_count;
	struct callgate_mutant *survivors;
};

/*
 * The caller's own test of a mutant. Returns 1 if the test fails, 0 if it passes, or -errno, which ends the run. The
 * test runs calls by callgate_simulator_run(), or examines the programs that callgate_simulator_program() returns.
 */
typedef int callgate_mutant_test(void *data, struct callgate_simulator *mutant);

/*
 * Makes each mutant of the filter, by callgate_simulator_mutate(). A mutant that is proved to answer all calls as the
 * filter does is equivalent. On the others, the tests that have passed are run until one fails, beginning with those
 * that exercise the changed rule; `test`, unless it is NULL, is run last. Live tests are not run. A program has no
 * mutants.
 *
 * Returns 0, and the caller frees *ret_mutants; -EINVAL (NULL), -ENOMEM, or what callgate_simulator_new_changed() and
 * `test` return.
 */
int callgate_mutants_run(const struct callgate_coverage *coverage, callgate_mutant_test *test, void *data,
                         struct callgate_mutants **ret_mutants);

/* Frees it; NULL is allowed. */
void callgate_mutants_free(struct callgate_mutants *mutants);

/*
 * Makes mutant `index` of the simulator's rules: one rule is dropped, or one of its comparisons is dropped or widened,
 * or an action is changed to ALLOW, on all architectures at once. A mutant can be equivalent to the original, which the
 * caller can find out with <callgate/prove.h>.
 *
 * *ret_rule becomes the rule's id (0: an action of calls that no rule decides), and *ret_text a description; ret_rule
 * and ret_text may be NULL. Returns 0, and the caller frees *ret_mutant by callgate_simulator_free() and *ret_text by
 * free(); -ENOENT after the last mutant, and for a simulator of a program, which has no rules; -EINVAL for NULL;
 * -ENOMEM, -E2BIG.
 */
int callgate_simulator_mutate(const struct callgate_simulator *simulator, size_t index,
                              struct callgate_simulator **ret_mutant, uint32_t *ret_rule, char **ret_text);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
