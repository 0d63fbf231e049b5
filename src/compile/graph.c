#include "compile/graph.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include <linux/filter.h>

static uint32_t hash_node(const struct graph_node *node, const struct graph_edge *edges)
{
	uint64_t hash = hash_add((uint64_t)node->kind << 8 | node->word, (uint64_t)node->mask << 32 | node->value);

	for (uint32_t i = 0; i < node->edge_count; i++)
		hash = hash_add(hash, (uint64_t)edges[i].first << 32 | edges[i].child.index);
	return hash_end(hash);
}

/* A node that may be there already. */
struct candidate {
	const struct graph_node *node;
	const struct graph_edge *edges;
};

static bool is_equal(const void *items, uint32_t index, const void *key)
{
	const struct graph *graph = items;
	const struct candidate *candidate = key;
	const struct graph_node *old = &graph->nodes.items[index], *node = candidate->node;

	if (old->kind != node->kind || old->word != node->word || old->mask != node->mask ||
	    old->value != node->value || old->edge_count != node->edge_count)
		return false;
	for (uint32_t i = 0; i < node->edge_count; i++) {
		const struct graph_edge *edge = &graph->edges.items[old->first_edge + i];
		if (edge->first != candidate->edges[i].first || !graph_same(edge->child, candidate->edges[i].child))
			return false;
	}
	return true;
}

static struct graph_id fail(struct graph *graph)
{
	graph->failed = true;
	return (struct graph_id){0};
}

static struct graph_id intern(struct graph *graph, struct graph_node node, const struct graph_edge *edges)
{
	uint32_t hash = hash_node(&node, edges), index = (uint32_t)graph->nodes.count;

	if (graph->failed)
		return fail(graph);
	uint32_t known = table_find(&graph->table, hash, is_equal, graph, &(struct candidate){&node, edges});
	if (known != TABLE_NONE)
		return (struct graph_id){known};
	if (!vec_reserve_in(&graph->nodes, graph->arena, 1) ||
	    !vec_reserve_in(&graph->edges, graph->arena, node.edge_count) || !table_add(&graph->table, hash, index))
		return fail(graph);
	node.first_edge = (uint32_t)graph->edges.count;
	for (uint32_t i = 0; i < node.edge_count; i++) {
		assert(edges[i].child.index < index);
		assert(i == 0 || edges[i - 1].first < edges[i].first);
		assert(i == 0 || !graph_same(edges[i - 1].child, edges[i].child));
		graph->edges.items[graph->edges.count++] = edges[i];
	}
	graph->nodes.items[graph->nodes.count++] = node;
	return (struct graph_id){index};
}

void graph_init(struct graph *graph, struct arena *arena, size_t expected)
{
	*graph = (struct graph){.arena = arena, .table.arena = arena};
	if (!vec_reserve_in(&graph->nodes, arena, expected) || !vec_reserve_in(&graph->edges, arena, 3 * expected) ||
	    !table_reserve(&graph->table, expected))
		graph->failed = true;
	(void)graph_leaf(graph, SECCOMP_RET_KILL_PROCESS);
}

struct graph_id graph_leaf(struct graph *graph, uint32_t action)
{
	if (graph->failed || !graph->nodes.count || graph_at(graph, graph->last_leaf)->value != action)
		graph->last_leaf = intern(graph, (struct graph_node){.kind = GRAPH_LEAF, .value = action}, NULL);
	return graph->last_leaf;
}

struct graph_id graph_bits(struct graph *graph, uint8_t word, uint32_t mask, uint32_t value, struct graph_id then,
                           struct graph_id otherwise)
{
	struct graph_edge edges[2] = {{0, otherwise, 1}, {1, then, 1}};

	assert(word < GRAPH_WORDS && mask && !(value & ~mask));
	if (graph_same(then, otherwise))
		return then;
	return intern(graph, (struct graph_node){GRAPH_BITS, word, mask, value, 0, 2}, edges);
}

size_t graph_merge_edges(struct graph_edge *edges, size_t count)
{
	size_t kept = 0;

	assert(count > 0);
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
	assert(word < GRAPH_WORDS && edges[0].first == 0);
	count = graph_merge_edges(edges, count);
	if (count == 1)
		return edges[0].child;
	return intern(graph, (struct graph_node){GRAPH_SWITCH, word, 0, 0, 0, (uint32_t)count}, edges);
}

struct graph_id graph_range(struct graph *graph, uint8_t word, uint32_t first, uint32_t last, struct graph_id inside,
                            struct graph_id outside)
{
	struct graph_edge edges[3];
	uint32_t count = 0;

	assert(word < GRAPH_WORDS && first <= last);
	if (graph_same(inside, outside))
		return inside;
	if (first > 0)
		edges[count++] = (struct graph_edge){0, outside, 1};
	edges[count++] = (struct graph_edge){first, inside, 1};
	if (last < UINT32_MAX)
		edges[count++] = (struct graph_edge){last + 1, outside, 1};
	return count == 1 ? inside : intern(graph, (struct graph_node){GRAPH_SWITCH, word, 0, 0, 0, count}, edges);
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

bool graph_branch_of(const struct graph *graph, struct graph_id id, struct graph_branch *ret_branch)
{
	const struct graph_node *node = graph_at(graph, id);
	const struct graph_edge *edges = graph_edges(graph, id);
	bool is_single_bit = (node->mask & (node->mask - 1)) == 0, is_none = node->value == 0;

	if (node->kind == GRAPH_LEAF)
		return false;
	*ret_branch = (struct graph_branch){BPF_JEQ, UINT32_MAX, edges[1].first, edges[1].child, edges[0].child};
	if (node->kind == GRAPH_SWITCH && node->edge_count == 2)
		ret_branch->op = BPF_JGE;
	if (node->kind == GRAPH_SWITCH)
		return node->edge_count == 2 || (node->edge_count == 3 && graph_same(edges[0].child, edges[2].child) &&
		                                 edges[2].first - edges[1].first == 1);
	if (is_single_bit || is_none) {
		ret_branch->op = BPF_JSET;
		ret_branch->k = node->mask;
	} else {
		ret_branch->mask = node->mask;
		ret_branch->k = node->value;
	}
	if (is_none) {
		ret_branch->then = edges[0].child;
		ret_branch->otherwise = edges[1].child;
	}
	return true;
}

static const char *flaw(const struct graph *graph, uint32_t index)
{
	const struct graph_node *node = &graph->nodes.items[index];
	if (node->kind == GRAPH_LEAF)
		return node->edge_count ? "is a leaf with edges" : NULL;
	if (node->kind != GRAPH_SWITCH && node->kind != GRAPH_BITS)
		return "is of no kind";
	if (node->word >= GRAPH_WORDS || node->edge_count < 2)
		return "decides nothing";
	if (node->kind == GRAPH_BITS && (node->edge_count != 2 || !node->mask || node->value & ~node->mask))
		return "tests nothing";
	if (node->first_edge + (size_t)node->edge_count > graph->edges.count)
		return "has edges outside the graph";
	const struct graph_edge *edges = &graph->edges.items[node->first_edge];
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

int graph_verify(const struct graph *graph, bool is_of_branches, struct diag *diag)
{
	const struct graph_node *root = graph->nodes.items;
	struct graph_branch branch;

	if (graph->failed || !graph->nodes.count || root->kind != GRAPH_LEAF || root->value != SECCOMP_RET_KILL_PROCESS)
		return diag_fail(diag, -EINVAL, "node 0 is not KILL_PROCESS");
	for (uint32_t i = 0; i < graph->nodes.count; i++) {
		const char *what = flaw(graph, i);
		if (what)
			return diag_fail(diag, -EINVAL, "node %u %s", i, what);
		if (is_of_branches && graph->nodes.items[i].kind != GRAPH_LEAF &&
		    !graph_branch_of(graph, (struct graph_id){i}, &branch))
			return diag_fail(diag, -EINVAL, "node %u needs more than one comparison", i);
	}
	return 0;
}
