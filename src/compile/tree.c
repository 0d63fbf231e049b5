#include "compile/tree.h"

#include "compile/tree_search.h"

struct tree {
	struct graph *graph;
	uint8_t word;
	struct tree_search search; /* of the part at hand */
};

static struct graph_id at_least(struct tree *tree, uint32_t value, struct graph_id upper,
                                struct graph_id lower)
{
	struct graph_edge edges[2] = {{0, lower, 1}, {value, upper, 1}};

	return graph_switch(tree->graph, tree->word, edges, 2);
}

static struct graph_id equal(struct tree *tree, uint32_t edge, struct graph_id otherwise)
{
	uint32_t value = tree->search.edges[edge].first;

	return graph_range(tree->graph, tree->word, value, value, tree->search.edges[edge].child, otherwise);
}

static struct graph_id build_chain(struct tree *tree, const struct tree_range *range, uint32_t holes)
{
	struct tree_chain chain;

	tree_chain_of(&chain, &tree->search, range);
	struct graph_id id = chain.rest;
	for (uint32_t i = chain.length; i-- > 0;)
		if (!tree_is_hole(range, holes, chain.edges[i]))
			id = equal(tree, chain.edges[i], id);
	return id;
}

static struct graph_id build(struct tree *tree, uint32_t first, uint32_t last, uint32_t holes)
{
	struct tree_range range = tree_range_of(&tree->search, first, last);
	uint32_t cell = tree_cell(&tree->search, first, last, holes), split = tree->search.splits[cell];

	switch ((enum tree_move)tree->search.moves[cell]) {
	case TREE_SETTLED:
		while (first < last && tree_is_hole(&range, holes, first))
			first++;
		return tree->search.edges[first].child;
	case TREE_ASK:
		return equal(tree, range.heavy[holes % TREE_HOLES], build(tree, first, last, holes + 1));
	case TREE_CHAIN_OF:
		return build_chain(tree, &range, holes);
	case TREE_DIVIDE:
		break;
	}
	uint32_t below = tree_holes_before(&range, holes, split);
	struct graph_id upper = build(tree, split, last, holes - below);
	struct graph_id lower = build(tree, first, split - 1, below);
	return at_least(tree, tree->search.edges[split].first, upper, lower);
}

/*
 * Where to divide what is too long for the search: where the weight is nearly in balance (a lack of balance lengthens the paths
 * by about half its square), and where it is no single value that is cut off, for which == would do.
 */
static size_t middle_of(const struct tree *tree, const struct graph_edge *edges, size_t count)
{
	uint64_t total = 0, before = 0, least = UINT64_MAX;
	size_t best = count / 2;

	for (size_t i = 0; i < count; i++)
		total += edges[i].weight;
	for (size_t at = 1; at < count; at++) {
		before += edges[at - 1].weight;
		uint64_t lack = before * 2 > total ? before * 2 - total : total - before * 2;
		uint64_t cost = lack * lack / (total * 4 / 3 + 1);
		bool beside_single = (at > 1 && edges[at].first - edges[at - 1].first == 1) ||
		                     (at + 1 < count && edges[at + 1].first - edges[at].first == 1);
		cost += beside_single ? tree->search.size_cost : 0;
		if (at >= count / 8 && at <= count - count / 8 && cost < least) {
			least = cost;
			best = at;
		}
	}
	return best;
}

static struct graph_id solve_any(struct tree *tree, const struct graph_edge *edges, size_t count)
{
	if (count <= TREE_MOST) {
		tree_search_run(&tree->search, edges, (uint32_t)count);
		return build(tree, 0, (uint32_t)count - 1, 0);
	}
	size_t middle = middle_of(tree, edges, count);
	struct graph_id upper = solve_any(tree, edges + middle, count - middle);
	struct graph_id lower = solve_any(tree, edges, middle);
	return at_least(tree, edges[middle].first, upper, lower);
}

struct graph_id tree_graph(struct graph *graph, uint8_t word, const struct graph_edge *edges, size_t count,
                           uint32_t size_cost)
{
	struct tree tree;

	tree.graph = graph;
	tree.word = word;
	tree.search.size_cost = size_cost;
	return count == 1 ? edges[0].child : solve_any(&tree, edges, count);
}
