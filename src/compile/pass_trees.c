/* Every switch becomes a tree of two-way comparisons; what can't be reached is left behind. */
#include "compile/heights.h"
#include "compile/pass.h"
#include "compile/tree.h"
#include "compile/weights.h"

struct lowering {
	const struct graph *old;
	struct graph *graph;
	bool *reached;
	struct graph_id *map;               /* old -> new, for the nodes that are reached */
	uint32_t *flow;                     /* how often an old node is passed, of WEIGHTS_TOTAL */
	uint32_t size_cost;                 /* what an instruction more is worth, in the same unit */
	ARENA_VEC(struct graph_edge) edges; /* of the switch at hand */
	ARENA_VEC(uint32_t) shares;
	struct heights heights;
};

/*
 * Making the program one per cent smaller is worth making its paths that much shorter: so in a program of n instructions an
 * instruction is worth this (/16), divided by n, of the weight of everything.
 */
enum { SIZE_WORTH = 19, SIZE_LEAST = 6 };

/* What the longest path adds to the weights of a switch (/1024 of everything), for numbers and for arguments. */
enum { DEPTH_NUMBERS = 75, DEPTH_WORDS = 700 };

/* By how many instructions less high than the highest child: how much the length of a child's path matters. */
enum { DEPTH_STEPS = 11 };
static const uint32_t depth_shares[DEPTH_STEPS] = {65536, 28672, 12544, 5488, 2401, 1050,
                                                   459,   201,   88,    38,   16};

/* What a weight of edges is to be multiplied with (/2^32) so that all of them together are `flow`. */
static uint64_t scale_of(const struct graph_edge *edges, uint32_t count, uint32_t flow)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < count; i++)
		total += edges[i].weight;
	return ((uint64_t)flow << 32) / (total ? total : 1);
}

/* Parents before children. */
static void spread(struct lowering *lowering, struct graph_id root)
{
	uint64_t edges = SIZE_LEAST;

	lowering->flow[root.index] = WEIGHTS_TOTAL;
	for (uint32_t i = root.index + 1; i-- > 0;) {
		const struct graph_node *node = &lowering->old->nodes.items[i];
		const struct graph_edge *edge = graph_edges(lowering->old, (struct graph_id){i});
		if (!lowering->reached[i] || !node->edge_count)
			continue;
		uint64_t scale = scale_of(edge, node->edge_count, lowering->flow[i]);
		edges += node->edge_count;
		for (uint32_t j = 0; j < node->edge_count; j++)
			lowering->flow[edge[j].child.index] += (uint32_t)(edge[j].weight * scale >> 32);
	}
	lowering->size_cost = (uint32_t)((uint64_t)SIZE_WORTH * WEIGHTS_TOTAL / (16 * edges)) + 1;
}

/* Adds to the weights what keeps the longest path short. */
static void weigh_depth(const struct lowering *lowering, uint8_t word, struct graph_edge *edges,
                        uint32_t count)
{
	uint32_t highest = 0, *shares = lowering->shares.items;
	uint64_t sum = 0,
	         all = (uint64_t)WEIGHTS_TOTAL / 1024 * (word == GRAPH_NR ? DEPTH_NUMBERS : DEPTH_WORDS);

	for (uint32_t i = 0; i < count; i++) {
		shares[i] = heights_from(&lowering->heights, lowering->graph, word, edges[i].child);
		highest = shares[i] > highest ? shares[i] : highest;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint32_t less = highest - shares[i];
		shares[i] = depth_shares[less < DEPTH_STEPS ? less : DEPTH_STEPS - 1];
		sum += shares[i];
	}
	uint64_t unit = (all << 16) / sum;
	for (uint32_t i = 0; i < count; i++)
		edges[i].weight += (uint32_t)(unit * shares[i] >> 16);
}

static struct graph_id fail(struct lowering *lowering)
{
	lowering->graph->failed = true;
	return (struct graph_id){0};
}

/* The edges of an old switch with their new children, equal neighbours as one. Returns how many there are. */
static uint32_t map_edges(const struct lowering *lowering, struct graph_id id, struct graph_edge *edges)
{
	const struct graph_node *node = graph_at(lowering->old, id);
	const struct graph_edge *old = graph_edges(lowering->old, id);
	uint64_t scale = scale_of(old, node->edge_count, lowering->flow[id.index]);
	uint32_t count = 0;

	for (uint32_t i = 0; i < node->edge_count; i++) {
		struct graph_id child = lowering->map[old[i].child.index];
		uint32_t weight = 1 + (uint32_t)(old[i].weight * scale >> 32);
		if (count && graph_same(edges[count - 1].child, child))
			edges[count - 1].weight += weight;
		else
			edges[count++] = (struct graph_edge){old[i].first, child, weight};
	}
	return count;
}

static bool is_one_comparison(const struct graph_edge *edges, uint32_t count)
{
	return count <= 2 || (count == 3 && graph_same(edges[0].child, edges[2].child) &&
	                      edges[2].first - edges[1].first == 1);
}

static struct graph_id lower_switch(struct lowering *lowering, struct graph_id id)
{
	const struct graph_node *node = graph_at(lowering->old, id);
	uint32_t count = node->edge_count;

	if (!vec_reserve_in(&lowering->edges, lowering->graph->arena, count) ||
	    !vec_reserve_in(&lowering->shares, lowering->graph->arena, count))
		return fail(lowering);
	struct graph_edge *edges = lowering->edges.items;
	count = map_edges(lowering, id, edges);
	if (is_one_comparison(edges, count))
		return graph_switch(lowering->graph, node->word, edges, count);
	if (!heights_update(&lowering->heights, lowering->graph))
		return fail(lowering);
	weigh_depth(lowering, node->word, edges, count);
	return tree_graph(lowering->graph, node->word, edges, count, lowering->size_cost);
}

static struct graph_id lower(struct lowering *lowering, struct graph_id id)
{
	const struct graph_node *node = graph_at(lowering->old, id);
	const struct graph_edge *old = graph_edges(lowering->old, id);

	if (node->kind == GRAPH_LEAF)
		return graph_leaf(lowering->graph, node->value);
	if (node->kind == GRAPH_SWITCH)
		return lower_switch(lowering, id);
	return graph_bits(lowering->graph, node->word, node->mask, node->value,
	                  lowering->map[old[1].child.index], lowering->map[old[0].child.index]);
}

struct graph_id pass_trees(const struct pass_input *input, struct graph *graph)
{
	size_t count = input->graph->nodes.count;
	struct lowering lowering = {
	    .old = input->graph,
	    .graph = graph,
	};
	struct graph_id root = {0};
	uint32_t *block = arena_alloc_array(input->arena, count, 2 * sizeof(uint32_t) + sizeof(bool));

	if (block) {
		lowering.flow = block;
		lowering.map = (struct graph_id *)(block + count);
		lowering.reached = (bool *)(block + 2 * count);
		graph_reach(input->graph, input->root, lowering.reached);
		spread(&lowering, input->root);
		for (uint32_t i = 0; i < count && !graph->failed; i++)
			if (lowering.reached[i])
				lowering.map[i] = lower(&lowering, (struct graph_id){i});
		root = lowering.map[input->root.index];
	} else {
		graph->failed = true;
	}
	return root;
}
