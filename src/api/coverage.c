#include "api/coverage.h"

#include <errno.h>

/* What is known of A before an instruction when one architecture and number are given; jumps only lead forward. */
struct place {
	uint32_t walk; /* the walk that came here last */
	bool known;    /* A is `a`; else it is anything */
	uint32_t a;
};

/* The call that came along first, per side of each jump. */
struct hint {
	uint32_t arch;
	int32_t nr;
};

struct walk {
	const struct callgate_program *program;
	struct place *places;
	struct hint (*hints)[2];
	uint32_t number; /* counts the calls that were walked */
};

static bool is_branch(const struct sock_filter *insn)
{
	return BPF_CLASS(insn->code) == BPF_JMP && BPF_OP(insn->code) != BPF_JA;
}

static bool holds(uint16_t op, uint32_t a, uint32_t k)
{
	switch (op) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	case BPF_JGE:
		return a >= k;
	default:
		return a & k;
	}
}

/* Two ways that meet know what both know. */
static void arrive(struct walk *walk, size_t pc, const struct place *from)
{
	struct place *place = &walk->places[pc];

	if (place->walk != walk->number)
		*place = (struct place){walk->number, from->known, from->a};
	else if (!from->known || from->a != place->a)
		place->known = false;
}

static void leave_branch(struct walk *walk, size_t pc, const struct hint *call)
{
	const struct sock_filter *insn = &walk->program->insns[pc];
	struct place *place = &walk->places[pc];
	bool decided = place->known && BPF_SRC(insn->code) == BPF_K;

	for (int side = 0; side < 2; side++) {
		if (decided && holds(BPF_OP(insn->code), place->a, insn->k) != (side == 1))
			continue;
		if (!walk->hints[pc][side].arch)
			walk->hints[pc][side] = *call;
		arrive(walk, pc + 1 + (side ? insn->jt : insn->jf), place);
	}
}

static void step(struct walk *walk, size_t pc, const struct hint *call, uint32_t audit)
{
	const struct sock_filter *insn = &walk->program->insns[pc];
	struct place next = walk->places[pc];

	if (is_branch(insn)) {
		leave_branch(walk, pc, call);
		return;
	}
	if (BPF_CLASS(insn->code) == BPF_RET)
		return;
	if (insn->code == (BPF_JMP | BPF_JA)) {
		arrive(walk, pc + 1 + insn->k, &next);
		return;
	}
	if (insn->code == (BPF_LD | BPF_W | BPF_ABS) && insn->k <= 4) {
		next.known = true;
		next.a = insn->k == 0 ? (uint32_t)call->nr : audit;
	} else if (insn->code == (BPF_ALU | BPF_AND | BPF_K)) {
		next.a &= insn->k;
	} else if (BPF_CLASS(insn->code) == BPF_LD || BPF_CLASS(insn->code) == BPF_ALU ||
	           insn->code == (BPF_MISC | BPF_TXA)) {
		next.known = false;
	}
	arrive(walk, pc + 1, &next);
}

static void walk_call(struct walk *walk, const struct hint *call, uint32_t audit)
{
	walk->number++;
	arrive(walk, 0, &(struct place){.known = true, .a = 0});
	for (size_t pc = 0; pc < walk->program->count; pc++)
		if (walk->places[pc].walk == walk->number)
			step(walk, pc, call, audit);
}

static void walk_policy(struct walk *walk, const struct policy *policy)
{
	for (size_t i = 0; i < policy->arch_count; i++) {
		const struct policy_arch *arch = &policy->archs[i];
		for (size_t j = 0; j < arch->syscall_count; j++)
			walk_call(walk, &(struct hint){arch->arch->token, (int32_t)arch->syscalls[j].nr},
			          arch->arch->audit);
	}
}

static size_t add_edges(struct callgate_edge *edges, size_t index, const struct callgate_program *program,
                        const struct walk *walk)
{
	size_t n = 0;

	for (size_t pc = 0; pc < program->count; pc++) {
		if (!is_branch(&program->insns[pc]) || program->insns[pc].jt == program->insns[pc].jf)
			continue;
		for (int side = 1; side >= 0; side--)
			edges[n++] = (struct callgate_edge){
			    .program = index,
			    .instruction = pc,
			    .taken = side,
			    .arch = walk->hints[pc][side].arch,
			    .nr = walk->hints[pc][side].nr,
			};
	}
	return n;
}

int coverage_list_edges(struct callgate_simulator *simulator, struct diag *diag)
{
	struct arena scratch = {0};
	size_t most = 0;

	for (size_t i = 0; i < simulator->output.count; i++)
		most += 2 * simulator->output.programs[i]->count;
	simulator->edges = ARENA_ARRAY(&simulator->arena, struct callgate_edge, most);
	for (size_t i = 0; simulator->edges && i < simulator->output.count; i++) {
		const struct callgate_program *program = simulator->output.programs[i];
		struct walk walk = {
		    .program = program,
		    .places = ARENA_ARRAY(&scratch, struct place, program->count),
		    .hints = arena_alloc_array(&scratch, program->count, sizeof(walk.hints[0])),
		};
		if (!walk.places || !walk.hints) {
			arena_finish(&scratch);
			return diag_fail(diag, -ENOMEM, "out of memory for a simulator");
		}
		if (simulator->policy)
			walk_policy(&walk, simulator->policy);
		simulator->edge_count +=
		    add_edges(simulator->edges + simulator->edge_count, i, program, &walk);
	}
	arena_finish(&scratch);
	return simulator->edges ? 0 : diag_fail(diag, -ENOMEM, "out of memory for a simulator");
}

int callgate_simulator_edge(const struct callgate_simulator *simulator, size_t index,
                            struct callgate_edge *ret_edge)
{
	if (!simulator || !ret_edge)
		return -EINVAL;
	if (index >= simulator->edge_count)
		return -ENOENT;
	*ret_edge = simulator->edges[index];
	ret_edge->hits = simulator->sides[ret_edge->program][ret_edge->instruction][ret_edge->taken];
	return 0;
}
