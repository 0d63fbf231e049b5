/*
 * A few bits out of many.
 */
#ifndef CALLGATE_TESTS_BITS_H
#define CALLGATE_TESTS_BITS_H

#include <stdint.h>

#include "support/random.h"

/* The number's lowest bits, at the places where the mask has ones. */
static inline uint64_t bits_scatter(uint32_t number, uint64_t mask)
{
	uint64_t result = 0;

	for (; mask; mask &= mask - 1, number >>= 1)
		result |= number & 1 ? mask & -mask : 0;
	return result;
}

/* A mask of one or two of the lowest 32 bits. */
static inline uint64_t bits_two(struct random *random)
{
	return UINT64_C(1) << random_below(random, 32) | UINT64_C(1) << random_below(random, 32);
}

#endif
