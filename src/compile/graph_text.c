/* Graphs as text, for a human. */
#include <stdlib.h>

#include "bpf/disassemble.h"
#include "compile/graph.h"

static const char *const words[GRAPH_WORDS] = {
    "arch",  "nr",    "a0.hi", "a0.lo", "a1.hi", "a1.lo", "a2.hi",
    "a2.lo", "a3.hi", "a3.lo", "a4.hi", "a4.lo", "a5.hi", "a5.lo",
};

static void print_value(const struct graph_node *node, uint32_t value, struct strbuf *out)
{
	bool decimal = node->word == GRAPH_NR && value < 0x40000000;

	strbuf_printf(out, decimal ? "%u" : "0x%x", value);
}

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
	print_value(node, edge->first, out);
	if (last == edge->first)
		return;
	strbuf_append(out, "..");
	if (last != UINT32_MAX)
		print_value(node, last, out);
}

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

void graph_print_node(const struct graph *graph, struct graph_id id, struct strbuf *out)
{
	print_node(graph, id, false, out);
}

void graph_print(const struct graph *graph, struct graph_id root, bool dot, struct strbuf *out)
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
