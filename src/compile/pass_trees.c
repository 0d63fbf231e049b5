/* Every switch becomes a tree of two-way comparisons; what can't be reached is left behind. */
#include <stdlib.h>

#include "compile/pass.h"
#include "compile/tree.h"

struct lowering {
	const struct graph *old;
	struct graph *graph;
	struct graph_id *map; /* old -> new, for the nodes that are reached */
	VEC(struct graph_edge) edges;
};

static struct graph_id lower(struct lowering *lowering, struct graph_id id)
{
	const struct graph_node *node = graph_at(lowering->old, id);
	const struct graph_edge *old = graph_edges(lowering->old, id);

	if (node->kind == GRAPH_LEAF)
		return graph_leaf(lowering->graph, node->value);
	if (node->kind == GRAPH_BITS)
		return graph_bits(lowering->graph, node->word, node->mask, node->value,
		                  lowering->map[old[1].child.index], lowering->map[old[0].child.index]);
	lowering->edges.count = 0;
	if (!vec_reserve(&lowering->edges, node->edge_count)) {
		lowering->graph->failed = true;
		return (struct graph_id){0};
	}
	for (uint32_t i = 0; i < node->edge_count; i++) {
		struct graph_id child = lowering->map[old[i].child.index];
		lowering->edges.items[i] = (struct graph_edge){old[i].first, child, old[i].weight};
	}
	size_t count = graph_merge_edges(lowering->edges.items, node->edge_count);
	return tree_graph(lowering->graph, node->word, lowering->edges.items, count);
}

struct graph_id pass_trees(const struct pass_input *input, struct graph *graph)
{
	size_t count = input->root.index + 1;
	struct lowering lowering = {.old = input->graph, .graph = graph};
	bool *reached = calloc(input->graph->nodes.count, sizeof(*reached));
	struct graph_id root = {0};

	lowering.map = calloc(count, sizeof(*lowering.map));
	if (reached && lowering.map) {
		graph_reach(input->graph, input->root, reached);
		for (uint32_t i = 0; i < count && !graph->failed; i++)
			if (reached[i])
				lowering.map[i] = lower(&lowering, (struct graph_id){i});
		root = lowering.map[input->root.index];
	} else {
		graph->failed = true;
	}
	vec_finish(&lowering.edges);
	free(lowering.map);
	free(reached);
	return root;
}
