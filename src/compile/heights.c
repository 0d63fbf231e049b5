#include "compile/heights.h"

#include "compile/lowered.h"

uint32_t heights_from(const struct heights *heights, const struct graph *graph, uint8_t word,
                      struct graph_id child)
{
	const struct graph_node *node = graph_at(graph, child);
	uint32_t load = node->kind != GRAPH_LEAF && node->word != word ? 1 : 0;

	return heights->nodes.items[child.index] + load;
}

static uint16_t height_of(const struct heights *heights, const struct graph *graph, struct graph_id id)
{
	const struct graph_node *node = graph_at(graph, id);
	const struct graph_edge *edges = graph_edges(graph, id);
	uint32_t highest = 0, own = 1;
	struct lowered lowered;

	for (uint32_t i = 0; i < node->edge_count; i++) {
		uint32_t height = heights_from(heights, graph, node->word, edges[i].child);
		highest = height > highest ? height : highest;
	}
	if (lowered_read(graph, id, &lowered) && lowered.mask != UINT32_MAX)
		own = 2;
	return (uint16_t)(highest + own < UINT16_MAX ? highest + own : UINT16_MAX);
}

bool heights_update(struct heights *heights, const struct graph *graph)
{
	size_t first = heights->nodes.count;

	if (!vec_reserve_in(&heights->nodes, graph->arena, graph->nodes.count - first))
		return false;
	for (size_t i = first; i < graph->nodes.count; i++)
		heights->nodes.items[heights->nodes.count++] =
		    height_of(heights, graph, (struct graph_id){(uint32_t)i});
	return true;
}
