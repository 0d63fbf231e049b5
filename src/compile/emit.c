/*
 * Backwards, so that every target is known when a jump to it is written, and reversed once at the end. A position is the
 * number of instructions behind, so a jump from `at` to `to` skips at - to - 1.
 */
#include "compile/emit.h"

#include <errno.h>

#include "bpf/program.h"
#include "compile/layout.h"
#include "compile/lowered.h"

enum { NOWHERE = UINT32_MAX, REACH = 255 };

/* Where a node can be entered: with its word in A, or not. The nearest instruction that leads there; a leaf has one entry. */
struct entries {
	uint32_t loaded, unloaded;
	bool wants_unloaded; /* some predecessor (or the start) does not hold the word */
};

struct emitter {
	const struct graph *graph;
	struct entries *entries; /* by node */
	struct emit_output *output;
	bool big_endian, failed;
};

static uint32_t emit(struct emitter *e, uint16_t code, uint32_t jt, uint32_t jf, uint32_t k)
{
	struct sock_filter insn = {code, (uint8_t)jt, (uint8_t)jf, k};

	if (!vec_push_in(&e->output->insns, e->graph->arena, insn))
		e->failed = true;
	return (uint32_t)e->output->insns.count - 1;
}

static uint32_t offset_of(const struct emitter *e, uint8_t word)
{
	if (word == GRAPH_NR || word == GRAPH_ARCH)
		return word == GRAPH_NR ? 0 : 4;
	return bpf_arg_offset(e->big_endian, (unsigned)(word - GRAPH_ARGS) / 2, (word - GRAPH_ARGS) % 2 == 0);
}

/* Which entry of the child does a node that ends with its own word (or a masked one) in A want? */
static uint32_t *entry_of(struct emitter *e, const struct graph_node *node, const struct lowered *lowered,
                          struct graph_id child)
{
	const struct graph_node *target = graph_at(e->graph, child);
	struct entries *entries = &e->entries[child.index];
	bool holds = target->word == node->word && lowered->mask == UINT32_MAX;

	return target->kind == GRAPH_LEAF || holds ? &entries->loaded : &entries->unloaded;
}

static void want(struct emitter *e, const struct layout *layout, struct graph_id root)
{
	e->entries[root.index].wants_unloaded = true;
	for (size_t i = 0; i < layout->count; i++) {
		struct graph_id id = {layout->order[i]}, children[2];
		struct lowered lowered;
		if (!lowered_read(e->graph, id, &lowered))
			continue;
		children[0] = lowered.then;
		children[1] = lowered.otherwise;
		for (int j = 0; j < 2; j++) {
			struct entries *entries = &e->entries[children[j].index];
			if (entry_of(e, graph_at(e->graph, id), &lowered, children[j]) == &entries->unloaded)
				entries->wants_unloaded = true;
		}
	}
}

/* Is the entry near enough for a conditional jump that is written next? If not, something that leads there is written. */
static bool bring_near(struct emitter *e, struct graph_id child, uint32_t *entry)
{
	uint32_t at = (uint32_t)e->output->insns.count;
	const struct graph_node *node = graph_at(e->graph, child);

	if (*entry != NOWHERE && at - *entry - 1 <= REACH)
		return true;
	if (node->kind == GRAPH_LEAF)
		*entry = emit(e, BPF_RET | BPF_K, 0, 0, node->value);
	else
		*entry = emit(e, BPF_JMP | BPF_JA, 0, 0, at - *entry - 1);
	return false;
}

static void emit_node(struct emitter *e, struct graph_id id)
{
	const struct graph_node *node = graph_at(e->graph, id);
	struct lowered lowered;

	if (!lowered_read(e->graph, id, &lowered)) {
		e->failed = true;
		return;
	}
	uint32_t *then = entry_of(e, node, &lowered, lowered.then);
	uint32_t *otherwise = entry_of(e, node, &lowered, lowered.otherwise);
	while (!e->failed)
		if (bring_near(e, lowered.then, then) && bring_near(e, lowered.otherwise, otherwise))
			break;
	uint32_t at = (uint32_t)e->output->insns.count;
	struct entries *entries = &e->entries[id.index];
	entries->loaded =
	    emit(e, (uint16_t)(BPF_JMP | lowered.op | BPF_K), at - *then - 1, at - *otherwise - 1, lowered.k);
	if (lowered.mask != UINT32_MAX)
		entries->loaded = emit(e, BPF_ALU | BPF_AND | BPF_K, 0, 0, lowered.mask);
	if (entries->wants_unloaded)
		entries->unloaded = emit(e, BPF_LD | BPF_W | BPF_ABS, 0, 0, offset_of(e, node->word));
}

static void reverse(struct emit_output *output)
{
	for (size_t i = 0, j = output->insns.count; i + 1 < j; i++) {
		struct sock_filter insn = output->insns.items[i];
		output->insns.items[i] = output->insns.items[--j];
		output->insns.items[j] = insn;
	}
}

int emit_graph(const struct graph *graph, struct graph_id root, bool big_endian, struct emit_output *output)
{
	struct layout layout;
	struct emitter e = {.graph = graph, .output = output, .big_endian = big_endian};

	if (!layout_start(&layout, graph, root))
		return -ENOMEM;
	e.entries = ARENA_ARRAY(graph->arena, struct entries, root.index + (size_t)1);
	e.failed = !e.entries || !vec_reserve_in(&output->insns, graph->arena, 2 * layout.count + 8);
	for (uint32_t i = 0; !e.failed && i <= root.index; i++)
		e.entries[i].loaded = e.entries[i].unloaded = NOWHERE;
	if (!e.failed)
		want(&e, &layout, root);
	for (size_t i = 0; i < layout.count && !e.failed; i++)
		emit_node(&e, (struct graph_id){layout.order[i]});
	if (!e.failed && graph_at(graph, root)->kind == GRAPH_LEAF)
		emit(&e, BPF_RET | BPF_K, 0, 0, graph_at(graph, root)->value);
	reverse(output);
	return e.failed ? -ENOMEM : 0;
}
