#include "compile/tree.h"

static struct graph_id below(struct graph *graph, uint8_t word, struct graph_id lower, uint32_t first,
                             struct graph_id upper)
{
	struct graph_edge edges[2] = {{0, lower, 1}, {first, upper, 1}};

	return graph_switch(graph, word, edges, 2);
}

struct graph_id tree_graph(struct graph *graph, uint8_t word, struct graph_edge *edges, size_t count)
{
	if (count == 1)
		return edges[0].child;
	if (count == 3 && graph_same(edges[0].child, edges[2].child) && edges[2].first - edges[1].first == 1)
		return graph_range(graph, word, edges[1].first, edges[1].first, edges[1].child,
		                   edges[0].child);
	size_t half = count / 2;
	struct graph_id upper = tree_graph(graph, word, edges + half, count - half);
	struct graph_id lower = tree_graph(graph, word, edges, half);
	return below(graph, word, lower, edges[half].first, upper);
}
