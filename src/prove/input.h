/*
 * The input of a filter as numbered bits.
 *
 * PROVE_WORD_BITS is the width of the words that a program loads. It is 32; the prover's own tests compile these files a
 * second time with tiny words, so that every input can be tried.
 */
#ifndef CALLGATE_PROVE_INPUT_H
#define CALLGATE_PROVE_INPUT_H

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
 * The order of tests: where the lowest bit of each field stands, and how far in front of it the next one. Higher bits come first. Or, for
 * all but arch and nr, any order: the level of each bit of each field.
 */
struct input_order {
	uint16_t last[INPUT_FIELDS], step[INPUT_FIELDS];
	const uint16_t
	    *levels; /* INPUT_WIDE_FIELDS times INPUT_WIDE_BITS; NULL where the former is the order */
};

static inline uint32_t input_level(const struct input_order *order, unsigned field, unsigned bit)
{
	if (order->levels && field < INPUT_WIDE_FIELDS)
		return order->levels[field * INPUT_WIDE_BITS + bit];
	return order->last[field] - bit * (uint32_t)order->step[field];
}

#endif
