#include "prove/region.h"

#include <stdlib.h>

enum { MASK_BITS = 4 };

void breakpoints_add(struct breakpoints *points, uint32_t start)
{
	assert(start <= INPUT_WORD_MAX);
	if (!vec_push_in(&points->starts, points->arena, start))
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

bool breakpoints_finish(struct breakpoints *points)
{
	size_t kept = 0;

	breakpoints_add(points, 0);
	if (points->failed)
		return false;
	uint32_t *starts = points->starts.items;
	qsort(starts, points->starts.count, sizeof(*starts), by_value);
	for (size_t i = 0; i < points->starts.count; i++)
		if (i == 0 || starts[kept - 1] != starts[i])
			starts[kept++] = starts[i];
	points->starts.count = kept;
	assert(starts[0] == 0 && starts[kept - 1] <= INPUT_WORD_MAX);
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
