/*
 * What can be said about a program by looking at each instruction once, and about comparisons of a number of which an interval is known.
 */
#ifndef CALLGATE_PROVE_INTERVAL_H
#define CALLGATE_PROVE_INTERVAL_H

#include <stdbool.h>

#include "bpf/program.h"
#include "prove/region.h"

/* Bits 0 to 15 are the scratch words. */
enum { LIVE_X = 1 << 16, LIVE_A = 1 << 17 };

/* For each instruction: what may still be read from there on. */
void interval_liveness(const struct callgate_program *program, uint32_t *live);

/*
 * The breakpoints that comparisons of arch (slice NULL) or of nr (on the ways that the slice's architectures can take) ask
 * for. Only a help: too few make the regions' diagrams larger, not wrong. `kinds` has a byte for each instruction.
 */
void interval_breakpoints(const struct callgate_program *program, const struct region *slice, uint8_t *kinds,
                          struct breakpoints *points);

enum interval_answer { INTERVAL_FALSE, INTERVAL_TRUE, INTERVAL_EITHER };

/* number OP k, for every number in [first, last]: JEQ, JGE or JGT. */
static inline enum interval_answer interval_compare(uint16_t op, uint32_t first, uint32_t last, uint32_t k)
{
	assert(first <= last);
	if (op == BPF_JEQ)
		return k < first || k > last ? INTERVAL_FALSE
		       : first == last       ? INTERVAL_TRUE
		                             : INTERVAL_EITHER;
	if (op == BPF_JGE)
		return first >= k ? INTERVAL_TRUE : last < k ? INTERVAL_FALSE : INTERVAL_EITHER;
	return first > k ? INTERVAL_TRUE : last <= k ? INTERVAL_FALSE : INTERVAL_EITHER;
}

/* (number & mask) OP k, for every number in [first, last]. INTERVAL_EITHER also where that is too hard to say. */
enum interval_answer interval_decide(uint16_t op, uint32_t first, uint32_t last, uint32_t mask, uint32_t k);

#endif
