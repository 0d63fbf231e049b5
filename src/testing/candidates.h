/*
 * Values of a call's inputs that are worth trying, and which of them are still possible on the way to some place.
 */
#ifndef CALLGATE_TESTING_CANDIDATES_H
#define CALLGATE_TESTING_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seccomp.h>

/* The six arguments, and the instruction pointer. */
enum { CANDIDATE_INPUTS = 7, CANDIDATE_POINTER = 6, CANDIDATE_MAX = 1024 };

/* Distinct values, each with (value & mask) == fixed. Further ones are left out when it is full. */
struct candidate_pool {
	uint64_t mask, fixed;
	size_t count;
	uint64_t values[CANDIDATE_MAX];
};

/* Per input, bit i stands for values[i] of its pool. */
struct candidate_sets {
	uint64_t bits[CANDIDATE_INPUTS][CANDIDATE_MAX / 64];
};

/* The values with the fewest and the most bits. */
void candidate_pool_start(struct candidate_pool *pool, uint64_t mask, uint64_t fixed);

/* Adds values for which (value & mask) op datum holds, and such for which it does not, beside all that is there. */
void candidate_pool_add(struct candidate_pool *pool, uint64_t mask, enum scmp_compare op, uint64_t datum);

/* All of them. */
void candidate_sets_fill(struct candidate_sets *sets, const struct candidate_pool *pools);

/* Keeps those values of an input for which the comparison holds, or does not. False if none is left. */
bool candidate_sets_keep(struct candidate_sets *sets, const struct candidate_pool *pools, unsigned int input,
                         uint64_t mask, enum scmp_compare op, uint64_t datum, bool holds);

/* The first value that is left of each input. */
void candidate_sets_pick(const struct candidate_sets *sets, const struct candidate_pool *pools,
                         uint64_t ret_values[CANDIDATE_INPUTS]);

#endif
