/*
 * What can be said about a program by looking at each instruction once.
 */
#ifndef CALLGATE_PROVE_SCAN_H
#define CALLGATE_PROVE_SCAN_H

#include <stdbool.h>

#include "bpf/program.h"
#include "prove/cell.h"

/* Bits 0 to 15 are the scratch words. */
enum { LIVE_X = 1 << 16, LIVE_A = 1 << 17 };

/* For each instruction: what may still be read from there on, and whether arch or nr may still be loaded. */
void scan_liveness(const struct callgate_program *program, uint32_t *live, bool *reads_number);

/*
 * The cuts that comparisons of arch (section NULL) or of nr (on the ways that the section's architectures can take) ask
 * for. Only a help: too few make the cells' diagrams larger, not wrong. `kinds` has a byte for each instruction.
 */
void scan_cuts(const struct callgate_program *program, const struct cell *section, uint8_t *kinds,
               struct cuts *cuts);

/*
 * The verdict in a cell, if arch and nr decide it by loads, comparisons with constants and jumps alone; false if they do not, or not
 * as simply. Adds the instructions to *steps.
 */
bool scan_verdict(const struct callgate_program *program, const struct cell *cell, uint32_t *ret_verdict,
                  size_t *steps);

/*
 * From pc on, through the jumps that a number in [first, last] decides by comparisons with constants: most of the way through
 * most programs. Returns where that ends, and adds the instructions to *steps.
 */
size_t scan_follow(const struct callgate_program *program, size_t pc, uint32_t first, uint32_t last,
                   size_t *steps);

enum scan_answer { SCAN_FALSE, SCAN_TRUE, SCAN_EITHER };

/* number OP k, for every number in [first, last]: JEQ, JGE or JGT. */
static inline enum scan_answer scan_compare(uint16_t op, uint32_t first, uint32_t last, uint32_t k)
{
	if (op == BPF_JEQ)
		return k < first || k > last ? SCAN_FALSE : first == last ? SCAN_TRUE : SCAN_EITHER;
	if (op == BPF_JGE)
		return first >= k ? SCAN_TRUE : last < k ? SCAN_FALSE : SCAN_EITHER;
	return first > k ? SCAN_TRUE : last <= k ? SCAN_FALSE : SCAN_EITHER;
}

/* (number & mask) OP k, for every number in [first, last]. SCAN_EITHER also where that is too hard to say. */
enum scan_answer scan_decide(uint16_t op, uint32_t first, uint32_t last, uint32_t mask, uint32_t k);

#endif
