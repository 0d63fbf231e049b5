/*
 * callgate/coverage.h - which parts of a filter tests exercise, and whether they notice mistakes in it.
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
 * callgate_coverage_update(); then read the structure, and run mutants. Nothing here prints. One thread at a time.
 * callgate_coverage(3)
 */

/* A rule on one architecture, or the action of calls that no rule decides. */
struct callgate_coverage_place {
	uint32_t arch; /* SCMP_ARCH_*; 0 for the action of calls that no rule decides */
	unsigned long hits;
	uint32_t id;                 /* of the rule, as in struct callgate_verdict; else 0 */
	size_t index;                /* of the rule, as in callgate_simulator_rule() */
	enum callgate_reason reason; /* of an action that no rule decides */
};

/* A rule on all architectures where it says the same; each of them counts on its own. */
struct callgate_coverage_rule {
	unsigned int line, column; /* where it stands; 0: this is not known, or it is no rule */
	uint32_t id;               /* the first one; 0: no rule */
	const char *name;          /* of the call; or "other calls", "unknown calls", "other architectures" */
	const char *conditions;    /* "argument 2 & 0x3 == 0x0"; "": whatever the arguments */
	uint32_t action;
	bool missed; /* on some architecture no test exercises it */
	size_t place_count;
	struct callgate_coverage_place *places;
	size_t test_count;
	unsigned int *tests; /* the lines of the tests that exercise it */
};

/* One side of a conditional jump. */
struct callgate_coverage_edge {
	struct callgate_edge edge;
	const char *text;    /* what holds on it, as callgate_explain_edge() says it */
	const char *example; /* "openat on x86_64": a call that can come to it; or "" */
};

struct callgate_coverage_total {
	size_t hit, all;
};

struct callgate_coverage {
	/* Counts. Calls of your own may be run in it, by callgate_simulator_run() and callgate_simulator_cover(). */
	struct callgate_simulator *simulator;
	/* in the order of their places, and then what decides where no rule does; none for a program */
	size_t rule_count;
	struct callgate_coverage_rule *rules;
	size_t edge_count; /* in the order of programs and instructions */
	struct callgate_coverage_edge *edges;
	/* each rule counts once on each of its architectures */
	struct callgate_coverage_total rules_total, edges_total;
};

/*
 * Coverage of a filter, as it is now: a context, or one program. Nothing has been exercised yet. origin, with its data,
 * may be NULL: then rules are in the order of their ids.
 *
 * 0, and the caller frees *ret_coverage; -EINVAL (NULL, several programs), or what callgate_simulator_new() and
 * callgate_simulator_new_program() return, with their diagnosis.
 */
int callgate_coverage_new(const struct callgate_filter *filter, callgate_rule_origin *origin, const void *data,
                          struct callgate_coverage **ret_coverage);

/* NULL is fine. */
void callgate_coverage_free(struct callgate_coverage *coverage);

/*
 * Runs a test as callgate_test_run() does, and counts what it exercises if it passes: every rule and every edge that
 * some call of its set reaches. `live:` and `no weaker than` exercise nothing. The test is about the coverage's filter,
 * which filters[test->filter] is. Passed tests are run on mutants later, so file and filters have to stay.
 *
 * 0, and *ret_result, unless it is NULL, is the caller's to finish; or what callgate_test_run() returns.
 */
int callgate_coverage_test(struct callgate_coverage *coverage, struct callgate_test_file *file, size_t test,
                           const struct callgate_filter *filters, struct callgate_test_result *ret_result);

/*
 * Brings the lists and totals up to date after calls have been run in the simulator. What has more hits than before was
 * exercised by the test in this line; 0: by none that has a line. 0; -EINVAL (NULL), -ENOMEM.
 */
int callgate_coverage_update(struct callgate_coverage *coverage, unsigned int line);

/* ---- mutants: would a test notice if the filter were wrong in one place? ---- */

/* One that no test notices. */
struct callgate_mutant {
	uint32_t rule;             /* id; 0: what decides where no rule does */
	unsigned int line, column; /* of its rule; or 0 */
	char *text;                /* what is wrong with it */
	char *difference;          /* a call, what it gets, and what it would get */
};

struct callgate_mutants {
	size_t all, noticed, equivalent;
	size_t survivor_count;
	struct callgate_mutant *survivors;
};

/*
 * Does the caller's own test fail for this mutant? 1, 0, or -errno, which ends the run. The mutant is asked by
 * callgate_simulator_run(), or as the programs that callgate_simulator_program() gives.
 */
typedef int callgate_mutant_test(void *data, struct callgate_simulator *mutant);

/*
 * Makes each mutant of the filter, as callgate_simulator_mutate(). One that is proved to answer all calls as the filter
 * does is equivalent; the others are given to the tests that have passed, those that exercise their rule first, and at
 * last to `test`, which may be NULL, until one fails. Live tests are not run. A program has no mutants.
 *
 * 0, and the caller frees *ret_mutants; -EINVAL (NULL), -ENOMEM, or what callgate_simulator_new_changed() and `test`
 * return.
 */
int callgate_mutants_run(const struct callgate_coverage *coverage, callgate_mutant_test *test, void *data,
                         struct callgate_mutants **ret_mutants);

/* NULL is fine. */
void callgate_mutants_free(struct callgate_mutants *mutants);

/*
 * Mutant `index` of the simulator's rules: one of them dropped, or one of its comparisons widened, or an action changed
 * to ALLOW, on all architectures at once. Whether a mutant behaves as the original is for the caller to find out
 * (callgate/prove.h).
 *
 * 0; -ENOENT after the last, and for a simulator of a program, which has no rules; -EINVAL for NULL; -ENOMEM, -E2BIG.
 * ret_rule is the rule's id (0: an action of calls that no rule decides), *ret_text a malloc'ed description, both of
 * which may be NULL. The caller frees *ret_mutant.
 */
int callgate_simulator_mutate(const struct callgate_simulator *simulator, size_t index,
                              struct callgate_simulator **ret_mutant, uint32_t *ret_rule, char **ret_text);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
