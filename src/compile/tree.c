/*
 * Optimal search trees cost too much to find in general; two facts make nearly optimal ones cheap. A range of the switch
 * where one child is the rule and single values are the exceptions is best served by a short chain of ==, likeliest first.
 * Everything else is divided by >=. Over all ranges of at most TREE_MOST edges this is dynamic programming; longer switches
 * are first divided where the weight is in balance.
 */
#include "compile/tree.h"

enum { TREE_MOST = 72, CHAIN_MOST = 10 };

/* What is known of every range [first, last] of edges, at [first * count + last]. */
struct tree {
	struct graph *graph;
	uint8_t word;
	const struct graph_edge *edges; /* of the part at hand */
	size_t count;
	uint32_t size_cost;
	uint32_t sums[TREE_MOST + 1];          /* weights before an edge */
	uint32_t costs[TREE_MOST * TREE_MOST]; /* of the best that was found */
	uint8_t splits[TREE_MOST * TREE_MOST]; /* the edge before which it is best to divide */
	bool chains[TREE_MOST * TREE_MOST];    /* a chain is better than to divide */
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

/*
 * The best place to divide moves with the ends of the range, as in Knuth's search trees. That is not quite true here, where
 * ranges may be chains, but to look farther makes trees no better.
 */
static uint32_t divide(struct tree *tree, uint32_t first, uint32_t last)
{
	size_t count = tree->count, row = first * count;
	uint32_t from = tree->splits[row + last - 1], to = tree->splits[row + count + last];

	if (from > to) {
		uint32_t swapped = from;
		from = to;
		to = swapped;
	}
	from += from == first;
	const uint32_t *left = tree->costs + row + from - 1, *right = tree->costs + from * count + last;
	uint32_t best = *left + *right, at = from;
	for (uint32_t split = from + 1; split <= to; split++) {
		left++;
		right += count;
		if (*left + *right < best) {
			best = *left + *right;
			at = split;
		}
	}
	tree->splits[row + last] = (uint8_t)at;
	return best + weight_of(tree, first, last) + tree->size_cost;
}

static void solve_row(struct tree *tree, uint32_t first)
{
	struct chain chain = {0};
	size_t row = first * tree->count;
	uint32_t last = first + 1;

	tree->costs[row + first] = 0;
	tree->splits[row + first] = (uint8_t)first;
	for (; last < tree->count; last++) {
		if (!(chain.is_settled ? chain_extend(&chain, tree, last)
		                       : chain_of(tree, first, last, &chain)))
			break;
		uint32_t cost = divide(tree, first, last), chained = chain_cost(tree, first, last, &chain);
		tree->chains[row + last] = chained <= cost;
		tree->costs[row + last] = chained <= cost ? chained : cost;
	}
	for (; last < tree->count; last++) {
		tree->chains[row + last] = false;
		tree->costs[row + last] = divide(tree, first, last);
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
	size_t at = first * tree->count + last;
	uint32_t split = tree->splits[at];
	struct chain chain;

	if (first == last)
		return tree->edges[first].child;
	if (!tree->chains[at]) {
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
		cost += beside_single ? tree->size_cost : 0;
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
		tree->edges = edges;
		tree->count = count;
		return solve_part(tree);
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
	tree.size_cost = size_cost;
	return count == 1 ? edges[0].child : solve_any(&tree, edges, count);
}
