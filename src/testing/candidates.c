#include "testing/candidates.h"

#include <string.h>

static void add(struct candidate_pool *pool, uint64_t value)
{
	value = (value & ~pool->mask) | pool->fixed;
	for (size_t i = 0; i < pool->count; i++)
		if (pool->values[i] == value)
			return;
	if (pool->count < CANDIDATE_MAX)
		pool->values[pool->count++] = value;
}

void candidate_pool_start(struct candidate_pool *pool, uint64_t mask, uint64_t fixed)
{
	pool->mask = mask;
	pool->fixed = fixed & mask;
	pool->count = 0;
	add(pool, 0);
	add(pool, UINT64_MAX);
}

/* Beside each value: the same with these bits under the mask. */
static void add_bits(struct candidate_pool *pool, uint64_t mask, uint64_t bits)
{
	for (size_t i = 0, count = pool->count; i < count; i++)
		add(pool, (pool->values[i] & ~mask) | (bits & mask));
}

void candidate_pool_add(struct candidate_pool *pool, uint64_t mask, enum scmp_compare op, uint64_t datum)
{
	uint64_t open = mask & ~pool->mask, unit = open & -open;

	add_bits(pool, mask, datum);
	if (op == SCMP_CMP_EQ || op == SCMP_CMP_NE || op == SCMP_CMP_MASKED_EQ) {
		add_bits(pool, mask, datum ^ unit);
		return;
	}
	add_bits(pool, mask, datum - unit);
	add_bits(pool, mask, datum + unit);
}

void candidate_sets_fill(struct candidate_sets *sets, const struct candidate_pool *pools)
{
	memset(sets, 0, sizeof(*sets));
	for (unsigned input = 0; input < CANDIDATE_INPUTS; input++)
		for (size_t i = 0; i < pools[input].count; i++)
			sets->bits[input][i / 64] |= (uint64_t)1 << i % 64;
}

static bool compare(uint64_t value, enum scmp_compare op, uint64_t datum)
{
	switch (op) {
	case SCMP_CMP_NE:
		return value != datum;
	case SCMP_CMP_LT:
		return value < datum;
	case SCMP_CMP_LE:
		return value <= datum;
	case SCMP_CMP_GE:
		return value >= datum;
	case SCMP_CMP_GT:
		return value > datum;
	default:
		return value == datum;
	}
}

bool candidate_sets_keep(struct candidate_sets *sets, const struct candidate_pool *pools, unsigned int input,
                         uint64_t mask, enum scmp_compare op, uint64_t datum, bool holds)
{
	const struct candidate_pool *pool = &pools[input];
	bool any = false;

	for (size_t i = 0; i < pool->count; i++) {
		uint64_t bit = (uint64_t)1 << i % 64;
		if (compare(pool->values[i] & mask, op, datum) != holds)
			sets->bits[input][i / 64] &= ~bit;
		any = any || (sets->bits[input][i / 64] & bit);
	}
	return any;
}

void candidate_sets_pick(const struct candidate_sets *sets, const struct candidate_pool *pools,
                         uint64_t ret_values[CANDIDATE_INPUTS])
{
	for (unsigned input = 0; input < CANDIDATE_INPUTS; input++)
		for (size_t i = pools[input].count; i-- > 0;)
			if (sets->bits[input][i / 64] >> i % 64 & 1)
				ret_values[input] = pools[input].values[i];
}
