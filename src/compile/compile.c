#include "compile/compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile/emit.h"
#include "compile/graph_text.h"
#include "compile/lowered.h"
#include "compile/pass.h"

const struct pass compile_passes[] = {
    {"rules", "the rules of every call as one graph over the words of a call", pass_rules},
    {"trees", "each switch as a search tree of two-way comparisons", pass_trees},
    {NULL, NULL, NULL},
};

const char *const *compile_pass_names(void)
{
	static const char *const names[] = {"rules", "trees", NULL};

	return names;
}

static void dump_graph(const struct compile_dump *dump, const struct pass *pass, const struct graph *graph,
                       struct graph_id root)
{
	if (!dump || !dump->after || strcmp(dump->after, pass->name) != 0)
		return;
	(dump->dot ? graph_print_dot : graph_print)(graph, root, dump->out);
}

/* Runs every pass; ret_graph is the last one's, to be finished by the caller. */
static int run_passes(const struct policy *policy, const struct compile_dump *dump, struct graph *ret_graph,
                      struct graph_id *ret_root)
{
	struct arena arena = {0};
	struct graph graph = {0};
	struct pass_input input = {.policy = policy, .arena = &arena};

	for (const struct pass *pass = compile_passes; pass->name; pass++) {
		struct graph next;
		graph_init(&next);
		input.root = pass->run(&input, &next);
		graph_finish(&graph);
		graph = next;
		input.graph = &graph;
		if (graph.failed)
			break;
		dump_graph(dump, pass, &graph, input.root);
	}
	arena_finish(&arena);
	if (graph.failed) {
		graph_finish(&graph);
		return -ENOMEM;
	}
	*ret_graph = graph;
	*ret_root = input.root;
	return 0;
}

static int check_dump(const struct compile_dump *dump, struct diag *diag)
{
	if (!dump || !dump->after)
		return 0;
	for (const struct pass *pass = compile_passes; pass->name; pass++)
		if (strcmp(pass->name, dump->after) == 0)
			return 0;
	return diag_fail(diag, -EINVAL, "no compiler pass is called \"%s\"", dump->after);
}

static int make_program(const struct policy *policy, const struct compile_dump *dump, struct diag *diag,
                        struct callgate_program **ret_program)
{
	bool big_endian = policy->arch_count && policy->archs[0].arch->big_endian;
	struct graph graph;
	struct graph_id root;
	struct emit_output output = {0};

	int result = run_passes(policy, dump, &graph, &root);
	if (result == 0) {
		result = emit_graph(&graph, root, big_endian, &output);
		graph_finish(&graph);
	}
	if (result < 0)
		(void)diag_fail(diag, result, "out of memory for the program");
	else
		result =
		    bpf_program_new(output.insns.items, output.insns.count, big_endian, diag, ret_program);
	vec_finish(&output.insns);
	return result;
}

int compile_policy(const struct policy *policy, bool single, const struct compile_dump *dump,
                   struct diag *diag, struct compile_output *ret_output)
{
	struct compile_output output = {.programs = calloc(1, sizeof(void *)), .count = 1};
	int result = check_dump(dump, diag);

	(void)single;
	if (!output.programs)
		result = diag_fail(diag, -ENOMEM, "out of memory for a program");
	if (result == 0)
		result = make_program(policy, dump, diag, &output.programs[0]);
	if (result < 0) {
		free(output.programs);
		return result;
	}
	*ret_output = output;
	return 0;
}

void compile_output_finish(struct compile_output *output)
{
	for (size_t i = 0; i < output->count; i++)
		bpf_program_free(output->programs[i]);
	free(output->programs);
	*output = (struct compile_output){0};
}
