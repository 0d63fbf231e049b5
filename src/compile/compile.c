#include "compile/compile.h"

#include <errno.h>
#include <stdlib.h>

#include "bpf/accept.h"
#include "compile/emit.h"
#include "compile/pass.h"
#include "compile/stack.h"

struct compilation {
	const struct policy *policy;
	struct diag *diag;
	struct arena arena;
	struct graph rules; /* what the first pass made */
	struct graph_id root;
	VEC(struct callgate_program *) programs;
};

static int out_of_memory(const struct compilation *c)
{
	return diag_fail(c->diag, -ENOMEM, "out of memory for the program");
}

/* One pass; false when memory ran out. */
static bool run_pass(const struct compilation *c, const struct pass *pass, struct arena *arena,
                     const struct graph *from, struct graph_id *root, struct graph *graph)
{
	struct pass_input input = {.policy = c->policy, .arena = arena, .graph = from, .root = *root};

	return pass_run(pass, &input, graph, root);
}

/* From the graph of the rules to instructions, through all passes but the first; in the graph's arena. */
static int make_insns(const struct compilation *c, const struct graph *from, struct graph_id root,
                      struct emit_output *output)
{
	bool big_endian = c->policy->arch_count && c->policy->archs[0].arch->big_endian;
	struct graph graphs[2];
	bool complete = true;
	int turn = 0;

	for (const struct pass *pass = compile_passes + 1; pass->name && complete; pass++) {
		turn = !turn;
		complete = run_pass(c, pass, from->arena, from, &root, &graphs[turn]);
		from = &graphs[turn];
	}
	int result = complete ? emit_graph(from, root, big_endian, output) : -ENOMEM;
	return result == 0 ? 0 : out_of_memory(c);
}

static int add_program(struct compilation *c, const struct emit_output *output)
{
	bool big_endian = c->policy->arch_count && c->policy->archs[0].arch->big_endian;
	struct callgate_program *program;

	if (!vec_reserve(&c->programs, 1))
		return out_of_memory(c);
	int result = bpf_program_new(output->insns.items, output->insns.count, big_endian, c->diag, &program);
	if (result == 0)
		(void)vec_push(&c->programs, program);
	return result;
}

static void drop_programs(struct compilation *c)
{
	while (c->programs.count > 0)
		bpf_program_free(c->programs.items[--c->programs.count]);
}

static int make_part(struct compilation *c, const struct stack_plan *plan, unsigned part)
{
	struct arena arena = {0};
	struct emit_output output = {0};
	struct graph graph;

	graph_init(&graph, &arena, 0);
	struct graph_id root = stack_part(plan, part, &graph);
	int result = graph.failed ? out_of_memory(c) : make_insns(c, &graph, root, &output);
	if (result == 0)
		result = add_program(c, &output);
	arena_finish(&arena);
	return result;
}

/* Every part of a plan; -E2BIG, and no programs, when some part is still too long. */
static int make_parts(struct compilation *c, const struct stack_plan *plan, unsigned parts)
{
	int result = 0;

	for (unsigned part = 0; part < parts && result == 0; part++)
		result = make_part(c, plan, part);
	if (result < 0)
		drop_programs(c);
	return result;
}

/* A process has room for so much of all its filters together. */
static int check_path(const struct compilation *c, size_t length)
{
	if (length <= BPF_PATH_MAX)
		return 0;
	return diag_fail(c->diag, -E2BIG,
	                 "the policy is too long: stacked programs of %zu kernel instructions, and a process "
	                 "may have %d of all its filters together; merge or drop rules",
	                 length, BPF_PATH_MAX);
}

static size_t path_length(const struct compilation *c)
{
	size_t length = 0;

	for (size_t i = 0; i < c->programs.count; i++)
		length += bpf_ebpf_length(c->programs.items[i]) + (i ? (size_t)BPF_PATH_OVERHEAD : 0);
	return length;
}

static int stack(struct compilation *c, const struct emit_output *output)
{
	struct stack_plan plan;
	size_t length = output->insns.count, parts = length / BPF_PROGRAM_MAX + 1;
	struct callgate_program whole = {.count = length, .insns = output->insns.items};
	int result = check_path(c, bpf_ebpf_length(&whole));

	if (result < 0)
		return result;
	if (!stack_plan_start(&plan, &c->rules, c->root, c->policy))
		return out_of_memory(c);
	for (result = -E2BIG; parts <= STACK_MOST && result == -E2BIG; parts += 1 + parts / 2) {
		stack_plan_cut(&plan, (unsigned)parts);
		result = make_parts(c, &plan, (unsigned)parts);
	}
	stack_plan_finish(&plan);
	if (result == -E2BIG)
		return diag_fail(c->diag, -E2BIG,
		                 "the policy is too long: %zu instructions, and %d stacked programs of %d do "
		                 "not hold them; a single call with too many rules can't be divided",
		                 length, STACK_MOST, BPF_PROGRAM_MAX);
	if (result == 0)
		result = check_path(c, path_length(c));
	if (result < 0)
		drop_programs(c);
	return result;
}

static int make_programs(struct compilation *c, bool single)
{
	struct emit_output output = {0};
	int result =
	    run_pass(c, &compile_passes[0], &c->arena, NULL, &c->root, &c->rules) ? 0 : out_of_memory(c);

	if (result == 0)
		result = make_insns(c, &c->rules, c->root, &output);
	if (result == 0 && output.insns.count <= BPF_PROGRAM_MAX)
		result = add_program(c, &output);
	else if (result == 0 && single)
		result = diag_fail(c->diag, -E2BIG,
		                   "the policy needs %zu instructions, and one program may have %d; only "
		                   "seccomp_load() can stack several programs",
		                   output.insns.count, BPF_PROGRAM_MAX);
	else if (result == 0)
		result = stack(c, &output);
	return result;
}

int compile_policy(const struct policy *policy, bool single, struct diag *diag,
                   struct compile_output *ret_output)
{
	struct compilation c = {.policy = policy, .diag = diag};
	struct arena_room room;

	arena_start(&c.arena, &room);
	int result = make_programs(&c, single);
	arena_finish(&c.arena);
	if (result < 0) {
		drop_programs(&c);
		vec_finish(&c.programs);
		return result;
	}
	if (diag)
		diag_clear(diag);
	*ret_output = (struct compile_output){c.programs.count, c.programs.items};
	return 0;
}

void compile_output_finish(struct compile_output *output)
{
	for (size_t i = 0; i < output->count; i++)
		bpf_program_free(output->programs[i]);
	free(output->programs);
	*output = (struct compile_output){0};
}
