/*
 * The space of (arch, nr) pairs, cut into rectangles within which nothing changes.
 */
#ifndef CALLGATE_PROVE_CELL_H
#define CALLGATE_PROVE_CELL_H

#include "base/vec.h"
#include "prove/input.h"

/* Both ends included. */
struct cell {
	uint32_t arch_first, arch_last;
	uint32_t nr_first, nr_last;
};

#define CELL_EVERYTHING ((struct cell){0, INPUT_WORD_MAX, 0, INPUT_WORD_MAX})

enum { CUTS_SMALL = 4096 };

/*
 * The first numbers of intervals that together cover [0, INPUT_WORD_MAX]. Small ones, which most are, wait in a bit set.
 * Memory is the arena's; one that is cleared uses it again.
 */
struct cuts {
	struct arena *arena;
	ARENA_VEC(uint32_t) starts;
	uint64_t small[CUTS_SMALL / 64];
	size_t small_words; /* used ones */
	bool failed;        /* memory ran out */
};

/* A cut just before `start`; one just after the last number is none. */
void cuts_add(struct cuts *cuts, uint32_t start);
static inline void cuts_add_after(struct cuts *cuts, uint32_t last)
{
	if (last < INPUT_WORD_MAX)
		cuts_add(cuts, last + 1);
}

/*
 * Cuts where a masked number may change: at the multiples of the mask's lowest bit. Left out where there were more than
 * 16 of them; the diagrams see to those.
 */
void cuts_add_mask(struct cuts *cuts, uint32_t mask);

/* Sorted, each once, and 0 among them. Then interval i is [starts[i], cuts_last(i)]. */
bool cuts_finish(struct cuts *cuts);
static inline uint32_t cuts_last(const struct cuts *cuts, size_t i)
{
	return i + 1 < cuts->starts.count ? cuts->starts.items[i + 1] - 1 : INPUT_WORD_MAX;
}

/* The interval that a number is in. */
size_t cuts_find(const struct cuts *cuts, uint32_t number);

void cuts_clear(struct cuts *cuts);

#endif
