#include "compile/compile.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "bpf/program.h"
#include "compile/pass.h"

/* The table of contents of the compiler. */
const struct pass compile_passes[] = {
    {"rules", "the rules of every call as one graph over the words of a call", PASS_POLICY, PASS_GRAPH, pass_rules},
    {"parts", "of a policy too long for one program, the calls that one of several decides", PASS_GRAPH, PASS_GRAPH,
     pass_parts},
    {"trees", "each switch as a search tree of two-way comparisons", PASS_GRAPH, PASS_GRAPH | PASS_BRANCHES,
     pass_trees},
    {"layout", "the order of the nodes in the program, the smaller child next to its parent",
     PASS_GRAPH | PASS_BRANCHES, PASS_LAYOUT, pass_layout},
    {"emit", "instructions, with loads and long jumps only where they are needed",
     PASS_GRAPH | PASS_BRANCHES | PASS_LAYOUT, PASS_INSNS, pass_emit},
    {NULL},
};

enum { PASS_RULES, PASS_PARTS, PASSES = sizeof(compile_passes) / sizeof(compile_passes[0]) - 1 };

bool pass_run(const struct pass *pass, struct compilation *c)
{
	assert((c->state & pass->needs) == pass->needs);
	if (!pass->run(c))
		return false;
	c->state |= pass->leaves;
	assert(graph_verify(&c->graph, c->state & PASS_BRANCHES, NULL) == 0);
	return true;
}

/* The passes [first, end); false when memory ran out. */
static bool run_passes(struct compilation *c, size_t first, size_t end)
{
	for (; first < end; first++)
		if (!pass_run(&compile_passes[first], c))
			return false;
	return true;
}

static bool is_big_endian(const struct policy *policy)
{
	return policy->arch_count && policy->archs[0].arch->big_endian;
}

void compile_output_finish(struct compile_output *output)
{
	while (output->count > 0)
		bpf_program_free(output->programs[--output->count]);
	free(output->programs);
	output->programs = NULL;
}

static int out_of_memory(struct diag *diag)
{
	return diag_fail(diag, -ENOMEM, "out of memory for the program");
}

/* Adds the program of a compilation to an output of at most `most` ones. */
static int add_program(const struct compilation *c, size_t most, struct compile_output *output, struct diag *diag)
{
	if (!output->programs)
		output->programs = calloc(most, sizeof(output->programs[0]));
	if (!output->programs)
		return out_of_memory(diag);
	assert(output->count < most);
	int result = bpf_program_new(c->insns.items, c->insns.count, is_big_endian(c->policy), diag,
	                             &output->programs[output->count]);
	output->count += result == 0;
	return result;
}

/* Every part of a plan; -E2BIG when some part is still too long, and -EFBIG when it would be in any plan. */
static int make_parts(const struct compilation *whole, struct stack_plan *plan, unsigned parts,
                      struct compile_output *output, struct diag *diag)
{
	int result = 0;

	compile_output_finish(output);
	stack_plan_cut(plan, parts);
	for (unsigned part = 0; part < parts && result == 0; part++) {
		struct arena arena = {0};
		struct compilation c = {
		    .policy = whole->policy,
		    .arena = &arena,
		    .state = PASS_POLICY | PASS_GRAPH,
		    .graph = *plan->graph,
		    .root = plan->root,
		    .plan = plan,
		    .part = part,
		};
		result =
		    run_passes(&c, PASS_PARTS, PASSES) ? add_program(&c, parts, output, diag) : out_of_memory(diag);
		arena_finish(&arena);
		if (result == -E2BIG && stack_plan_is_one_call(plan, part))
			result = -EFBIG;
	}
	return result;
}

/* The kernel limits the length of all filters of a process together. */
static int check_path(size_t length, struct diag *diag)
{
	if (length <= BPF_PATH_MAX)
		return 0;
	return diag_fail(diag, -E2BIG,
	                 "the policy is too long: stacked programs of %zu kernel instructions, and a process "
	                 "may have %d of all its filters together; merge or drop rules",
	                 length, BPF_PATH_MAX);
}

/* The programs of a policy whose one program would be too long. */
static int stack(const struct compilation *whole, const struct graph *rules, struct graph_id root,
                 struct compile_output *output, struct diag *diag)
{
	struct stack_plan plan;
	size_t length = whole->insns.count, parts = length / BPF_PROGRAM_MAX + 1, path = 0;
	struct callgate_program program = {.count = length, .insns = whole->insns.items};
	int result = check_path(bpf_ebpf_length(&program), diag);

	if (result < 0)
		return result;
	if (!stack_plan_start(&plan, whole->arena, rules, root, whole->policy))
		return out_of_memory(diag);
	for (result = -E2BIG; parts <= STACK_MOST && result == -E2BIG; parts += 1 + parts / 2)
		result = make_parts(whole, &plan, (unsigned)parts, output, diag);
	if (result == -E2BIG || result == -EFBIG)
		return diag_fail(diag, -E2BIG,
		                 "the policy is too long: %zu instructions, and %d stacked programs of %d do "
		                 "not hold them; a single call with too many rules can't be divided",
		                 length, STACK_MOST, BPF_PROGRAM_MAX);
	for (size_t i = 0; i < output->count; i++)
		path += bpf_ebpf_length(output->programs[i]) + (i ? (size_t)BPF_PATH_OVERHEAD : 0);
	return result == 0 ? check_path(path, diag) : result;
}

static int make_programs(struct compilation *c, bool single, struct compile_output *output, struct diag *diag)
{
	if (!run_passes(c, PASS_RULES, PASS_RULES + 1))
		return out_of_memory(diag);
	struct graph rules = c->graph;
	struct graph_id root = c->root;
	if (!run_passes(c, PASS_RULES + 1, PASSES))
		return out_of_memory(diag);
	if (c->insns.count <= BPF_PROGRAM_MAX)
		return add_program(c, 1, output, diag);
	if (single)
		return diag_fail(diag, -E2BIG,
		                 "the policy needs %zu instructions, and one program may have %d; only "
		                 "seccomp_load() can stack several programs",
		                 c->insns.count, BPF_PROGRAM_MAX);
	return stack(c, &rules, root, output, diag);
}

int compile_policy(const struct policy *policy, bool single, struct diag *diag, struct compile_output *ret_output)
{
	struct arena_room room;
	struct arena arena;
	struct compilation c = {.policy = policy, .arena = &arena, .state = PASS_POLICY};
	struct compile_output output = {0};

	arena_start(&arena, &room);
	int result = make_programs(&c, single, &output, diag);
	arena_finish(&arena);
	if (result < 0) {
		compile_output_finish(&output);
		return result;
	}
	assert(output.count > 0);
	if (diag)
		diag_clear(diag);
	*ret_output = output;
	return 0;
}
