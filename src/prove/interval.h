/*
 * What can be said about a program by looking at each instruction once, and about comparisons of a number of which an
 * interval is known.
 */
#ifndef CALLGATE_PROVE_INTERVAL_H
#define CALLGATE_PROVE_INTERVAL_H

#include <stdbool.h>

#include "bpf/program.h"
#include "prove/input.h"

/* Bits 0 to 15 are the scratch words. */
enum { LIVE_X = 1 << 16, LIVE_A = 1 << 17 };

/* For each instruction: what may still be read from there on. */
void interval_liveness(const struct callgate_program *program, uint32_t *live);

/*
 * Where [first, last] is to be divided, so that `number OP k` has one answer on either side: the first number of the
 * upper side; 0 where there is one answer. The bits of BPF_JSET divide nothing that would fall to more than 16 pieces;
 * diagrams see to those.
 */
uint32_t interval_middle_of_bits(uint32_t first, uint32_t last, uint32_t mask);
static inline uint32_t interval_middle(uint16_t op, uint32_t first, uint32_t last, uint32_t k)
{
	uint32_t middle = op == BPF_JGT || (op == BPF_JEQ && first == k) ? k + 1 : k;

	if (op == BPF_JSET)
		return interval_middle_of_bits(first, last, k);
	return first < middle && middle <= last ? middle : 0;
}

/* Divides a region there: what is left of it is the lower part. */
static inline struct region interval_divide(struct region *region, bool is_arch, uint32_t middle)
{
	struct region upper = *region;

	assert(middle > (is_arch ? region->arch_first : region->nr_first));
	*(is_arch ? &upper.arch_first : &upper.nr_first) = middle;
	*(is_arch ? &region->arch_last : &region->nr_last) = middle - 1;
	return upper;
}

/*
 * Divides a region at a comparison of arch, or else of nr, that some call in it may come to, on whatever way through
 * the program. Only a help: undivided, its diagrams are larger, not wrong. `kinds` has a byte for each instruction.
 * false where there is no such comparison.
 */
bool interval_search(const struct callgate_program *program, uint8_t *kinds, struct region *region,
                     struct region *ret_upper);

enum interval_answer { INTERVAL_FALSE, INTERVAL_TRUE, INTERVAL_EITHER };

/* number OP k, for every number in [first, last]: JEQ, JGE or JGT. */
static inline enum interval_answer interval_compare(uint16_t op, uint32_t first, uint32_t last, uint32_t k)
{
	assert(first <= last);
	if (op == BPF_JEQ)
		return k < first || k > last ? INTERVAL_FALSE : first == last ? INTERVAL_TRUE : INTERVAL_EITHER;
	if (op == BPF_JGE)
		return first >= k ? INTERVAL_TRUE : last < k ? INTERVAL_FALSE : INTERVAL_EITHER;
	return first > k ? INTERVAL_TRUE : last <= k ? INTERVAL_FALSE : INTERVAL_EITHER;
}

/* (number & mask) OP k, for every number in [first, last]. INTERVAL_EITHER also where that is too hard to say. */
enum interval_answer interval_decide(uint16_t op, uint32_t first, uint32_t last, uint32_t mask, uint32_t k);

#endif
