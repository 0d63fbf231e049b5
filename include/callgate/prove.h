/* callgate/prove.h - whether two filters are equal, and where they differ. SPDX-License-Identifier: MIT */
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
 * prove, for every possible input, that the program that they hand out answers as the rules say. If it does not, they
 * hand out no program and return -EFAULT, and callgate_diagnosis() shows a call on which the program is wrong.
 */
enum callgate_proof {
	/* The default: a program for which the budget of the proof runs out is refused with -EFAULT, too. */
	CALLGATE_PROOF_REQUIRED = 0,
	/* A program for which the budget runs out is handed out; a program that is disproved never is. */
	CALLGATE_PROOF_ATTEMPTED,
	/* Nothing is proved. Only for measuring the cost of building without the proof, never for a filter in use. */
	CALLGATE_PROOF_OFF_FOR_TIMING
};

/*
 * Sets which proof later calls make; seccomp_reset() restores the default. Returns 0, or -EINVAL (bad context, unknown
 * value), and callgate_diagnosis() says which.
 */
int callgate_proof_set(scmp_filter_ctx ctx, enum callgate_proof proof);

/*
 * ---- comparing filters ----
 *
 * A filter for queries: the rules of a context if `ctx` is not NULL, or otherwise `program_count` programs that are
 * loaded in this order. Like the kernel, queries take the strictest verdict of several programs (seccomp(2)).
 */
struct callgate_filter {
	scmp_filter_ctx ctx;
	const struct callgate_program *const *programs;
	size_t program_count;
};

/* How two filters compare. A call is allowed if the verdict is ALLOW or LOG. */
enum callgate_relation {
	CALLGATE_RELATION_UNKNOWN = 0,  /* not decided within the budget, or not modelled; not a success */
	CALLGATE_RELATION_EQUAL,        /* the same verdict on every call */
	CALLGATE_RELATION_SAME_ALLOWED, /* both allow the same calls; some verdicts differ */
	CALLGATE_RELATION_SUBSET,       /* the second allows all that the first allows, and more */
	CALLGATE_RELATION_SUPERSET,     /* the first allows all that the second allows, and more */
	CALLGATE_RELATION_NEITHER,      /* each allows something that the other does not */
	CALLGATE_RELATION_REFUSED,      /* the kernel would refuse a program: callgate_diagnosis(NULL) says why */
	CALLGATE_RELATION_DIFFERENT     /* they differ, as the list shows; which one allows more is not decided */
};

/*
 * A difference between two filters: a range of call numbers of one architecture, the two verdicts, and a call that
 * shows them. The difference is about the numbers from nr_first to nr_last whose bits in nr_mask equal nr_value (mask
 * 0: all).
 */
struct callgate_difference {
	uint32_t nr_first, nr_last;
	/*
	 * The call, which is confirmed by simulation. arch is an audit value, which callgate_simulate() accepts as it
	 * is; the values 0 and SCMP_ARCH_X32, which no kernel passes, have another meaning there.
	 */
	struct callgate_call witness;
	/* bit i: the difference depends on argument i; bit 6: on the instruction pointer; the others do not matter */
	uint8_t depends;
	uint32_t first, second; /* the verdicts, SCMP_ACT_* values with their data */
	char *text;             /* "socket(38, *, *) on x86: A allows, B gives ERRNO(EPERM)" */
	/* nr_first and nr_last have this value under the mask, too */
	uint32_t nr_mask, nr_value;
};

struct callgate_comparison {
	enum callgate_relation relation;
	bool complete; /* the list has every difference, one for each system call and pair of verdicts */
	size_t count;
	struct callgate_difference *differences; /* in the order of architectures and numbers */
};

/*
 * Compares two filters on every possible input, and finds up to `max` differences. Comparing a context with a program
 * answers whether that program is correct.
 *
 * Returns 0, and the caller frees the result with callgate_comparison_free(); -EINVAL (NULL, a bad context, a filter
 * with neither a context nor programs), -ENOMEM; callgate_diagnosis(NULL) says why, also for CALLGATE_RELATION_UNKNOWN,
 * _DIFFERENT and _REFUSED.
 */
int callgate_compare(const struct callgate_filter *first, const struct callgate_filter *second, size_t max,
                     struct callgate_comparison **ret_comparison);

/* Frees it; NULL is allowed. */
void callgate_comparison_free(struct callgate_comparison *comparison);

/* What a filter does with all calls of a number whose arguments satisfy some comparisons. */
struct callgate_answer {
	/* false: not decided within the budget, or not modelled; the other members then mean nothing */
	bool proved;
	bool holds; /* every such call gets the action, or there is no such call */
	bool ever_allowed, ever_denied;
	struct callgate_call witness; /* if `holds` is false: a call that gets another action */
	uint32_t action;              /* the action that the witness gets */
};

/*
 * Answers whether all calls of an architecture (SCMP_ARCH_*) and number whose arguments satisfy all `count` comparisons
 * get exactly `action`. Without comparisons, all arguments count. Comparisons are on 64 bits, and several may be about
 * the same argument.
 *
 * Returns 0; -EINVAL (as callgate_compare(), an unknown architecture, argument or operator, a program that the kernel
 * would refuse), -ENOMEM; callgate_diagnosis(NULL) says why.
 */
int callgate_ask(const struct callgate_filter *filter, uint32_t arch, int32_t nr, size_t count,
                 const struct scmp_arg_cmp *comparisons, uint32_t action, struct callgate_answer *ret_answer);

/* ---- which calls of a number get which action ---- */

/*
 * The condition (argument & mask) OP value, unsigned, where OP is one of SCMP_CMP_NE, _LT, _LE, _EQ, _GE, _GT. Argument
 * 6 is the instruction pointer.
 */
struct callgate_condition {
	unsigned int argument;
	enum scmp_compare op;
	uint64_t mask, value;
};

/*
 * A case: all calls in question that satisfy all conditions get the action. The example is one of these calls.
 */
struct callgate_case {
	uint32_t action;
	size_t condition_count;
	const struct callgate_condition *conditions;
	struct callgate_call example;
};

/* Cases, which do not overlap. */
struct callgate_cases {
	bool complete; /* every call in question is in one of the cases */
	size_t count;
	struct callgate_case *cases;
};

/*
 * Divides the calls that callgate_ask() would examine into at most `max` cases, each with one action. The cases are
 * proved, not sampled. If no call satisfies the comparisons, there is no case.
 *
 * Returns 0, and the caller frees the result with callgate_cases_free(); -EINVAL (as for callgate_ask()), -ENOMEM,
 * -EDQUOT (not decided within the budget, or not modelled); callgate_diagnosis(NULL) says why.
 */
int callgate_cases_find(const struct callgate_filter *filter, uint32_t arch, int32_t nr, size_t count,
                        const struct scmp_arg_cmp *comparisons, size_t max, struct callgate_cases **ret_cases);

/* Frees it; NULL is allowed. */
void callgate_cases_free(struct callgate_cases *cases);

/* ---- which numbers are ever allowed ---- */

#define CALLGATE_RANGE_ACTIONS 16

/* The numbers from first to last. The list has an action if some call with such a number, with any arguments, gets it.
 */
struct callgate_number_range {
	uint32_t first, last;
	bool ever_allowed, ever_denied; /* whether some such call gets ALLOW or LOG, or anything else */
	bool complete;                  /* the list has all actions, ascending, with their data */
	size_t count;
	uint32_t actions[CALLGATE_RANGE_ACTIONS];
};

/* Ranges in ascending order, which together cover all 32-bit numbers; neighbouring ranges differ. */
struct callgate_numbers {
	size_t count;
	struct callgate_number_range *ranges;
};

/*
 * Finds what a filter does with every number of an architecture (SCMP_ARCH_*). x32 and x86_64 are one architecture
 * here, and the numbers distinguish them.
 *
 * Returns 0, and the caller frees the result with callgate_numbers_free(); -EINVAL (as for callgate_ask()), -ENOMEM,
 * -EDQUOT (not decided within the budget, or not modelled); callgate_diagnosis(NULL) says why.
 */
int callgate_numbers_find(const struct callgate_filter *filter, uint32_t arch, struct callgate_numbers **ret_numbers);

/* Frees it; NULL is allowed. */
void callgate_numbers_free(struct callgate_numbers *numbers);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
