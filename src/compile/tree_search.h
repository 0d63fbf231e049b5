/*
 * The search for the cheapest tree of two-way comparisons over one switch.
 *
 * Optimal search trees cost too much to find in general; three facts make nearly optimal ones cheap. Where one child is the
 * rule and single values are the exceptions, a short chain of ==, likeliest first, is best. If it is worth asking for a single
 * value before a range is divided, then for the heaviest one, the range's "hole" from then on. And the best place to divide
 * moves with the ends of the range, as in Knuth's search trees. So this is dynamic programming over ranges of edges, each
 * with its hole and without.
 */
#ifndef CALLGATE_COMPILE_TREE_SEARCH_H
#define CALLGATE_COMPILE_TREE_SEARCH_H

#include "compile/graph.h"

enum {
	TREE_MOST = 48, /* edges of a search */
	TREE_CHAIN = 4, /* exceptions in a chain */
};

/* What to do with a range. */
enum tree_move {
	TREE_DIVIDE,   /* >= the value of an edge? */
	TREE_ASK,      /* == the heaviest single value? */
	TREE_CHAIN_OF, /* == each exception? */
	TREE_SETTLED,  /* nothing is to be decided */
};

/* A range of edges: [0] all of it, [1] without its hole. */
struct tree_cell {
	uint32_t costs[2];
	uint8_t splits[2]; /* the edge before which it is best to divide, if it is to be divided */
	uint8_t moves[2];
	uint8_t hole; /* the edge of the heaviest single value; TREE_MOST if there is none */
};

struct tree_search {
	const struct graph_edge *edges;
	uint32_t count;
	uint32_t size_cost;           /* of a comparison for being there */
	uint32_t sums[TREE_MOST + 1]; /* weights before an edge */
	bool singles[TREE_MOST];      /* has one value only */
	uint8_t rules[TREE_MOST]; /* the edge whose child is the rule in chains that start with this one */
	struct tree_cell cells[TREE_MOST * TREE_MOST];
};

/* The exceptions of a chain, likeliest first. */
struct tree_chain {
	uint32_t length;
	uint32_t edges[TREE_CHAIN];
};

/* Searches among all trees for 2 to TREE_MOST edges; search->size_cost is set. */
void tree_search_run(struct tree_search *search, const struct graph_edge *edges, uint32_t count);

/* The exceptions in a range that is best asked by a chain, without `hole`. */
struct tree_chain tree_chain_of(const struct tree_search *search, uint32_t first, uint32_t last,
                                uint32_t hole);

static inline const struct tree_cell *tree_cell(const struct tree_search *search, uint32_t first,
                                                uint32_t last)
{
	return &search->cells[first * search->count + last];
}

#endif
