/*
 * What a filter says about one call, taken apart so that it can be written: for each action, alternatives of one
 * comparison for each argument.
 */
#ifndef CALLGATE_OCI_CALL_CASES_H
#define CALLGATE_OCI_CALL_CASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <callgate/arch.h>
#include <callgate/prove.h>
#include <callgate/syscall.h>

#include "base/arena.h"
#include "base/vec.h"

enum comparison_kind {
	COMPARISON_ANY = 0,
	COMPARISON_VALUES,    /* one of the values */
	COMPARISON_NO_VALUES, /* none of them */
	COMPARISON_BITS,      /* argument & mask == value */
	COMPARISON_NO_BITS,
	COMPARISON_RANGE, /* first <= argument <= last */
};

/* What holds for one argument. */
struct comparison {
	enum comparison_kind kind;
	unsigned int width; /* 32: only the low bits are looked at; 64: all */
	uint64_t mask, value, first, last;
	size_t count;
	uint64_t *values; /* ascending */
};

struct call_case {
	uint32_t action;
	struct comparison arguments[CALLGATE_ARGUMENTS];
};

enum {
	CALL_CASES_FOUND_MAX = 65536, /* of one call, as the proof divides it */
	CALL_CASES_MAX = 4096         /* of one action, as a text can have them */
};

/* No call is in two cases, and every call is in one, but those of actions that are too much for it. */
struct call_cases {
	bool is_unconditional; /* one case, without comparisons */
	size_t count;
	struct call_case *items;
	size_t too_many_count; /* actions with more cases than anybody reads */
	uint32_t too_many[4];
};

/*
 * All cases of a call with this number. 0, -ENOMEM; -EDQUOT: the filter does too much with it; and what
 * callgate_cases_find() returns, with callgate_diagnosis(NULL). The result is in the arena.
 */
int call_cases_find(const struct callgate_filter *filter, const struct callgate_arch *arch, int nr, struct arena *arena,
                    struct call_cases *ret_cases);

/* Joins cases of one action that differ in the values of one argument alone. */
bool call_cases_join(struct call_cases *cases, struct arena *arena);

bool call_cases_has_too_many(const struct call_cases *cases, uint32_t action);

/* ---- comparisons of one argument ---- */

enum { COMPARISON_VALUES_MAX = 32 }; /* in one set, as the grammar of policies takes them */

/* Alternatives for one argument; result: 0, -ENOMEM, -EDQUOT (too many). */
struct comparisons {
	ARENA_VEC(struct comparison) list;
	struct arena *arena;
	unsigned int width;
	int result;
};

/* What the conditions of the case on an argument come to; of alternatives no argument satisfies two. */
struct comparisons comparisons_of(const struct callgate_case *found, unsigned int argument,
                                  const struct callgate_arch *arch, struct arena *arena);

/* For qsort(3): numbers that ascend. */
int comparison_order(const void *a, const void *b);

/* One mask and the value of the bits in it. */
struct cube {
	uint64_t mask, value;
};
/*
 * The comparison as alternatives of which no value satisfies two. Allocated in the arena; 0, -ENOMEM, -EDQUOT: too
 * many.
 */
int comparison_cubes(const struct comparison *comparison, struct arena *arena, size_t *ret_count,
                     struct cube **ret_cubes);

#endif
