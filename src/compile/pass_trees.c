/* Every switch becomes a tree of two-way comparisons; what can't be reached is left behind. */
#include <stdlib.h>

#include "base/zeroed.h"
#include "compile/heights.h"
#include "compile/pass.h"
#include "compile/tree.h"
#include "compile/weights.h"

struct lowering {
	const struct graph *old;
	struct graph *graph;
	bool *reached;
	struct graph_id *map; /* old -> new, for the nodes that are reached */
	uint32_t *flow;       /* how often an old node is passed, of WEIGHTS_TOTAL */
	uint32_t size_cost;   /* what an instruction more is worth, in the same unit */
	VEC(struct graph_edge) edges;
	struct heights heights;
};

/*
 * Making the program one per cent smaller is worth making its paths that much shorter: so in a program of n instructions an
 * instruction is worth this (/16), divided by n, of the weight of everything.
 */
enum { SIZE_WORTH = 22, SIZE_LEAST = 6 };

/* What the longest path adds to the weights of a switch (/1024 of everything), for numbers and for arguments. */
enum { DEPTH_NUMBERS = 72, DEPTH_WORDS = 700 };

/* Each instruction that a child is less high than the highest one makes the length of its path matter less, by 28/64. */
enum { DEPTH_ONE = 1 << 16, DEPTH_STEPS = 20 };

static uint64_t total_weight(const struct graph_edge *edges, uint32_t count)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < count; i++)
		total += edges[i].weight;
	return total ? total : 1;
}

/* Parents before children. */
static void spread(struct lowering *lowering, struct graph_id root)
{
	uint64_t edges = SIZE_LEAST;

	lowering->flow[root.index] = WEIGHTS_TOTAL;
	for (uint32_t i = root.index + 1; i-- > 0;) {
		const struct graph_node *node = &lowering->old->nodes.items[i];
		const struct graph_edge *edge = graph_edges(lowering->old, (struct graph_id){i});
		uint64_t total = total_weight(edge, node->edge_count), flow = lowering->flow[i];
		if (!lowering->reached[i])
			continue;
		edges += node->edge_count;
		for (uint32_t j = 0; j < node->edge_count; j++)
			lowering->flow[edge[j].child.index] += (uint32_t)(edge[j].weight * flow / total);
	}
	lowering->size_cost = (uint32_t)((uint64_t)SIZE_WORTH * WEIGHTS_TOTAL / (16 * edges)) + 1;
}

static uint32_t depth_share(uint32_t height, uint32_t highest)
{
	uint32_t share = DEPTH_ONE;

	if (highest - height > DEPTH_STEPS)
		return 1;
	for (; height < highest; height++)
		share -= share / 64 * 36;
	return share;
}

/* Adds to the weights what keeps the longest path short. */
static void weigh_depth(const struct lowering *lowering, uint8_t word, struct graph_edge *edges,
                        uint32_t count)
{
	uint64_t sum = 0,
	         all = (uint64_t)WEIGHTS_TOTAL / 1024 * (word == GRAPH_NR ? DEPTH_NUMBERS : DEPTH_WORDS);
	uint32_t highest = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t height = heights_from(&lowering->heights, lowering->graph, word, edges[i].child);
		highest = height > highest ? height : highest;
	}
	for (int adding = 0; adding < 2; adding++)
		for (uint32_t i = 0; i < count; i++) {
			uint32_t height =
			    heights_from(&lowering->heights, lowering->graph, word, edges[i].child);
			uint64_t share = depth_share(height, highest);
			if (adding)
				edges[i].weight += (uint32_t)(all * share / sum);
			else
				sum += share;
		}
}

static struct graph_id fail(struct lowering *lowering)
{
	lowering->graph->failed = true;
	return (struct graph_id){0};
}

static struct graph_id lower_switch(struct lowering *lowering, struct graph_id id)
{
	const struct graph_node *node = graph_at(lowering->old, id);
	const struct graph_edge *old = graph_edges(lowering->old, id);
	struct graph_edge *edges;

	if (!vec_reserve(&lowering->edges, node->edge_count) ||
	    !heights_update(&lowering->heights, lowering->graph))
		return fail(lowering);
	edges = lowering->edges.items;
	uint64_t total = total_weight(old, node->edge_count);
	for (uint32_t i = 0; i < node->edge_count; i++)
		edges[i] = (struct graph_edge){
		    .first = old[i].first,
		    .child = lowering->map[old[i].child.index],
		    .weight = 1 + (uint32_t)(old[i].weight * (uint64_t)lowering->flow[id.index] / total),
		};
	weigh_depth(lowering, node->word, edges, node->edge_count);
	size_t count = graph_merge_edges(edges, node->edge_count);
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
	uint32_t *block = zeroed_array(count, 2 * sizeof(uint32_t) + sizeof(bool));

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
	vec_finish(&lowering.edges);
	heights_finish(&lowering.heights);
	free(block);
	return root;
}
