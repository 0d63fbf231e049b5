/*
 * Switches as trees of two-way comparisons.
 *
 * Optimal search trees cost too much to find in general; three facts make nearly optimal ones cheap. Where one child is the base and
 * single values are the exceptions, a short chain of ==, the likeliest first, is best. If it is worth asking for a single value before a
 * range is divided, then for the heaviest one, the range's singleton from then on. And the best place to divide moves with the
 * ends of the range, as in Knuth's search trees. So this is dynamic programming over ranges of edges, each with its singleton and
 * without.
 */
#ifndef CALLGATE_COMPILE_TREE_H
#define CALLGATE_COMPILE_TREE_H

#include "compile/graph.h"

enum {
	TREE_MOST = 48, /* edges of a search */
	TREE_CHAIN = 4, /* exceptions in a chain */
};

/* What to do with a range of edges. */
enum tree_move {
	TREE_DIVIDE,     /* >= the value of an edge? */
	TREE_EQUAL,      /* == the heaviest single value? */
	TREE_EXCEPTIONS, /* == each exception? */
	TREE_DECIDED,    /* nothing is to be decided */
};

/* A range of edges: [0] all of it, [1] without its singleton. */
struct tree_range {
	uint32_t costs[2];
	uint8_t splits[2]; /* the edge before which it is best to divide, if it is to be divided */
	uint8_t moves[2];
	uint8_t singleton; /* the edge of the heaviest single value; TREE_MOST if there is none */
};

struct tree_search {
	const struct graph_edge *edges;
	uint32_t count;
	uint32_t size_cost;           /* of a comparison for being there */
	uint32_t sums[TREE_MOST + 1]; /* weights before an edge */
	bool singles[TREE_MOST];      /* has one value only */
	uint8_t bases[TREE_MOST]; /* the edge whose child is the base of ranges that start with this one */
	struct tree_range ranges[TREE_MOST * TREE_MOST];
};

/* The exceptions of a chain, likeliest first. */
struct tree_chain {
	uint32_t length;
	uint32_t edges[TREE_CHAIN];
};

/* Searches among all trees for 2 to TREE_MOST edges; search->size_cost is set. */
void tree_search_run(struct tree_search *search, const struct graph_edge *edges, uint32_t count);

/* The exceptions in a range that a chain decides best, without the edge `singleton`. */
struct tree_chain tree_chain_of(const struct tree_search *search, uint32_t first, uint32_t last,
                                uint32_t singleton);

static inline const struct tree_range *tree_range(const struct tree_search *search, uint32_t first,
                                                  uint32_t last)
{
	return &search->ranges[first * search->count + last];
}

/*
 * The root of a tree of branches that decides like a switch with these edges: neighbours with different children, which are nodes of the
 * same graph. The tree is the cheapest that was found, where a comparison costs the weights of everything that passes it, plus `size_cost`
 * for being there. The edges are overwritten.
 */
struct graph_id tree_graph(struct graph *graph, uint8_t word, struct graph_edge *edges, size_t count,
                           uint32_t size_cost);

#endif
