#include "prove/cell.h"

#include <stdlib.h>
#include <string.h>

enum { MASK_CUTS_BITS = 4, RADIX_BITS = 8, RADIX = 1 << RADIX_BITS, FEW = 48 };

void cuts_add(struct cuts *cuts, uint32_t start)
{
	size_t word = start / 64;

	if (start < CUTS_SMALL) {
		cuts->small[word] |= UINT64_C(1) << start % 64;
		cuts->small_words = word < cuts->small_words ? cuts->small_words : word + 1;
	} else if (!vec_push_in(&cuts->starts, cuts->arena, start))
		cuts->failed = true;
}

void cuts_add_mask(struct cuts *cuts, uint32_t mask)
{
	mask &= INPUT_WORD_MAX;
	if (!mask)
		return;
	int lowest = __builtin_ctz(mask);
	if (INPUT_WORD_BITS - lowest > MASK_CUTS_BITS)
		return;
	for (uint32_t i = 1; i < 1u << (INPUT_WORD_BITS - lowest); i++)
		cuts_add(cuts, i << lowest);
}

/* One pass of a radix sort, unless all numbers have the same digit. */
static bool sort_digit(const uint32_t *from, uint32_t *to, size_t count, int shift)
{
	uint32_t places[RADIX] = {0}, sum = 0;

	for (size_t i = 0; i < count; i++)
		places[from[i] >> shift & (RADIX - 1)]++;
	if (places[from[0] >> shift & (RADIX - 1)] == count)
		return false;
	for (int i = 0; i < RADIX; i++) {
		uint32_t here = places[i];
		places[i] = sum;
		sum += here;
	}
	for (size_t i = 0; i < count; i++)
		to[places[from[i] >> shift & (RADIX - 1)]++] = from[i];
	return true;
}

/* By insertion: best for a few numbers, and for those that are nearly sorted. */
static void sort_few(uint32_t *numbers, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		uint32_t number = numbers[i];
		size_t at = i;
		for (; at > 0 && numbers[at - 1] > number; at--)
			numbers[at] = numbers[at - 1];
		numbers[at] = number;
	}
}

static bool sort(uint32_t *numbers, size_t count)
{
	if (count <= FEW) {
		sort_few(numbers, count);
		return true;
	}
	uint32_t *spare = malloc(count * sizeof(*spare)), *from = numbers, *to = spare;

	if (!spare)
		return false;
	for (int shift = 0; shift < 32; shift += RADIX_BITS)
		if (sort_digit(from, to, count, shift)) {
			uint32_t *swap = from;
			from = to;
			to = swap;
		}
	if (from != numbers)
		memcpy(numbers, from, count * sizeof(*from));
	free(spare);
	return true;
}

static size_t drop_doubles(uint32_t *sorted, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (!kept || sorted[kept - 1] != sorted[i])
			sorted[kept++] = sorted[i];
	return kept;
}

bool cuts_finish(struct cuts *cuts)
{
	size_t small = 0, count = cuts->starts.count;

	cuts_add(cuts, 0);
	for (size_t i = 0; i < cuts->small_words; i++)
		small += (size_t)__builtin_popcountll(cuts->small[i]);
	if (cuts->failed || !vec_reserve_in(&cuts->starts, cuts->arena, small) ||
	    !sort(cuts->starts.items, count))
		return false;
	uint32_t *next = cuts->starts.items;
	count = drop_doubles(next, count);
	memmove(next + small, next, count * sizeof(*next));
	cuts->starts.count = small + count;
	for (size_t i = 0; i < cuts->small_words; i++)
		for (uint64_t left = cuts->small[i]; left; left &= left - 1)
			*next++ = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(left);
	return true;
}

size_t cuts_find(const struct cuts *cuts, uint32_t number)
{
	size_t low = 0, high = cuts->starts.count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (cuts->starts.items[middle] <= number)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void cuts_clear(struct cuts *cuts)
{
	memset(cuts->small, 0, cuts->small_words * sizeof(cuts->small[0]));
	cuts->small_words = 0;
	cuts->starts.count = 0;
	cuts->failed = false;
}
