#include "prove/region.h"

#include <stdlib.h>
#include <string.h>

enum { MASK_BITS = 4 };

void breakpoints_add(struct breakpoints *points, uint32_t start)
{
	size_t word = start / 64;

	assert(start <= INPUT_WORD_MAX);
	if (start < BREAKPOINTS_SMALL) {
		points->small[word] |= UINT64_C(1) << start % 64;
		points->small_words = word < points->small_words ? points->small_words : word + 1;
	} else if (!vec_push_in(&points->starts, points->arena, start))
		points->failed = true;
}

void breakpoints_add_mask(struct breakpoints *points, uint32_t mask)
{
	mask &= INPUT_WORD_MAX;
	if (!mask)
		return;
	int lowest = __builtin_ctz(mask);
	if (INPUT_WORD_BITS - lowest > MASK_BITS)
		return;
	for (uint32_t i = 1; i < 1u << (INPUT_WORD_BITS - lowest); i++)
		breakpoints_add(points, i << lowest);
}

static int by_value(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static size_t drop_doubles(uint32_t *sorted, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (!kept || sorted[kept - 1] != sorted[i])
			sorted[kept++] = sorted[i];
	return kept;
}

static bool is_gap_free(const struct breakpoints *points)
{
	bool ascends = points->starts.count > 0 && points->starts.items[0] == 0;

	for (size_t i = 1; i < points->starts.count; i++)
		ascends = ascends && points->starts.items[i - 1] < points->starts.items[i];
	return ascends;
}

bool breakpoints_finish(struct breakpoints *points)
{
	size_t small = 0, count = points->starts.count;

	breakpoints_add(points, 0);
	for (size_t i = 0; i < points->small_words; i++)
		small += (size_t)__builtin_popcountll(points->small[i]);
	if (points->failed || !vec_reserve_in(&points->starts, points->arena, small))
		return false;
	uint32_t *next = points->starts.items;
	qsort(next, count, sizeof(*next), by_value);
	count = drop_doubles(next, count);
	memmove(next + small, next, count * sizeof(*next));
	points->starts.count = small + count;
	for (size_t i = 0; i < points->small_words; i++)
		for (uint64_t left = points->small[i]; left; left &= left - 1)
			*next++ = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(left);
	assert(is_gap_free(points));
	return true;
}

size_t breakpoints_find(const struct breakpoints *points, uint32_t number)
{
	size_t low = 0, high = points->starts.count;

	assert(high > 0);
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (points->starts.items[middle] <= number)
			low = middle;
		else
			high = middle;
	}
	assert(points->starts.items[low] <= number && number <= breakpoints_last(points, low));
	return low;
}

void breakpoints_clear(struct breakpoints *points)
{
	memset(points->small, 0, points->small_words * sizeof(points->small[0]));
	points->small_words = 0;
	points->starts.count = 0;
	points->failed = false;
}
