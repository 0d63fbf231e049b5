/* Policies that are too long for one program. */
#include <assert.h>

#include "compile/pass.h"

static bool is_cut(const struct graph_node *node)
{
	return node->kind == GRAPH_SWITCH && node->word == GRAPH_NR;
}

/*
 * Each node below an edge that can be cut belongs to the first edge that leads there. Parents come before their
 * children: `owner` is by node, and has the edge and 1, or 0 for what is above all such edges.
 */
static void measure(struct stack_plan *plan, uint32_t *owner)
{
	for (uint32_t i = plan->root.index + 1; i-- > 0;) {
		const struct graph_node *node = &plan->graph->nodes.items[i];
		if (plan->reached[i] && owner[i])
			plan->sizes[owner[i] - 1] += node->edge_count;
		for (uint32_t j = 0; plan->reached[i] && j < node->edge_count; j++) {
			uint32_t edge = node->first_edge + j, by = is_cut(node) ? edge + 1 : owner[i];
			uint32_t *child = &owner[plan->graph->edges.items[edge].child.index];
			plan->sizes[edge] += is_cut(node);
			if (by && (!*child || by < *child))
				*child = by;
		}
	}
	for (size_t i = 0; i < plan->graph->edges.count; i++)
		plan->total += plan->sizes[i];
}

/* Marks the edge that decides a call of this name. */
static void keep_for_last(struct stack_plan *plan, const struct callgate_arch *arch, const char *name)
{
	int32_t nr = arch_syscall_direct_number(arch, name);
	struct graph_id id = plan->root;

	while (graph_at(plan->graph, id)->kind == GRAPH_SWITCH && graph_at(plan->graph, id)->word == GRAPH_ARCH)
		id = graph_step(plan->graph, id, arch->audit);
	const struct graph_node *node = graph_at(plan->graph, id);
	if (nr < 0 || !is_cut(node))
		return;
	uint32_t at = node->edge_count - 1;
	while (plan->graph->edges.items[node->first_edge + at].first > (uint32_t)nr)
		at--;
	plan->is_last[node->first_edge + at] = true;
}

bool stack_plan_start(struct stack_plan *plan, struct arena *arena, const struct graph *graph, struct graph_id root,
                      const struct policy *policy)
{
	size_t edges = graph->edges.count + 1;
	uint32_t *owner = ARENA_ARRAY(arena, uint32_t, graph->nodes.count);

	*plan = (struct stack_plan){
	    .graph = graph,
	    .root = root,
	    .sizes = ARENA_ARRAY(arena, uint32_t, edges),
	    .owners = ARENA_ARRAY(arena, uint8_t, edges),
	    .is_last = ARENA_ARRAY(arena, bool, edges),
	    .reached = ARENA_ARRAY(arena, bool, graph->nodes.count),
	};
	if (!owner || !plan->reached || !plan->sizes || !plan->owners || !plan->is_last)
		return false;
	graph_reach(graph, root, plan->reached);
	measure(plan, owner);
	for (size_t i = 0; i < policy->arch_count; i++) {
		keep_for_last(plan, policy->archs[i].arch, "seccomp");
		keep_for_last(plan, policy->archs[i].arch, "prctl");
	}
	return true;
}

void stack_plan_cut(struct stack_plan *plan, unsigned parts)
{
	uint64_t before = 0;

	assert(parts >= 2 && parts <= STACK_MOST);
	for (size_t i = 0; i < plan->graph->edges.count; i++) {
		if (plan->is_last[i]) {
			plan->owners[i] = (uint8_t)(parts - 1);
			continue;
		}
		plan->owners[i] = (uint8_t)(before * parts / (plan->total + 1));
		assert(plan->owners[i] < parts);
		before += plan->sizes[i];
	}
}

bool stack_plan_is_one_call(const struct stack_plan *plan, unsigned part)
{
	size_t calls = 0;

	for (size_t i = 0; i < plan->graph->edges.count; i++)
		calls += plan->owners[i] == part && plan->sizes[i] > 1;
	return calls <= 1;
}

static struct graph_id copy(const struct stack_plan *plan, unsigned part, struct graph *graph, uint32_t index,
                            const struct graph_id *map, struct graph_edge *edges)
{
	const struct graph_node *node = &plan->graph->nodes.items[index];

	if (node->kind == GRAPH_LEAF)
		return graph_leaf(graph, node->value);
	for (uint32_t i = 0; i < node->edge_count; i++) {
		edges[i] = plan->graph->edges.items[node->first_edge + i];
		edges[i].child = map[edges[i].child.index];
		if (is_cut(node) && plan->owners[node->first_edge + i] != part)
			edges[i].child = graph_leaf(graph, SECCOMP_RET_ALLOW);
	}
	if (node->kind == GRAPH_BITS)
		return graph_bits(graph, node->word, node->mask, node->value, edges[1].child, edges[0].child);
	return graph_switch(graph, node->word, edges, node->edge_count);
}

bool pass_parts(struct compilation *c)
{
	const struct stack_plan *plan = c->plan;
	struct graph graph;

	if (!plan)
		return true;
	struct graph_id *map = ARENA_ARRAY(c->arena, struct graph_id, plan->root.index + (size_t)1);
	struct graph_edge *edges = ARENA_ARRAY(c->arena, struct graph_edge, plan->graph->edges.count + 1);
	graph_init(&graph, c->arena, 0);
	if (!map || !edges)
		return false;
	for (uint32_t i = 0; !graph.failed && i <= plan->root.index; i++)
		if (plan->reached[i])
			map[i] = copy(plan, c->part, &graph, i, map, edges);
	c->root = map[plan->root.index];
	c->graph = graph;
	return !graph.failed;
}
