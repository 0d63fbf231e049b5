/* The decisions of a program about one call: found, and drawn. */
#include <assert.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/info.h>
#include <callgate/testing.h>

#include "cli/explain.h"

/* ---- finding ---- */

const unsigned long *graph_hits(struct explaining *e)
{
	ARENA_VEC(unsigned long) hits = {0};
	struct callgate_edge edge;

	if (!vec_reserve_in(&hits, &e->arena, 1))
		return NULL;
	for (size_t i = 0; callgate_simulator_edge(e->simulator, i, &edge) == 0; i++)
		if (!vec_push_in(&hits, &e->arena, edge.hits))
			return NULL;
	return hits.items;
}

/* What calls do at a jump of one program; the instructions of all programs have one. */
struct jump {
	bool yes, no; /* calls leave here */
	int node;     /* of the graph; -1: none */
	struct callgate_edge edge;
};

struct building {
	struct explaining *explaining;
	struct explained_call *call;
	struct decision_graph *graph;
	size_t program, length;
	const struct sock_filter *insns;
	struct jump *jumps;
};

static bool find_jumps(struct building *b, const unsigned long *before)
{
	struct callgate_edge edge;

	b->jumps = ARENA_ARRAY(&b->explaining->arena, struct jump, b->length);
	for (size_t i = 0; b->jumps && i < b->length; i++)
		b->jumps[i].node = -1;
	for (size_t i = 0; b->jumps && callgate_simulator_edge(b->explaining->simulator, i, &edge) == 0; i++) {
		if (edge.program != b->program)
			continue;
		struct jump *jump = &b->jumps[edge.instruction];
		const bool is_taken = edge.hits > before[i];
		if (edge.taken)
			jump->yes = is_taken;
		else
			jump->no = is_taken;
		if (edge.taken)
			jump->edge = edge;
	}
	return b->jumps != NULL;
}

/* In callgate_explain_edge()'s words, with the argument's name in the place of its number. */
static void append_edge(struct building *b, struct strbuf *text, const struct callgate_edge *edge)
{
	char *words = callgate_explain_edge(edge), number[20];
	const char *name = callgate_argument_name(b->call->arch->token, b->call->name, edge->argument);

	snprintf(number, sizeof(number), "argument %u", edge->argument);
	const char *at = words && name && edge->operand == CALLGATE_OPERAND_ARGUMENT ? strstr(words, number) : NULL;
	if (at) {
		strbuf_append_bytes(text, words, (size_t)(at - words));
		strbuf_append(text, name);
		strbuf_append(text, at + strlen(number));
	} else {
		strbuf_append(text, words ? words : "?");
	}
	free(words);
}

/* The kernel compares halves. What is compared of an upper half has no name. */
static const char *question_of(struct building *b, const struct callgate_edge *edge)
{
	static const enum scmp_compare operators[] = {[BPF_JEQ >> 4] = SCMP_CMP_EQ,
	                                              [BPF_JGT >> 4] = SCMP_CMP_GT,
	                                              [BPF_JGE >> 4] = SCMP_CMP_GE,
	                                              [BPF_JSET >> 4] = SCMP_CMP_NE};
	const bool is_set = BPF_OP(edge->code) == BPF_JSET;
	const struct callgate_condition condition = {.argument = edge->argument,
	                                             .op = operators[BPF_OP(edge->code) >> 4],
	                                             .mask = is_set ? edge->mask & edge->k : edge->mask,
	                                             .value = is_set ? 0 : edge->k};
	struct strbuf text = {0};

	if (edge->operand == CALLGATE_OPERAND_ARGUMENT && BPF_SRC(edge->code) == BPF_K && !edge->upper) {
		explain_condition(&text, b->call->arch, b->call->name, &condition);
	} else {
		append_edge(b, &text, edge);
	}
	char *copy = text.failed ? NULL : arena_take(&b->explaining->arena, text.length + 1);
	if (copy)
		memcpy(copy, text.text, text.length + 1);
	strbuf_finish(&text);
	return copy;
}

/* All jumps that calls leave on both sides are nodes, in the order of the program, which only goes forward. */
static bool make_nodes(struct building *b)
{
	for (size_t pc = 0; pc < b->length; pc++) {
		struct jump *jump = &b->jumps[pc];
		if (!jump->yes || !jump->no)
			continue;
		const struct graph_node node = {.instruction = pc, .question = question_of(b, &jump->edge)};
		jump->node = (int)b->graph->nodes.count;
		if (!node.question || !vec_push_in(&b->graph->nodes, &b->explaining->arena, node))
			return false;
	}
	return true;
}

/* An instruction in this machine's byte order. */
static struct sock_filter instruction(const struct building *b, size_t pc)
{
	struct sock_filter insn = b->insns[pc];

	assert(pc < b->length);
	if (b->call->arch->big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)) {
		insn.code = __builtin_bswap16(insn.code);
		insn.k = __builtin_bswap32(insn.k);
	}
	return insn;
}

/* From an instruction to the next decision or the answer. */
static struct graph_edge follow(const struct building *b, size_t pc)
{
	for (size_t cost = 0;; cost++) {
		const struct sock_filter insn = instruction(b, pc);
		const struct jump *jump = &b->jumps[pc];
		if (BPF_CLASS(insn.code) == BPF_RET)
			return (struct graph_edge){-1, BPF_RVAL(insn.code) == BPF_K ? insn.k : 0, cost + 1};
		if (jump->node >= 0)
			return (struct graph_edge){jump->node, 0, cost};
		if (BPF_CLASS(insn.code) != BPF_JMP)
			pc++;
		else if (BPF_OP(insn.code) == BPF_JA)
			pc += 1 + (size_t)insn.k;
		else
			pc += 1 + (size_t)(jump->yes ? insn.jt : insn.jf);
	}
}

static void make_edges(struct building *b)
{
	for (size_t i = 0; i < b->graph->nodes.count; i++) {
		struct graph_node *node = &b->graph->nodes.items[i];
		const struct sock_filter insn = instruction(b, node->instruction);
		node->yes = follow(b, node->instruction + 1 + insn.jt);
		node->no = follow(b, node->instruction + 1 + insn.jf);
	}
	b->graph->start = follow(b, 0);
}

static void add_cost(const struct decision_graph *graph, const struct graph_edge *edge, size_t *least, size_t *most)
{
	const struct graph_node *node = edge->node < 0 ? NULL : &graph->nodes.items[edge->node];
	const size_t low = edge->cost + (node ? node->least : 0), high = edge->cost + (node ? node->most : 0);

	*least = low < *least ? low : *least;
	*most = high > *most ? high : *most;
}

static void add_costs(struct decision_graph *graph)
{
	for (size_t i = graph->nodes.count; i-- > 0;) {
		struct graph_node *node = &graph->nodes.items[i];
		node->least = SIZE_MAX;
		add_cost(graph, &node->yes, &node->least, &node->most);
		add_cost(graph, &node->no, &node->least, &node->most);
		node->least++;
		node->most++;
	}
	graph->least = SIZE_MAX;
	add_cost(graph, &graph->start, &graph->least, &graph->most);
}

bool graph_make(struct explaining *e, const unsigned long *before, struct explained_call *call)
{
	const struct callgate_program *program;
	struct decision_graph best = {.least = 0};
	size_t least = 0, most = 0;

	for (size_t i = 0; (program = callgate_simulator_program(e->simulator, i)); i++) {
		struct decision_graph graph = {.least = 0};
		struct building b = {.explaining = e,
		                     .call = call,
		                     .graph = &graph,
		                     .program = i,
		                     .length = callgate_program_length(program),
		                     .insns = callgate_program_bytes(program)};
		if (!find_jumps(&b, before) || !make_nodes(&b))
			return false;
		make_edges(&b);
		add_costs(&graph);
		least += graph.least;
		most += graph.most;
		if (i == 0 || graph.nodes.count > best.nodes.count)
			best = graph;
	}
	call->graph = best;
	call->graph.least = least;
	call->graph.most = most;
	return true;
}

/* ---- as DOT ---- */

static void print_dot_edge(FILE *out, int from, const struct graph_edge *edge, const char *label)
{
	char action[CALLGATE_ACTION_TEXT];

	if (edge->node >= 0) {
		fprintf(out, "\tn%d -> n%d [label=\"%s\"];\n", from, edge->node, label);
		return;
	}
	callgate_action_text(edge->action, action);
	fprintf(out, "\tn%d -> \"%s\" [label=\"%s\"];\n\t\"%s\" [shape=oval];\n", from, action, label, action);
}

void graph_print_dot(FILE *out, const struct explained_call *call)
{
	const struct decision_graph *graph = &call->graph;

	fprintf(out, "digraph \"%s on %s\" {\n\tnode [shape=box];\n\tn%zu [label=\"%s on %s\", shape=plain];\n",
	        call->name, call->arch->name, graph->nodes.count, call->name, call->arch->name);
	print_dot_edge(out, (int)graph->nodes.count, &graph->start, "");
	for (size_t i = 0; i < graph->nodes.count; i++) {
		const struct graph_node *node = &graph->nodes.items[i];
		fprintf(out, "\tn%zu [label=\"%s\"];\n", i, node->question);
		print_dot_edge(out, (int)i, &node->yes, "yes");
		print_dot_edge(out, (int)i, &node->no, "no");
	}
	fputs("}\n", out);
}
