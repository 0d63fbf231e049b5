#include "compile/graph.h"

#include <errno.h>
#include <string.h>

#include "compile/hash.h"

enum { USUAL_NODES = 32 };

static uint32_t hash_node(const struct graph_node *node, const struct graph_edge *edges)
{
	uint64_t hash =
	    hash_add((uint64_t)node->kind << 8 | node->word, (uint64_t)node->mask << 32 | node->value);

	for (uint32_t i = 0; i < node->edge_count; i++)
		hash = hash_add(hash, (uint64_t)edges[i].first << 32 | edges[i].child.index);
	return hash_end(hash);
}

static bool is_equal(const struct graph *graph, const struct graph_node *old, const struct graph_node *node,
                     const struct graph_edge *edges)
{
	if (old->kind != node->kind || old->word != node->word || old->mask != node->mask ||
	    old->value != node->value || old->edge_count != node->edge_count)
		return false;
	for (uint32_t i = 0; i < node->edge_count; i++) {
		const struct graph_edge *edge = &graph->edges.items[old->first_edge + i];
		if (edge->first != edges[i].first || !graph_same(edge->child, edges[i].child))
			return false;
	}
	return true;
}

static void table_put(struct graph *graph, uint32_t index)
{
	const struct graph_node *node = &graph->nodes.items[index];
	size_t at = hash_node(node, graph->edges.items + node->first_edge) & (graph->table_size - 1);

	while (graph->table[at])
		at = (at + 1) & (graph->table_size - 1);
	graph->table[at] = index + 1;
}

static bool table_make(struct graph *graph, size_t size)
{
	uint32_t *table = ARENA_ARRAY(graph->arena, uint32_t, size);

	if (!table)
		return false;
	graph->table = table;
	graph->table_size = size;
	for (uint32_t i = 0; i < graph->nodes.count; i++)
		table_put(graph, i);
	return true;
}

static bool table_grow(struct graph *graph)
{
	if (graph->nodes.count * 2 < graph->table_size)
		return true;
	return table_make(graph, 2 * graph->table_size);
}

static struct graph_id fail(struct graph *graph)
{
	graph->failed = true;
	return (struct graph_id){0};
}

static struct graph_id add(struct graph *graph, size_t slot, struct graph_node node,
                           const struct graph_edge *edges)
{
	if (!vec_reserve_in(&graph->nodes, graph->arena, 1) ||
	    !vec_reserve_in(&graph->edges, graph->arena, node.edge_count))
		return fail(graph);
	node.first_edge = (uint32_t)graph->edges.count;
	for (uint32_t i = 0; i < node.edge_count; i++)
		graph->edges.items[graph->edges.count++] = edges[i];
	graph->nodes.items[graph->nodes.count] = node;
	graph->table[slot] = (uint32_t)++graph->nodes.count;
	return (struct graph_id){(uint32_t)graph->nodes.count - 1};
}

static struct graph_id intern(struct graph *graph, struct graph_node node, const struct graph_edge *edges)
{
	if (graph->failed || !table_grow(graph))
		return fail(graph);
	size_t at = hash_node(&node, edges) & (graph->table_size - 1);
	for (; graph->table[at]; at = (at + 1) & (graph->table_size - 1)) {
		uint32_t index = graph->table[at] - 1;
		if (is_equal(graph, &graph->nodes.items[index], &node, edges))
			return (struct graph_id){index};
	}
	return add(graph, at, node, edges);
}

void graph_init(struct graph *graph, struct arena *arena, size_t expected)
{
	size_t size = 2 * USUAL_NODES;

	while (size < 2 * expected)
		size *= 2;
	*graph = (struct graph){.arena = arena};
	if (!vec_reserve_in(&graph->nodes, arena, expected) ||
	    !vec_reserve_in(&graph->edges, arena, 3 * expected) || !table_make(graph, size))
		graph->failed = true;
	(void)graph_leaf(graph, SECCOMP_RET_KILL_PROCESS);
}

struct graph_id graph_leaf(struct graph *graph, uint32_t action)
{
	return intern(graph, (struct graph_node){.kind = GRAPH_LEAF, .value = action}, NULL);
}

struct graph_id graph_bits(struct graph *graph, uint8_t word, uint32_t mask, uint32_t value,
                           struct graph_id then, struct graph_id otherwise)
{
	struct graph_edge edges[2] = {{0, otherwise, 1}, {1, then, 1}};

	if (graph_same(then, otherwise))
		return then;
	return intern(graph, (struct graph_node){GRAPH_BITS, word, mask, value, 0, 2}, edges);
}

size_t graph_merge_edges(struct graph_edge *edges, size_t count)
{
	size_t kept = 0;

	for (size_t i = 1; i < count; i++) {
		if (!graph_same(edges[kept].child, edges[i].child))
			edges[++kept] = edges[i];
		else if (__builtin_add_overflow(edges[kept].weight, edges[i].weight, &edges[kept].weight))
			edges[kept].weight = UINT32_MAX;
	}
	return kept + 1;
}

struct graph_id graph_switch(struct graph *graph, uint8_t word, struct graph_edge *edges, size_t count)
{
	count = graph_merge_edges(edges, count);
	if (count == 1)
		return edges[0].child;
	return intern(graph, (struct graph_node){GRAPH_SWITCH, word, 0, 0, 0, (uint32_t)count}, edges);
}

struct graph_id graph_range(struct graph *graph, uint8_t word, uint32_t first, uint32_t last,
                            struct graph_id inside, struct graph_id outside)
{
	struct graph_edge edges[3];
	uint32_t count = 0;

	if (graph_same(inside, outside))
		return inside;
	if (first > 0)
		edges[count++] = (struct graph_edge){0, outside, 1};
	edges[count++] = (struct graph_edge){first, inside, 1};
	if (last < UINT32_MAX)
		edges[count++] = (struct graph_edge){last + 1, outside, 1};
	return count == 1 ? inside
	                  : intern(graph, (struct graph_node){GRAPH_SWITCH, word, 0, 0, 0, count}, edges);
}

uint32_t graph_word(const struct seccomp_data *call, uint8_t word)
{
	if (word == GRAPH_ARCH)
		return call->arch;
	if (word == GRAPH_NR)
		return (uint32_t)call->nr;
	uint64_t arg = call->args[(word - GRAPH_ARGS) / 2];
	return (uint32_t)((word - GRAPH_ARGS) % 2 ? arg : arg >> 32);
}

struct graph_id graph_step(const struct graph *graph, struct graph_id id, uint32_t value)
{
	const struct graph_node *node = graph_at(graph, id);
	const struct graph_edge *edges = graph_edges(graph, id);
	size_t low = 0, high = node->edge_count;

	if (node->kind == GRAPH_BITS)
		return edges[(value & node->mask) == node->value].child;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (edges[middle].first <= value)
			low = middle;
		else
			high = middle;
	}
	return edges[low].child;
}

uint32_t graph_eval(const struct graph *graph, struct graph_id root, const struct seccomp_data *call)
{
	while (graph_at(graph, root)->kind != GRAPH_LEAF)
		root = graph_step(graph, root, graph_word(call, graph_at(graph, root)->word));
	return graph_at(graph, root)->value;
}

void graph_reach(const struct graph *graph, struct graph_id root, bool *ret_reached)
{
	memset(ret_reached, 0, graph->nodes.count * sizeof(*ret_reached));
	ret_reached[root.index] = true;
	for (uint32_t i = root.index + 1; i-- > 0;) {
		const struct graph_node *node = &graph->nodes.items[i];
		for (uint32_t j = 0; ret_reached[i] && j < node->edge_count; j++)
			ret_reached[graph->edges.items[node->first_edge + j].child.index] = true;
	}
}
