/* What a finished graph says, and whether it is one. */
#include <errno.h>
#include <string.h>

#include <linux/filter.h>

#include "compile/graph.h"

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

static bool read_bits(const struct graph_node *node, const struct graph_edge *edges,
                      struct graph_branch *branch)
{
	bool single = (node->mask & (node->mask - 1)) == 0, none = node->value == 0;

	*branch = (struct graph_branch){BPF_JEQ, node->mask, node->value, edges[1].child, edges[0].child};
	if (!single && !none)
		return true;
	branch->op = BPF_JSET;
	branch->mask = UINT32_MAX;
	branch->k = node->mask;
	if (none) {
		branch->then = edges[0].child;
		branch->otherwise = edges[1].child;
	}
	return true;
}

bool graph_branch_of(const struct graph *graph, struct graph_id id, struct graph_branch *ret_branch)
{
	const struct graph_node *node = graph_at(graph, id);
	const struct graph_edge *edges = graph_edges(graph, id);

	if (node->kind == GRAPH_BITS)
		return read_bits(node, edges, ret_branch);
	if (node->kind == GRAPH_LEAF)
		return false;
	if (node->edge_count == 2) {
		*ret_branch = (struct graph_branch){BPF_JGE, UINT32_MAX, edges[1].first, edges[1].child,
		                                    edges[0].child};
		return true;
	}
	*ret_branch =
	    (struct graph_branch){BPF_JEQ, UINT32_MAX, edges[1].first, edges[1].child, edges[0].child};
	return node->edge_count == 3 && graph_same(edges[0].child, edges[2].child) &&
	       edges[2].first - edges[1].first == 1;
}

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

int graph_verify_branches(const struct graph *graph, struct diag *diag)
{
	struct graph_branch branch;

	for (uint32_t i = 0; i < graph->nodes.count; i++)
		if (graph->nodes.items[i].kind != GRAPH_LEAF &&
		    !graph_branch_of(graph, (struct graph_id){i}, &branch))
			return diag_fail(diag, -EINVAL, "node %u needs more than one comparison", i);
	return 0;
}
