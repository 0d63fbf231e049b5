/*
 * The search for the cheapest tree of two-way comparisons over one switch.
 *
 * Optimal search trees cost too much to find in general; three facts make nearly optimal ones cheap. Where one child is the
 * rule and single values are the exceptions, a short chain of ==, likeliest first, is best. If it is worth asking for a single
 * value before a range is divided, then for the heaviest one: so of all sets of values that may have been asked for before
 * ("holes") only those of the heaviest count. And the best place to divide moves with the ends of the range, as in Knuth's
 * search trees. So this is dynamic programming over ranges of edges, each with no hole or with a few.
 */
#ifndef CALLGATE_COMPILE_TREE_SEARCH_H
#define CALLGATE_COMPILE_TREE_SEARCH_H

#include "compile/graph.h"

enum {
	TREE_MOST = 48, /* edges of a search */
	TREE_HOLES = 2, /* the most holes, where there are at most TREE_FEW edges; else 1 */
	TREE_FEW = 16,
	TREE_CHAIN = 6, /* exceptions in a chain */
	TREE_CELLS = 2 * TREE_MOST * TREE_MOST,
};

/* What to do with a range. */
enum tree_move {
	TREE_DIVIDE,   /* >= the value of an edge? */
	TREE_ASK,      /* == the heaviest single value that is no hole yet? */
	TREE_CHAIN_OF, /* == each exception? */
	TREE_SETTLED,  /* nothing is to be decided */
};

struct tree_search {
	const struct graph_edge *edges;
	uint32_t count;
	uint32_t size_cost;           /* of a comparison for being there */
	uint32_t holes_most, heavy;   /* bounds of the search */
	uint32_t sums[TREE_MOST + 1]; /* weights before an edge */
	bool singles[TREE_MOST];      /* has one value only */
	/* By cell: a range [first, last] of edges without its heaviest single values. */
	uint32_t costs[TREE_CELLS];
	uint8_t splits[TREE_CELLS]; /* the edge before which it is best to divide, if it is to be divided */
	uint8_t moves[TREE_CELLS];
};

/* A range of edges, and its heaviest single values, heaviest first. */
struct tree_range {
	uint32_t first, last;
	uint32_t heavy_count;
	uint32_t heavy[TREE_HOLES];
};

/* The exceptions of a chain, likeliest first, and what is left when none of them is met. */
struct tree_chain {
	bool is_possible;
	bool is_settled; /* a longer edge has said which child is the rule */
	uint32_t length;
	uint32_t edges[TREE_CHAIN];
	struct graph_id rest;
};

/* Searches among all trees for 2 to TREE_MOST edges; search->size_cost is set. */
void tree_search_run(struct tree_search *search, const struct graph_edge *edges, uint32_t count);

struct tree_range tree_range_of(const struct tree_search *search, uint32_t first, uint32_t last);
void tree_chain_of(struct tree_chain *chain, const struct tree_search *search,
                   const struct tree_range *range);

static inline uint32_t tree_cell(const struct tree_search *search, uint32_t first, uint32_t last,
                                 uint32_t holes)
{
	return (holes * search->count + first) * search->count + last;
}

/* Is the edge one of the range's holes? */
static inline bool tree_is_hole(const struct tree_range *range, uint32_t holes, uint32_t edge)
{
	for (uint32_t i = 0; i < holes && i < TREE_HOLES; i++)
		if (range->heavy[i] == edge)
			return true;
	return false;
}

/* How many of the holes are before the edge. */
static inline uint32_t tree_holes_before(const struct tree_range *range, uint32_t holes, uint32_t edge)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < holes && i < TREE_HOLES; i++)
		count += range->heavy[i] < edge;
	return count;
}

#endif
