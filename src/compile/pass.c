#include "compile/pass.h"

#include <errno.h>
#include <string.h>

#include "compile/compile.h"
#include "compile/graph_text.h"

enum { USUAL_NODES = 24 };

const struct pass compile_passes[] = {
    {"rules", "the rules of every call as one graph over the words of a call", pass_rules},
    {"trees", "each switch as a search tree of two-way comparisons", pass_trees},
    {NULL, NULL, NULL},
};

size_t compile_pass_count(void)
{
	return sizeof(compile_passes) / sizeof(compile_passes[0]) - 1;
}

const char *compile_pass_name(size_t i)
{
	return compile_passes[i].name;
}

const char *compile_pass_what(size_t i)
{
	return compile_passes[i].what;
}

bool pass_run(const struct pass *pass, const struct pass_input *input, struct graph *ret_graph,
              struct graph_id *ret_root)
{
	graph_init(ret_graph, input->arena, input->graph ? input->graph->edges.count : USUAL_NODES);
	if (!ret_graph->failed)
		*ret_root = pass->run(input, ret_graph);
	return !ret_graph->failed;
}

/* Passes up to and with the last one. */
static struct graph_id run_until(const struct pass *last, struct pass_input *input, struct graph *ret_graph)
{
	*ret_graph = (struct graph){0};
	for (const struct pass *pass = compile_passes; pass <= last && !ret_graph->failed; pass++) {
		struct graph next;
		(void)pass_run(pass, input, &next, &input->root);
		*ret_graph = next;
		input->graph = ret_graph;
	}
	return input->root;
}

static const struct pass *find(const char *name)
{
	const struct pass *pass = compile_passes;

	while (pass->name && strcmp(pass->name, name) != 0)
		pass++;
	return pass->name ? pass : NULL;
}

int compile_dump_policy(const struct policy *policy, const struct compile_dump *dump, struct diag *diag)
{
	const struct pass *last = find(dump->after);
	struct arena arena = {0};
	struct pass_input input = {.policy = policy, .arena = &arena};
	struct graph graph;

	if (!last)
		return diag_fail(diag, -EINVAL, "the compiler has no pass \"%s\"", dump->after);
	struct graph_id root = run_until(last, &input, &graph);
	if (!graph.failed)
		(dump->dot ? graph_print_dot : graph_print)(&graph, root, dump->out);
	bool complete = !graph.failed && !dump->out->failed;
	arena_finish(&arena);
	return complete ? 0 : diag_fail(diag, -ENOMEM, "out of memory for the graph");
}
