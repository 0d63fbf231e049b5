/* The invariants of a graph, spelled out. */
#include "compile/graph.h"

#include <errno.h>

static const char *flaw_of_edges(const struct graph *graph, uint32_t index)
{
	const struct graph_node *node = &graph->nodes.items[index];
	const struct graph_edge *edges = &graph->edges.items[node->first_edge];

	if (node->first_edge + (size_t)node->edge_count > graph->edges.count)
		return "has edges outside the graph";
	for (uint32_t i = 0; i < node->edge_count; i++) {
		if (edges[i].child.index >= index)
			return "has a child that is not older";
		if (i == 0 && edges[i].first != 0)
			return "does not start at 0";
		if (i > 0 && edges[i].first <= edges[i - 1].first)
			return "has edges out of order";
		if (i > 0 && graph_same(edges[i].child, edges[i - 1].child))
			return "has equal neighbours";
	}
	return NULL;
}

static const char *flaw(const struct graph *graph, uint32_t index)
{
	const struct graph_node *node = &graph->nodes.items[index];

	switch ((enum graph_kind)node->kind) {
	case GRAPH_LEAF:
		return node->edge_count ? "is a leaf with edges" : NULL;
	case GRAPH_SWITCH:
		if (node->edge_count < 2 || node->word >= GRAPH_WORDS)
			return "decides nothing";
		return flaw_of_edges(graph, index);
	case GRAPH_BITS:
		if (node->edge_count != 2 || !node->mask || node->value & ~node->mask ||
		    node->word >= GRAPH_WORDS)
			return "tests nothing";
		return flaw_of_edges(graph, index);
	}
	return "is of no kind";
}

int graph_verify(const struct graph *graph, struct diag *diag)
{
	const struct graph_node *root = graph->nodes.items;

	if (graph->failed || !graph->nodes.count || root->kind != GRAPH_LEAF ||
	    root->value != SECCOMP_RET_KILL_PROCESS)
		return diag_fail(diag, -EINVAL, "node 0 is not KILL_PROCESS");
	for (uint32_t i = 0; i < graph->nodes.count; i++) {
		const char *what = flaw(graph, i);
		if (what)
			return diag_fail(diag, -EINVAL, "node %u %s", i, what);
	}
	return 0;
}
