/*
 * The last two passes. The order of the nodes: the smaller child next to its parent, so that few jumps are long. Then
 * the nodes as instructions: backwards, so that every target is known when a jump to it is written, and reversed once
 * at the end. A position is the number of instructions after it, so a jump from `at` to `to` skips at - to - 1.
 */
#include <assert.h>

#include "bpf/program.h"
#include "compile/pass.h"

/* A walk without recursion: a chain of rules can be as deep as it is long. */
struct walk {
	const struct graph_node *nodes;
	const struct graph_edge *edges;
	uint32_t *size;    /* instructions below a node if nothing were shared, at most UINT32_MAX */
	uint8_t *progress; /* children visited; 3 when the node is in the order */
	uint32_t *path;
};

enum { DONE = 3 };

static void measure(struct walk *walk, struct graph_id root)
{
	for (uint32_t i = 0; i <= root.index; i++) {
		const struct graph_node *node = &walk->nodes[i];
		uint64_t size = 1;
		for (uint32_t j = 0; j < node->edge_count; j++)
			size += walk->size[walk->edges[node->first_edge + j].child.index];
		walk->size[i] = size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
	}
}

/* The larger child is visited first: the one that is visited last stands next to the parent. */
static uint32_t child_of(const struct walk *walk, uint32_t index, int turn)
{
	const struct graph_edge *edges = &walk->edges[walk->nodes[index].first_edge];
	bool swap = walk->size[edges[1].child.index] > walk->size[edges[0].child.index];

	return edges[(turn != 0) != swap].child.index;
}

static void visit(struct walk *walk, struct compilation *c)
{
	size_t depth = 1;

	walk->path[0] = c->root.index;
	while (depth > 0) {
		uint32_t index = walk->path[depth - 1];
		if (walk->nodes[index].kind == GRAPH_LEAF || walk->progress[index] >= 2) {
			if (walk->progress[index] == 2)
				c->order[c->order_count++] = index;
			walk->progress[index] = DONE;
			depth--;
			continue;
		}
		uint32_t child = child_of(walk, index, walk->progress[index]++);
		if (walk->progress[child] == 0)
			walk->path[depth++] = child;
	}
}

bool pass_layout(struct compilation *c)
{
	size_t count = c->root.index + (size_t)1;
	uint32_t *block = arena_alloc_array(c->arena, count, 3 * sizeof(uint32_t) + 1);
	struct walk walk = {
	    .nodes = c->graph.nodes.items,
	    .edges = c->graph.edges.items,
	    .size = block + count,
	    .path = block + 2 * count,
	    .progress = (uint8_t *)(block + 3 * count),
	};

	if (!block)
		return false;
	c->order = block;
	c->order_count = 0;
	measure(&walk, c->root);
	visit(&walk, c);
	return true;
}

enum { NOWHERE = UINT32_MAX, REACH = UINT8_MAX };

/* Where a node can be entered, with its word in A or not: the nearest instruction that leads there; one for a leaf. */
struct entries {
	uint32_t loaded, unloaded;
	bool wants_unloaded; /* some predecessor (or the start) does not hold the word */
};

struct emitter {
	const struct graph *graph;
	struct entries *entries; /* by node */
	struct compilation *c;
	bool big_endian, failed;
};

static uint32_t emit(struct emitter *e, uint16_t code, uint32_t jt, uint32_t jf, uint32_t k)
{
	struct sock_filter insn = {code, (uint8_t)jt, (uint8_t)jf, k};

	assert(e->failed || (jt <= REACH && jf <= REACH));
	if (!vec_push_in(&e->c->insns, e->c->arena, insn))
		e->failed = true;
	return (uint32_t)e->c->insns.count - 1;
}

static uint32_t offset_of(const struct emitter *e, uint8_t word)
{
	if (word == GRAPH_NR || word == GRAPH_ARCH)
		return word == GRAPH_NR ? 0 : 4;
	return bpf_arg_offset(e->big_endian, (unsigned)(word - GRAPH_ARGS) / 2, (word - GRAPH_ARGS) % 2 == 0);
}

/* Which entry of the child does a node that ends with its own word (or a masked one) in A want? */
static uint32_t *entry_of(struct emitter *e, const struct graph_node *node, const struct graph_branch *branch,
                          struct graph_id child)
{
	const struct graph_node *target = graph_at(e->graph, child);
	struct entries *entries = &e->entries[child.index];
	bool holds = target->word == node->word && branch->mask == UINT32_MAX;

	return target->kind == GRAPH_LEAF || holds ? &entries->loaded : &entries->unloaded;
}

/* Marks the nodes that have to load their word for some predecessor, or for the start. */
static void want(struct emitter *e)
{
	e->entries[e->c->root.index].wants_unloaded = true;
	for (size_t i = 0; i < e->c->order_count; i++) {
		struct graph_id id = {e->c->order[i]}, children[2];
		struct graph_branch branch;
		if (!graph_branch_of(e->graph, id, &branch))
			continue;
		children[0] = branch.then;
		children[1] = branch.otherwise;
		for (int j = 0; j < 2; j++) {
			struct entries *entries = &e->entries[children[j].index];
			if (entry_of(e, graph_at(e->graph, id), &branch, children[j]) == &entries->unloaded)
				entries->wants_unloaded = true;
		}
	}
}

/* Is the entry near enough for a conditional jump that is written next? If not, a return or a jump is written. */
static bool bring_near(struct emitter *e, struct graph_id child, uint32_t *entry)
{
	uint32_t at = (uint32_t)e->c->insns.count;
	const struct graph_node *node = graph_at(e->graph, child);

	if (*entry != NOWHERE && at - *entry - 1 <= REACH)
		return true;
	assert(node->kind == GRAPH_LEAF || *entry < at);
	if (node->kind == GRAPH_LEAF)
		*entry = emit(e, BPF_RET | BPF_K, 0, 0, node->value);
	else
		*entry = emit(e, BPF_JMP | BPF_JA, 0, 0, at - *entry - 1);
	return false;
}

static void emit_node(struct emitter *e, struct graph_id id)
{
	const struct graph_node *node = graph_at(e->graph, id);
	struct graph_branch branch;

	if (!graph_branch_of(e->graph, id, &branch)) {
		e->failed = true;
		return;
	}
	uint32_t *then = entry_of(e, node, &branch, branch.then);
	uint32_t *otherwise = entry_of(e, node, &branch, branch.otherwise);
	while (!e->failed)
		if (bring_near(e, branch.then, then) && bring_near(e, branch.otherwise, otherwise))
			break;
	uint32_t at = (uint32_t)e->c->insns.count;
	struct entries *entries = &e->entries[id.index];
	entries->loaded =
	    emit(e, (uint16_t)(BPF_JMP | branch.op | BPF_K), at - *then - 1, at - *otherwise - 1, branch.k);
	if (branch.mask != UINT32_MAX)
		entries->loaded = emit(e, BPF_ALU | BPF_AND | BPF_K, 0, 0, branch.mask);
	if (entries->wants_unloaded)
		entries->unloaded = emit(e, BPF_LD | BPF_W | BPF_ABS, 0, 0, offset_of(e, node->word));
}

static void reverse(struct sock_filter *insns, size_t count)
{
	for (size_t i = 0, j = count; i + 1 < j; i++) {
		struct sock_filter insn = insns[i];
		insns[i] = insns[--j];
		insns[j] = insn;
	}
}

bool pass_emit(struct compilation *c)
{
	struct emitter e = {.graph = &c->graph, .c = c};
	const struct graph_node *root = graph_at(&c->graph, c->root);

	e.big_endian = c->policy->arch_count && c->policy->archs[0].arch->big_endian;
	e.entries = ARENA_ARRAY(c->arena, struct entries, c->root.index + (size_t)1);
	if (!e.entries || !vec_reserve_in(&c->insns, c->arena, 2 * c->order_count + 8))
		return false;
	for (uint32_t i = 0; i <= c->root.index; i++)
		e.entries[i].loaded = e.entries[i].unloaded = NOWHERE;
	want(&e);
	for (size_t i = 0; i < c->order_count && !e.failed; i++)
		emit_node(&e, (struct graph_id){c->order[i]});
	if (root->kind == GRAPH_LEAF)
		emit(&e, BPF_RET | BPF_K, 0, 0, root->value);
	reverse(c->insns.items, c->insns.count);
	return !e.failed;
}
