#include "compile/compile.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/accept.h"
#include "bpf/disassemble.h"
#include "compile/pass.h"

/* The table of contents of the compiler. */
const struct pass compile_passes[] = {
    {"rules", "the rules of every call as one graph over the words of a call", PASS_POLICY, PASS_GRAPH,
     pass_rules},
    {"parts", "of a policy too long for one program, the calls that one of several decides", PASS_GRAPH,
     PASS_GRAPH, pass_parts},
    {"trees", "each switch as a search tree of two-way comparisons", PASS_GRAPH, PASS_GRAPH | PASS_BRANCHES,
     pass_trees},
    {"layout", "the order of the nodes in the program, the smaller child next to its parent",
     PASS_GRAPH | PASS_BRANCHES, PASS_LAYOUT, pass_layout},
    {"emit", "instructions, with loads and long jumps only where they are needed",
     PASS_GRAPH | PASS_BRANCHES | PASS_LAYOUT, PASS_INSNS, pass_emit},
    {NULL},
};

enum { PASS_RULES, PASS_PARTS, PASSES = sizeof(compile_passes) / sizeof(compile_passes[0]) - 1 };

size_t compile_pass_count(void)
{
	return PASSES;
}

const char *compile_pass_name(size_t i)
{
	return compile_passes[i].name;
}

const char *compile_pass_what(size_t i)
{
	return compile_passes[i].what;
}

#ifndef NDEBUG
static bool is_sound(const struct compilation *c)
{
	struct diag diag = {""};

	return graph_verify(&c->graph, &diag) == 0 &&
	       (!(c->state & PASS_BRANCHES) || graph_verify_branches(&c->graph, &diag) == 0);
}
#endif

bool pass_run(const struct pass *pass, struct compilation *c)
{
	assert((c->state & pass->needs) == pass->needs);
	if (!pass->run(c))
		return false;
	c->state |= pass->leaves;
	assert(is_sound(c));
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

/* All the programs of a policy in the making. */
struct programs {
	const struct policy *policy;
	struct diag *diag;
	VEC(struct callgate_program *) list;
};

static int out_of_memory(const struct programs *p)
{
	return diag_fail(p->diag, -ENOMEM, "out of memory for the program");
}

static int add_program(struct programs *p, const struct compilation *c)
{
	bool big_endian = p->policy->arch_count && p->policy->archs[0].arch->big_endian;
	struct callgate_program *program;

	if (!vec_reserve(&p->list, 1))
		return out_of_memory(p);
	int result = bpf_program_new(c->insns.items, c->insns.count, big_endian, p->diag, &program);
	if (result == 0)
		(void)vec_push(&p->list, program);
	return result;
}

static void drop_programs(struct programs *p)
{
	while (p->list.count > 0)
		bpf_program_free(p->list.items[--p->list.count]);
}

/* Every part of a plan; -E2BIG, and no programs, when some part is still too long. */
static int make_parts(struct programs *p, const struct stack_plan *plan, unsigned parts)
{
	int result = 0;

	for (unsigned part = 0; part < parts && result == 0; part++) {
		struct arena arena = {0};
		struct compilation c = {
		    .policy = p->policy,
		    .arena = &arena,
		    .state = PASS_POLICY | PASS_GRAPH,
		    .graph = *plan->graph,
		    .root = plan->root,
		    .plan = plan,
		    .part = part,
		};
		result = run_passes(&c, PASS_PARTS, PASSES) ? add_program(p, &c) : out_of_memory(p);
		arena_finish(&arena);
	}
	if (result < 0)
		drop_programs(p);
	return result;
}

/* The kernel limits the length of all filters of a process together. */
static int check_path(const struct programs *p, size_t length)
{
	if (length <= BPF_PATH_MAX)
		return 0;
	return diag_fail(p->diag, -E2BIG,
	                 "the policy is too long: stacked programs of %zu kernel instructions, and a process "
	                 "may have %d of all its filters together; merge or drop rules",
	                 length, BPF_PATH_MAX);
}

static size_t path_length(const struct programs *p)
{
	size_t length = 0;

	for (size_t i = 0; i < p->list.count; i++)
		length += bpf_ebpf_length(p->list.items[i]) + (i ? (size_t)BPF_PATH_OVERHEAD : 0);
	return length;
}

/* The programs of a policy whose one program would be too long. */
static int stack(struct programs *p, struct compilation *whole, const struct graph *rules,
                 struct graph_id root)
{
	struct stack_plan plan;
	size_t length = whole->insns.count, parts = length / BPF_PROGRAM_MAX + 1;
	struct callgate_program program = {.count = length, .insns = whole->insns.items};
	int result = check_path(p, bpf_ebpf_length(&program));

	if (result < 0)
		return result;
	if (!stack_plan_start(&plan, whole->arena, rules, root, p->policy))
		return out_of_memory(p);
	for (result = -E2BIG; parts <= STACK_MOST && result == -E2BIG; parts += 1 + parts / 2) {
		stack_plan_cut(&plan, (unsigned)parts);
		result = make_parts(p, &plan, (unsigned)parts);
	}
	if (result == -E2BIG)
		return diag_fail(p->diag, -E2BIG,
		                 "the policy is too long: %zu instructions, and %d stacked programs of %d do "
		                 "not hold them; a single call with too many rules can't be divided",
		                 length, STACK_MOST, BPF_PROGRAM_MAX);
	return result == 0 ? check_path(p, path_length(p)) : result;
}

static int make_programs(struct programs *p, struct arena *arena, bool single)
{
	struct compilation c = {.policy = p->policy, .arena = arena, .state = PASS_POLICY};

	if (!run_passes(&c, PASS_RULES, PASS_RULES + 1))
		return out_of_memory(p);
	struct graph rules = c.graph;
	struct graph_id root = c.root;
	if (!run_passes(&c, PASS_RULES + 1, PASSES))
		return out_of_memory(p);
	if (c.insns.count <= BPF_PROGRAM_MAX)
		return add_program(p, &c);
	if (single)
		return diag_fail(p->diag, -E2BIG,
		                 "the policy needs %zu instructions, and one program may have %d; only "
		                 "seccomp_load() can stack several programs",
		                 c.insns.count, BPF_PROGRAM_MAX);
	return stack(p, &c, &rules, root);
}

int compile_policy(const struct policy *policy, bool single, struct diag *diag,
                   struct compile_output *ret_output)
{
	struct programs programs = {.policy = policy, .diag = diag};
	struct arena_room room;
	struct arena arena;

	arena_start(&arena, &room);
	int result = make_programs(&programs, &arena, single);
	arena_finish(&arena);
	if (result < 0) {
		drop_programs(&programs);
		vec_finish(&programs.list);
		return result;
	}
	assert(programs.list.count > 0);
	if (diag)
		diag_clear(diag);
	*ret_output = (struct compile_output){programs.list.count, programs.list.items};
	return 0;
}

void compile_output_finish(struct compile_output *output)
{
	for (size_t i = 0; i < output->count; i++)
		bpf_program_free(output->programs[i]);
	free(output->programs);
	*output = (struct compile_output){0};
}

/* Prints what was made last: instructions, nodes in their order, or the graph. */
static void print_text(const struct compilation *c, struct strbuf *out)
{
	struct callgate_program program = {.count = c->insns.count, .insns = c->insns.items};

	if (c->policy->arch_count)
		program.big_endian = c->policy->archs[0].arch->big_endian;
	if (c->state & PASS_INSNS)
		bpf_disassemble(&program, out);
	else if (c->state & PASS_LAYOUT)
		for (size_t i = c->order_count; i-- > 0;)
			graph_print_node(&c->graph, (struct graph_id){c->order[i]}, out);
	else
		graph_print(&c->graph, c->root, false, out);
}

int compile_dump_policy(const struct policy *policy, const struct compile_dump *dump, struct diag *diag)
{
	struct arena arena = {0};
	struct compilation c = {.policy = policy, .arena = &arena, .state = PASS_POLICY};
	size_t last = 0;

	while (last < PASSES && strcmp(compile_passes[last].name, dump->after) != 0)
		last++;
	if (last == PASSES)
		return diag_fail(diag, -EINVAL, "the compiler has no pass \"%s\"", dump->after);
	bool complete = run_passes(&c, 0, last + 1);
	if (complete && dump->dot)
		graph_print(&c.graph, c.root, true, dump->out);
	else if (complete)
		print_text(&c, dump->out);
	complete = complete && !dump->out->failed;
	arena_finish(&arena);
	return complete ? 0 : diag_fail(diag, -ENOMEM, "out of memory for the graph");
}
