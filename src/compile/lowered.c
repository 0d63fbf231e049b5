#include "compile/lowered.h"

#include <errno.h>
#include <stdlib.h>

#include <linux/filter.h>

static bool read_bits(const struct graph_node *node, const struct graph_edge *edges, struct lowered *lowered)
{
	bool single = (node->mask & (node->mask - 1)) == 0, none = node->value == 0;

	*lowered = (struct lowered){BPF_JEQ, node->mask, node->value, edges[1].child, edges[0].child};
	if (!single && !none)
		return true;
	lowered->op = BPF_JSET;
	lowered->mask = UINT32_MAX;
	lowered->k = node->mask;
	if (none) {
		lowered->then = edges[0].child;
		lowered->otherwise = edges[1].child;
	}
	return true;
}

bool lowered_read(const struct graph *graph, struct graph_id id, struct lowered *ret_lowered)
{
	const struct graph_node *node = graph_at(graph, id);
	const struct graph_edge *edges = graph_edges(graph, id);

	if (node->kind == GRAPH_BITS)
		return read_bits(node, edges, ret_lowered);
	if (node->kind == GRAPH_LEAF)
		return false;
	if (node->edge_count == 2) {
		*ret_lowered =
		    (struct lowered){BPF_JGE, UINT32_MAX, edges[1].first, edges[1].child, edges[0].child};
		return true;
	}
	*ret_lowered = (struct lowered){BPF_JEQ, UINT32_MAX, edges[1].first, edges[1].child, edges[0].child};
	return node->edge_count == 3 && graph_same(edges[0].child, edges[2].child) &&
	       edges[2].first - edges[1].first == 1;
}

int lowered_verify(const struct graph *graph, struct graph_id root, struct diag *diag)
{
	bool *reached = calloc(graph->nodes.count, sizeof(*reached));
	struct lowered lowered;
	int result = 0;

	if (!reached)
		return diag_fail(diag, -ENOMEM, "out of memory for a check");
	graph_reach(graph, root, reached);
	for (uint32_t i = 0; i < graph->nodes.count && result == 0; i++) {
		struct graph_id id = {i};
		if (reached[i] && graph_at(graph, id)->kind != GRAPH_LEAF &&
		    !lowered_read(graph, id, &lowered))
			result = diag_fail(diag, -EINVAL, "node %u needs more than one comparison", i);
	}
	free(reached);
	return result;
}
