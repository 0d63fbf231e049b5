/*
 * The input of a filter as numbered bits, the order in which they are tested, and regions: rectangles of the space of
 * arch and nr.
 *
 * PROVE_WORD_BITS is the width of the words that a program loads. It is 32; the prover's own tests compile these files
 * a second time with tiny words, so that every input can be tried.
 */
#ifndef CALLGATE_PROVE_INPUT_H
#define CALLGATE_PROVE_INPUT_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#ifndef PROVE_WORD_BITS
#define PROVE_WORD_BITS 32
#endif

enum {
	INPUT_WORD_BITS = PROVE_WORD_BITS,
	INPUT_WIDE_BITS = 2 * INPUT_WORD_BITS, /* of an argument, and of the instruction pointer */
	INPUT_NUMBER_LEVELS = 2 * INPUT_WORD_BITS,
	INPUT_WIDE_FIELDS = 7,
	INPUT_LEVELS = INPUT_NUMBER_LEVELS + INPUT_WIDE_FIELDS * INPUT_WIDE_BITS,
};

#define INPUT_WORD_MAX (UINT32_MAX >> (32 - INPUT_WORD_BITS))
#define INPUT_WIDE_MAX (UINT64_MAX >> (64 - INPUT_WIDE_BITS))

/* Argument i is INPUT_ARG + i. */
enum input_field { INPUT_ARG = 0, INPUT_IP = 6, INPUT_ARCH, INPUT_NR, INPUT_FIELDS };

/*
 * The level of a bit: lower ones are tested first. arch comes first, then nr, argument by argument, and the instruction
 * pointer; high bits first.
 */
static inline uint32_t input_level(unsigned field, unsigned bit)
{
	if (field == INPUT_ARCH)
		return INPUT_WORD_BITS - 1 - bit;
	if (field == INPUT_NR)
		return INPUT_NUMBER_LEVELS - 1 - bit;
	return INPUT_NUMBER_LEVELS + field * INPUT_WIDE_BITS + INPUT_WIDE_BITS - 1 - bit;
}

/* Both ends are included, and no interval is empty. */
struct region {
	uint32_t arch_first, arch_last;
	uint32_t nr_first, nr_last;
};

#define REGION_EVERYTHING ((struct region){0, INPUT_WORD_MAX, 0, INPUT_WORD_MAX})

static inline bool region_is_valid(const struct region *r)
{
	return r->arch_first <= r->arch_last && r->nr_first <= r->nr_last && r->arch_last <= INPUT_WORD_MAX &&
	       r->nr_last <= INPUT_WORD_MAX;
}

static inline bool region_is_one_call(const struct region *r)
{
	return r->arch_first == r->arch_last && r->nr_first == r->nr_last;
}

#endif
