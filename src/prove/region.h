/*
 * The space of (arch, nr) pairs, divided into rectangles within which nothing changes.
 */
#ifndef CALLGATE_PROVE_REGION_H
#define CALLGATE_PROVE_REGION_H

#include <assert.h>
#include <stdbool.h>

#include "base/vec.h"
#include "prove/input.h"

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

/* The first numbers of intervals that together cover [0, INPUT_WORD_MAX]. */
struct breakpoints {
	struct arena *arena;
	ARENA_VEC(uint32_t) starts; /* strictly ascending from 0 on, after breakpoints_finish() */
	bool failed;                /* memory ran out */
};

/* A breakpoint just before `start`; one just after the last number is none. */
void breakpoints_add(struct breakpoints *points, uint32_t start);
static inline void breakpoints_add_after(struct breakpoints *points, uint32_t last)
{
	if (last < INPUT_WORD_MAX)
		breakpoints_add(points, last + 1);
}

/*
 * Breakpoints where a masked number may change: at the multiples of the mask's lowest bit. Left out where there were more than
 * 16 of them; the diagrams see to those.
 */
void breakpoints_add_mask(struct breakpoints *points, uint32_t mask);

/* Sorts them. Then interval i is [starts[i], breakpoints_last(i)]. false without memory. */
bool breakpoints_finish(struct breakpoints *points);
static inline uint32_t breakpoints_last(const struct breakpoints *points, size_t i)
{
	assert(i < points->starts.count);
	return i + 1 < points->starts.count ? points->starts.items[i + 1] - 1 : INPUT_WORD_MAX;
}

/* The interval that a number is in. */
size_t breakpoints_find(const struct breakpoints *points, uint32_t number);

/* Its memory is used again. */
static inline void breakpoints_clear(struct breakpoints *points)
{
	points->starts.count = 0;
	points->failed = false;
}

#endif
