/* callgate/prove.h - are two filters the same, and where do they differ? SPDX-License-Identifier: MIT */
#ifndef CALLGATE_PROVE_H
#define CALLGATE_PROVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seccomp.h>

#include <callgate/program.h>
#include <callgate/simulate.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * ---- what is proved of a context's own program ----
 *
 * seccomp_load(), seccomp_export_bpf(), seccomp_export_bpf_mem(), seccomp_precompute() and callgate_program_compile()
 * prove, for every input there is, that what they hand out answers as the rules say. If it does not, nothing is handed
 * out: they return -EFAULT, and callgate_diagnosis() shows a call that makes the difference.
 */
enum callgate_proof {
	/* The default: -EFAULT also if the budget of the proof runs out before there is an answer. */
	CALLGATE_PROOF_REQUIRED = 0,
	/* A program for which the budget runs out is handed out; one that is disproved never is. */
	CALLGATE_PROOF_ATTEMPTED,
	/* Nothing is proved. To measure what building costs without the proof; never to build a filter that is used. */
	CALLGATE_PROOF_OFF_FOR_TIMING
};

/*
 * Sets it for later calls; seccomp_reset() sets it back. Returns 0, or -EINVAL (bad context, unknown value), and
 * callgate_diagnosis() says which.
 */
int callgate_proof_set(scmp_filter_ctx ctx, enum callgate_proof proof);

/*
 * ---- comparing filters ----
 *
 * A filter to ask about: the rules of a context if `ctx` is not NULL, or else `program_count` programs that are loaded
 * in this order, whose combined effect counts: the strictest verdict, as the kernel takes it (seccomp(2)).
 */
struct callgate_filter {
	scmp_filter_ctx ctx;
	const struct callgate_program *const *programs;
	size_t program_count;
};

/* A call is allowed where the verdict is ALLOW or LOG. */
enum callgate_relation {
	CALLGATE_RELATION_UNKNOWN = 0,  /* not decided within the budget, or not modelled: never a success */
	CALLGATE_RELATION_EQUAL,        /* the same verdict on every call */
	CALLGATE_RELATION_SAME_ALLOWED, /* the same calls are allowed; others get different verdicts */
	CALLGATE_RELATION_SUBSET,       /* the first allows less than the second, and nothing else */
	CALLGATE_RELATION_SUPERSET,     /* the first allows more than the second, and everything that it allows */
	CALLGATE_RELATION_NEITHER,      /* each allows something that the other does not */
	CALLGATE_RELATION_REFUSED,      /* the kernel would refuse a program: callgate_diagnosis(NULL) says why */
	CALLGATE_RELATION_DIFFERENT     /* they differ, as the list shows; which allows more is not decided */
};

/*
 * Calls with all those numbers [nr_first, nr_last] of the witness's architecture that have nr_value under nr_mask (0:
 * all of them), two verdicts, and one call that shows them.
 */
struct callgate_difference {
	uint32_t nr_first, nr_last;
	/*
	 * Confirmed by simulation. arch is an audit value, which callgate_simulate() takes as it is; but for 0 and
	 * SCMP_ARCH_X32, which no kernel passes and which stand for other architectures there.
	 */
	struct callgate_call witness;
	/* bit i: it depends on argument i; bit 6: on the instruction pointer. The other fields do not matter. */
	uint8_t depends;
	uint32_t first, second; /* the verdicts, SCMP_ACT_* values with their data */
	char *text;             /* "socket(38, *, *) on x86: A allows, B gives ERRNO(EPERM)" */
	/* only numbers that have this value under the mask; the first and the last one have it */
	uint32_t nr_mask, nr_value;
};

struct callgate_comparison {
	enum callgate_relation relation;
	bool complete; /* every difference is in the list, one for each system call and pair of verdicts */
	size_t count;
	struct callgate_difference *differences; /* in the order of architectures and numbers */
};

/*
 * Compares two filters on every input there is, and finds up to `max` differences. To compare a context with its own or
 * another program is to ask whether that program is right.
 *
 * Returns 0, and the caller frees the result with callgate_comparison_free(); -EINVAL (NULL, a bad context, a filter
 * with nothing in it), -ENOMEM; callgate_diagnosis(NULL) says why, also for CALLGATE_RELATION_UNKNOWN, _DIFFERENT and
 * _REFUSED.
 */
int callgate_compare(const struct callgate_filter *first, const struct callgate_filter *second, size_t max,
                     struct callgate_comparison **ret_comparison);

/* NULL is fine. */
void callgate_comparison_free(struct callgate_comparison *comparison);

/* What a filter does with all calls that match a partial one. */
struct callgate_answer {
	/* false: not decided within the budget, or not modelled; then nothing else in here means anything */
	bool proved;
	bool holds; /* every such call gets the action; also where no call matches */
	bool ever_allowed, ever_denied;
	struct callgate_call witness; /* if it does not hold: a call that gets another action, */
	uint32_t action;              /* this one */
};

/*
 * Do all calls of this architecture (SCMP_ARCH_*) and number whose arguments satisfy all `count` comparisons get
 * exactly `action`? Without comparisons: whatever the arguments are. Comparisons are on 64 bits, and several may name
 * one argument.
 *
 * Returns 0; -EINVAL (as above, an unknown architecture, argument or operator, a program that the kernel would refuse),
 * -ENOMEM; callgate_diagnosis(NULL) says why.
 */
int callgate_ask(const struct callgate_filter *filter, uint32_t arch, int32_t nr, size_t count,
                 const struct scmp_arg_cmp *comparisons, uint32_t action, struct callgate_answer *ret_answer);

/* ---- which calls of a number get which action ---- */

/*
 * (argument & mask) OP value, unsigned, OP one of SCMP_CMP_NE, _LT, _LE, _EQ, _GE, _GT. Argument 6 is the instruction
 * pointer.
 */
struct callgate_condition {
	unsigned int argument;
	enum scmp_compare op;
	uint64_t mask, value;
};

/*
 * Of the calls that were asked about, all those that satisfy all conditions get the action. The example is one of them.
 */
struct callgate_case {
	uint32_t action;
	size_t condition_count;
	const struct callgate_condition *conditions;
	struct callgate_call example;
};

/* No call is in two cases. */
struct callgate_cases {
	bool complete; /* every call that was asked about is in one */
	size_t count;
	struct callgate_case *cases;
};

/*
 * Divides the calls that callgate_ask() asks about into at most `max` cases, each with one action, as the proof has it:
 * nothing is sampled. Where no call satisfies the comparisons there is no case.
 *
 * Returns 0, and the caller frees the result with callgate_cases_free(); -EINVAL (as for callgate_ask()), -ENOMEM,
 * -EDQUOT (not decided within the budget, or not modelled); callgate_diagnosis(NULL) says why.
 */
int callgate_cases_find(const struct callgate_filter *filter, uint32_t arch, int32_t nr, size_t count,
                        const struct scmp_arg_cmp *comparisons, size_t max, struct callgate_cases **ret_cases);

/* NULL is fine. */
void callgate_cases_free(struct callgate_cases *cases);

/* ---- which numbers are ever allowed ---- */

#define CALLGATE_RANGE_ACTIONS 16

/* Numbers [first, last]. An action is in the list if some call with such a number, whatever its arguments, gets it. */
struct callgate_number_range {
	uint32_t first, last;
	bool ever_allowed, ever_denied; /* of all calls there are: ALLOW or LOG, or anything else */
	bool complete;                  /* the list has all actions; they are ascending, with their data */
	size_t count;
	uint32_t actions[CALLGATE_RANGE_ACTIONS];
};

/* Ranges in ascending order that hold every 32-bit number; neighbours differ. */
struct callgate_numbers {
	size_t count;
	struct callgate_number_range *ranges;
};

/*
 * What a filter does with every number of an architecture (SCMP_ARCH_*; x32 and x86_64 are one, and the numbers
 * distinguish them).
 *
 * Returns 0, and the caller frees the result with callgate_numbers_free(); -EINVAL (as for callgate_ask()), -ENOMEM,
 * -EDQUOT (not decided within the budget, or not modelled); callgate_diagnosis(NULL) says why.
 */
int callgate_numbers_find(const struct callgate_filter *filter, uint32_t arch, struct callgate_numbers **ret_numbers);

/* NULL is fine. */
void callgate_numbers_free(struct callgate_numbers *numbers);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
