/*
 * Optimal search trees cost too much to find in general; two facts make nearly optimal ones cheap. A range of the switch
 * where one child is the rule and single values are the exceptions is best served by a short chain of ==, likeliest first.
 * Everything else is divided by >=. Over all ranges of at most TREE_MOST edges this is dynamic programming; longer switches
 * are first divided where the weight is in balance.
 */
#include "compile/tree.h"

#include <stdlib.h>
#include <string.h>

enum { TREE_MOST = 256, CHAIN_MOST = 10 };

/* How a range of edges is decided. */
struct cell {
	uint32_t cost;
	uint16_t
	    split; /* the edge whose first value is the best to divide at; also known where a chain is better */
	bool is_chain;
};

struct tree {
	struct graph *graph;
	uint8_t word;
	const struct graph_edge *edges; /* of the part at hand */
	size_t count;
	uint32_t size_cost;
	uint32_t *sums;     /* weights before an edge */
	struct cell *cells; /* [first * count + last] */
};

/* The exceptions of a chain, likeliest first, and what is left when none of them is met. */
struct chain {
	uint32_t length;
	uint32_t edges[CHAIN_MOST];
	struct graph_id rest;
	bool is_settled; /* a longer edge has said which child is the rule */
};

static bool is_single(const struct tree *tree, size_t i)
{
	uint32_t next = i + 1 < tree->count ? tree->edges[i + 1].first : 0;

	return tree->edges[i].first + 1 == next;
}

/* One edge more; false when it can't be a part of the chain. */
static bool chain_extend(struct chain *chain, const struct tree *tree, uint32_t i)
{
	uint32_t at = chain->length;

	if (graph_same(tree->edges[i].child, chain->rest))
		return true;
	if (at == CHAIN_MOST || !is_single(tree, i))
		return false;
	for (; at > 0 && tree->edges[chain->edges[at - 1]].weight < tree->edges[i].weight; at--)
		chain->edges[at] = chain->edges[at - 1];
	chain->edges[at] = i;
	chain->length++;
	return true;
}

/* Which child is the rule in [first, last]? The one of a longer edge; of single values only, the weightier of two. */
static void chain_settle(struct chain *chain, const struct tree *tree, uint32_t first, uint32_t last)
{
	uint64_t weights[2] = {0};

	*chain = (struct chain){0};
	for (uint32_t i = first; i <= last && !chain->is_settled; i++) {
		weights[(i - first) % 2] += tree->edges[i].weight;
		chain->is_settled = !is_single(tree, i);
		chain->rest = tree->edges[i].child;
	}
	if (!chain->is_settled)
		chain->rest = tree->edges[first + (weights[1] > weights[0])].child;
}

/* Can [first, last] be a chain? */
static bool chain_of(const struct tree *tree, uint32_t first, uint32_t last, struct chain *chain)
{
	chain_settle(chain, tree, first, last);
	for (uint32_t i = first; i <= last; i++)
		if (!chain_extend(chain, tree, i))
			return false;
	return true;
}

static uint32_t weight_of(const struct tree *tree, uint32_t first, uint32_t last)
{
	return tree->sums[last + 1] - tree->sums[first];
}

static uint32_t chain_cost(const struct tree *tree, uint32_t first, uint32_t last, const struct chain *chain)
{
	uint32_t cost = 0, passing = weight_of(tree, first, last);

	for (uint32_t i = 0; i < chain->length; i++) {
		cost += passing + tree->size_cost;
		passing -= tree->edges[chain->edges[i]].weight;
	}
	return cost;
}

static struct cell *cell_at(const struct tree *tree, size_t first, size_t last)
{
	return &tree->cells[first * tree->count + last];
}

/*
 * The best place to divide moves with the ends of the range, as in Knuth's search trees. That is not quite true here, where
 * ranges may be chains: for the long ranges, where a mistake costs most, the window is wider.
 */
static void divide(struct tree *tree, uint32_t first, uint32_t last)
{
	const struct cell *row = cell_at(tree, first, 0), *below = cell_at(tree, first + 1, last);
	uint32_t from = first + 1, to = last, best = UINT32_MAX, at = 0;

	if (last - first > 2) {
		from = row[last - 1].split < below->split ? row[last - 1].split : below->split;
		to = row[last - 1].split < below->split ? below->split : row[last - 1].split;
		if ((last - first) * 3 > tree->count) {
			from -= from > first + 1;
			to += to < last;
		}
	}
	below = cell_at(tree, from, last);
	for (uint32_t split = from; split <= to; split++, below += tree->count) {
		uint32_t cost = row[split - 1].cost + below->cost;
		if (cost < best) {
			best = cost;
			at = split;
		}
	}
	best += weight_of(tree, first, last) + tree->size_cost;
	*cell_at(tree, first, last) = (struct cell){best, (uint16_t)at, false};
}

static void solve_row(struct tree *tree, uint32_t first)
{
	struct chain chain = {0};
	bool chains = true;

	*cell_at(tree, first, first) = (struct cell){0, (uint16_t)first, false};
	for (uint32_t last = first + 1; last < tree->count; last++) {
		divide(tree, first, last);
		if (!chains)
			continue;
		chains =
		    chain.is_settled ? chain_extend(&chain, tree, last) : chain_of(tree, first, last, &chain);
		uint32_t cost = chains ? chain_cost(tree, first, last, &chain) : UINT32_MAX;
		struct cell *cell = cell_at(tree, first, last);
		if (cost <= cell->cost) {
			cell->cost = cost;
			cell->is_chain = true;
		}
	}
}

static void solve(struct tree *tree)
{
	for (uint32_t first = (uint32_t)tree->count; first-- > 0;)
		solve_row(tree, first);
}

static struct graph_id at_least(struct tree *tree, uint32_t value, struct graph_id upper,
                                struct graph_id lower)
{
	struct graph_edge edges[2] = {{0, lower, 1}, {value, upper, 1}};

	return graph_switch(tree->graph, tree->word, edges, 2);
}

static struct graph_id build(struct tree *tree, uint32_t first, uint32_t last)
{
	const struct cell *cell = cell_at(tree, first, last);
	uint32_t split = cell->split;
	struct chain chain;

	if (first == last)
		return tree->edges[first].child;
	if (!cell->is_chain) {
		struct graph_id upper = build(tree, split, last), lower = build(tree, first, split - 1);
		return at_least(tree, tree->edges[split].first, upper, lower);
	}
	if (!chain_of(tree, first, last, &chain)) {
		tree->graph->failed = true;
		return (struct graph_id){0};
	}
	struct graph_id id = chain.rest;
	for (uint32_t i = chain.length; i-- > 0;) {
		const struct graph_edge *edge = &tree->edges[chain.edges[i]];
		id = graph_range(tree->graph, tree->word, edge->first, edge->first, edge->child, id);
	}
	return id;
}

static struct graph_id solve_part(struct tree *tree)
{
	tree->sums[0] = 0;
	for (size_t i = 0; i < tree->count; i++)
		tree->sums[i + 1] = tree->sums[i] + tree->edges[i].weight;
	solve(tree);
	return build(tree, 0, (uint32_t)tree->count - 1);
}

/* Where the weight is in balance. */
static size_t middle_of(const struct graph_edge *edges, size_t count)
{
	uint64_t total = 0, before = 0;
	size_t at = 1;

	for (size_t i = 0; i < count; i++)
		total += edges[i].weight;
	for (before = edges[0].weight; at + 1 < count && before < total / 2; at++)
		before += edges[at].weight;
	size_t least = count / 8 + 1;
	return at < least ? least : at > count - least ? count - least : at;
}

static struct graph_id solve_any(struct tree *tree, const struct graph_edge *edges, size_t count)
{
	if (count <= TREE_MOST) {
		tree->edges = edges;
		tree->count = count;
		return solve_part(tree);
	}
	size_t middle = middle_of(edges, count);
	struct graph_id upper = solve_any(tree, edges + middle, count - middle);
	struct graph_id lower = solve_any(tree, edges, middle);
	return at_least(tree, edges[middle].first, upper, lower);
}

struct graph_id tree_graph(struct graph *graph, uint8_t word, const struct graph_edge *edges, size_t count,
                           uint32_t size_cost)
{
	size_t most = count < TREE_MOST ? count : TREE_MOST;
	struct tree tree = {
	    .graph = graph,
	    .word = word,
	    .size_cost = size_cost,
	    .sums = malloc((most + 1) * sizeof(*tree.sums)),
	    .cells = malloc(most * most * sizeof(*tree.cells)),
	};
	struct graph_id root = {0};

	if (tree.sums && tree.cells)
		root = solve_any(&tree, edges, count);
	else
		graph->failed = true;
	free(tree.sums);
	free(tree.cells);
	return root;
}
