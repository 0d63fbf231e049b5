#include "compile/tree.h"

#include <assert.h>

/* Short switches are those of small policies, which are to be built fast; long ones gain more by a longer search. */
enum { LONG = 150, SHORT_MOST = 32 };

struct tree {
	struct graph *graph;
	uint8_t word;
	size_t most;               /* edges of a part that is searched as a whole */
	struct tree_search search; /* of the part at hand */
};

static struct graph_id at_least(struct tree *tree, uint32_t value, struct graph_id upper,
                                struct graph_id lower)
{
	return graph_range(tree->graph, tree->word, value, UINT32_MAX, upper, lower);
}

static struct graph_id equal(struct tree *tree, uint32_t edge, struct graph_id otherwise)
{
	uint32_t value = tree->search.edges[edge].first;

	return graph_range(tree->graph, tree->word, value, value, tree->search.edges[edge].child, otherwise);
}

static struct graph_id build_chain(struct tree *tree, uint32_t first, uint32_t last, uint32_t singleton)
{
	const struct tree_search *search = &tree->search;
	struct tree_chain chain = tree_chain_of(search, first, last, singleton);
	struct graph_id id = search->edges[search->bases[first]].child;

	while (chain.length-- > 0)
		id = equal(tree, chain.edges[chain.length], id);
	return id;
}

/* The tree for a range of edges, or for all of the range but its singleton. */
static struct graph_id build(struct tree *tree, uint32_t first, uint32_t last, bool without)
{
	const struct tree_range *range = tree_range(&tree->search, first, last);
	uint32_t split = range->splits[without];

	switch ((enum tree_move)range->moves[without]) {
	case TREE_DECIDED:
		return tree->search.edges[without && range->singleton == first ? last : first].child;
	case TREE_EQUAL:
		return equal(tree, range->singleton, build(tree, first, last, true));
	case TREE_EXCEPTIONS:
		return build_chain(tree, first, last, without ? range->singleton : TREE_MOST);
	case TREE_DIVIDE:
		break;
	}
	assert(first < split && split <= last);
	struct graph_id upper = build(tree, split, last, without && split <= range->singleton);
	struct graph_id lower = build(tree, first, split - 1, without && split > range->singleton);
	return at_least(tree, tree->search.edges[split].first, upper, lower);
}

static uint64_t total_of(const struct graph_edge *edges, size_t count)
{
	uint64_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += edges[i].weight;
	return total;
}

/*
 * Where to divide what is too long for the search: where the weight is nearly in balance (a lack of balance lengthens the paths
 * by about half its square), and where it is no single value that is cut off, for which == would do.
 */
static size_t middle_of(const struct tree *tree, const struct graph_edge *edges, size_t count)
{
	uint64_t total = total_of(edges, count), before = 0, least = UINT64_MAX;
	uint64_t unit = total * 4 / 3 + 1, cut_off = tree->search.size_cost * unit;
	size_t best = count / 2;

	for (size_t at = 1; at <= count - count / 8; at++) {
		before += edges[at - 1].weight;
		uint64_t lack = before * 2 > total ? before * 2 - total : total - before * 2;
		bool beside_single = (at > 1 && edges[at].first - edges[at - 1].first == 1) ||
		                     (at + 1 < count && edges[at + 1].first - edges[at].first == 1);
		uint64_t cost = lack * lack + (beside_single ? cut_off : 0);
		if (at >= count / 8 && cost < least) {
			least = cost;
			best = at;
		}
	}
	return best;
}

/* The edge of a single value that at least half of the weight has, or `count`: to ask for it first is best. */
static size_t find_heavy(const struct graph_edge *edges, size_t count)
{
	uint64_t half = total_of(edges, count) / 2;
	size_t heavy = count;

	for (size_t i = 0; i + 1 < count; i++)
		if (edges[i].weight >= half && edges[i + 1].first - edges[i].first == 1)
			heavy = i;
	return heavy;
}

/* Takes an edge out; its value goes to the neighbour that is no single value. */
static size_t take_out(struct graph_edge *edges, size_t count, size_t at)
{
	bool forward = at == 0 || edges[at].first - edges[at - 1].first == 1;
	size_t kept = at;

	assert(at < count && count > 1);
	if (forward && at + 1 < count)
		edges[at + 1].first = edges[at].first;
	for (size_t i = at + 1; i < count; i++)
		if (kept && graph_same(edges[kept - 1].child, edges[i].child))
			edges[kept - 1].weight += edges[i].weight;
		else
			edges[kept++] = edges[i];
	return kept;
}

static struct graph_id solve_any(struct tree *tree, struct graph_edge *edges, size_t count)
{
	assert(count > 0);
	if (count == 1)
		return edges[0].child;
	size_t heavy = find_heavy(edges, count);
	if (heavy < count) {
		struct graph_edge edge = edges[heavy];
		struct graph_id rest = solve_any(tree, edges, take_out(edges, count, heavy));
		return graph_range(tree->graph, tree->word, edge.first, edge.first, edge.child, rest);
	}
	if (count <= tree->most) {
		tree_search_run(&tree->search, edges, (uint32_t)count);
		return build(tree, 0, (uint32_t)count - 1, false);
	}
	size_t middle = middle_of(tree, edges, count);
	uint32_t first = edges[middle].first;
	struct graph_id upper = solve_any(tree, edges + middle, count - middle);
	struct graph_id lower = solve_any(tree, edges, middle);
	return at_least(tree, first, upper, lower);
}

struct graph_id tree_graph(struct graph *graph, uint8_t word, struct graph_edge *edges, size_t count,
                           uint32_t size_cost)
{
	struct tree tree;

	tree.graph = graph;
	tree.word = word;
	tree.most = count > LONG ? TREE_MOST : SHORT_MOST;
	tree.search.size_cost = size_cost;
	return solve_any(&tree, edges, count);
}
