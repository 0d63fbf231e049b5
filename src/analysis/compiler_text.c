/* What the compiler makes on the way from rules to programs, as text and for Graphviz. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/compile.h>

#include "api/context.h"
#include "base/strbuf.h"
#include "bpf/program.h"
#include "compile/pass.h"

/* NULL from the end on. */
static const struct pass *pass_at(size_t i)
{
	size_t at = 0;

	while (at < i && compile_passes[at].name)
		at++;
	return compile_passes[at].name ? &compile_passes[at] : NULL;
}

const char *callgate_pass_name(size_t i)
{
	return pass_at(i) ? pass_at(i)->name : NULL;
}

const char *callgate_pass_what(size_t i)
{
	return pass_at(i) ? pass_at(i)->what : NULL;
}

static const char *const words[GRAPH_WORDS] = {
    "arch",  "nr",    "a0.hi", "a0.lo", "a1.hi", "a1.lo", "a2.hi",
    "a2.lo", "a3.hi", "a3.lo", "a4.hi", "a4.lo", "a5.hi", "a5.lo",
};

static void print_label(const struct graph *graph, struct graph_id id, struct strbuf *out)
{
	const struct graph_node *node = graph_at(graph, id);

	if (node->kind == GRAPH_LEAF)
		bpf_format_action(node->value, out);
	else if (node->kind == GRAPH_BITS)
		strbuf_printf(out, "(%s & 0x%x) == 0x%x", words[node->word], node->mask, node->value);
	else
		strbuf_printf(out, "%s", words[node->word]);
}

static void print_edge(const struct graph *graph, struct graph_id id, uint32_t i, struct strbuf *out)
{
	const struct graph_node *node = graph_at(graph, id);
	const struct graph_edge *edge = &graph_edges(graph, id)[i];

	if (node->kind == GRAPH_BITS) {
		strbuf_append(out, i ? "yes" : "no");
		return;
	}
	uint32_t last = i + 1 < node->edge_count ? edge[1].first - 1 : UINT32_MAX;
	bool is_number = node->word == GRAPH_NR; /* from 0x40000000 on, one with a flag */
	strbuf_printf(out, is_number && edge->first < 0x40000000 ? "%u" : "0x%x", edge->first);
	if (last != edge->first)
		strbuf_append(out, "..");
	if (last != edge->first && last != UINT32_MAX)
		strbuf_printf(out, is_number && last < 0x40000000 ? "%u" : "0x%x", last);
}

/* A node and its edges, as text or in Graphviz' language. */
static void print_node(const struct graph *graph, struct graph_id id, bool dot, struct strbuf *out)
{
	const struct graph_node *node = graph_at(graph, id);

	strbuf_printf(out, dot ? "\tn%u [" : "n%u ", id.index);
	if (dot)
		strbuf_printf(out, "shape=%s, label=\"", node->kind == GRAPH_LEAF ? "box" : "ellipse");
	print_label(graph, id, out);
	strbuf_append(out, dot ? "\"];\n" : "\n");
	for (uint32_t i = 0; i < node->edge_count; i++) {
		struct graph_id child = graph_edges(graph, id)[i].child;
		if (dot)
			strbuf_printf(out, "\tn%u -> n%u [label=\"", id.index, child.index);
		else
			strbuf_append(out, "\t");
		print_edge(graph, id, i, out);
		if (!dot)
			strbuf_printf(out, " -> n%u", child.index);
		if (!dot && graph_at(graph, child)->kind == GRAPH_LEAF) {
			strbuf_append(out, " ");
			print_label(graph, child, out);
		}
		strbuf_append(out, dot ? "\"];\n" : "\n");
	}
}

/* All nodes that the root reaches, from the root down. */
static void print_graph(const struct graph *graph, struct graph_id root, bool dot, struct strbuf *out)
{
	bool *reached = calloc(graph->nodes.count, sizeof(*reached));

	if (!reached) {
		out->failed = true;
		return;
	}
	graph_reach(graph, root, reached);
	if (dot)
		strbuf_append(out, "digraph filter {\n");
	for (uint32_t i = root.index + 1; i-- > 0;)
		if (reached[i])
			print_node(graph, (struct graph_id){i}, dot, out);
	if (dot)
		strbuf_append(out, "}\n");
	free(reached);
}

/* What was made last: instructions, nodes in their order, or the graph, which for Graphviz it always is. */
static void print(const struct compilation *c, bool dot, struct strbuf *out)
{
	struct callgate_program program = {c->policy->archs[0].arch->big_endian, c->insns.count, c->insns.items, NULL};

	if (dot || !(c->state & (PASS_INSNS | PASS_LAYOUT)))
		print_graph(&c->graph, c->root, dot, out);
	else if (c->state & PASS_INSNS)
		bpf_disassemble(&program, out);
	else
		for (size_t i = c->order_count; i-- > 0;)
			print_node(&c->graph, (struct graph_id){c->order[i]}, false, out);
}

/* False without memory. */
static bool dump(const struct policy *policy, const struct pass *last, bool dot, struct arena *arena,
                 struct strbuf *out)
{
	struct compilation c = {.policy = policy, .arena = arena, .state = PASS_POLICY};

	for (const struct pass *pass = compile_passes; pass <= last; pass++)
		if (!pass_run(pass, &c))
			return false;
	print(&c, dot, out);
	return !out->failed;
}

int callgate_compile_dump(const scmp_filter_ctx ctx, const char *pass, int dot, char **ret_text)
{
	struct context *context =
	    context_check_with(ctx, pass && ret_text ? pass : NULL, "name of the pass and the place for the text");
	const struct pass *last = compile_passes;
	struct arena arena = {0};
	struct strbuf text = {0};

	if (!context)
		return -EINVAL;
	while (last->name && strcmp(last->name, pass) != 0)
		last++;
	if (!last->name)
		return diag_fail(&context->diag, -EINVAL, "the compiler has no pass \"%s\"", pass);
	const struct policy *policy = context_policy(context, false, &arena);
	bool complete = policy && dump(policy, last, dot != 0, &arena, &text);
	arena_finish(&arena);
	char *stolen = complete ? strbuf_steal(&text) : NULL;
	strbuf_finish(&text);
	if (!stolen)
		return diag_fail(&context->diag, -ENOMEM, "out of memory for the text");
	*ret_text = stolen;
	return 0;
}
