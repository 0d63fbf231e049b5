#include "prove/execution.h"

#include <string.h>

#include "prove/interval.h"

/* The scratch words and X, by the bit that says that they are live; interned, as they hardly ever change. */
enum { REGISTER_X = BPF_MEMWORDS, REGISTERS };
static_assert(LIVE_X == 1 << REGISTER_X, "a register is its bit");
struct registers {
	struct value values[REGISTERS];
};

/* What is known in front of an instruction; `registers` is an index. */
struct state {
	size_t pc;
	struct value a;
	uint32_t registers;
};

/* What follows a state: a branch, or (if the highest bit is set) a node. */
typedef uint32_t successor;

static const successor SUCCESSOR_NODE = UINT32_C(1) << 31;

enum { STATES_MAX = 1 << 20 };

/*
 * A state in front of a branch that may go either way, and the function of the input that is computed from there on in
 * the present region.
 */
struct branch {
	struct state state;
	uint32_t older; /* index + 1 of the next branch of this instruction */
	bool done;
	successor if_true, if_false;
	node condition; /* 0 where a word is compared with a constant */
	node result;
};

static node successor_result(const struct execution *e, successor next)
{
	assert(next & SUCCESSOR_NODE || e->branches.items[next].done);
	return next & SUCCESSOR_NODE ? (node){next & ~SUCCESSOR_NODE} : e->branches.items[next].result;
}

bool execution_init(struct execution *e, const struct callgate_program *program, struct diagram *diagram,
                    struct arena *arena)
{
	size_t count = program->count;

	*e = (struct execution){.program = program,
	                        .arena = arena,
	                        .diagram = diagram,
	                        .space = {.diagram = diagram, .arena = arena, .big_endian = program->big_endian},
	                        .live = ARENA_ARRAY(arena, uint32_t, count),
	                        .pending = ARENA_ARRAY(arena, uint64_t, count / 64 + 1),
	                        .newest = ARENA_ARRAY(arena, uint32_t, count),
	                        .stamps = ARENA_ARRAY(arena, uint32_t, count)};
	if (!e->live || !e->pending || !e->newest || !e->stamps ||
	    !vec_push_in(&e->registers, e->arena, ((struct registers){0})))
		return false;
	interval_liveness(program, e->live);
	return true;
}

/* Forgets what is known of other regions. */
static void start(struct execution *e, const struct region *region)
{
	assert(region_is_valid(region));
	e->region = *region;
	e->stamp++;
	e->registers.count = 1;
	e->branches.count = e->expanded.count = e->space.vectors.count = 0;
	memset(e->pending, 0, (e->program->count / 64 + 1) * sizeof(*e->pending));
}

static void fail_at(struct execution *e, size_t pc)
{
	if (!e->diagram->failed)
		e->unmodelled = pc;
	diagram_fail(e->diagram, -EOPNOTSUPP);
}

static uint32_t intern_registers(struct execution *e, const struct registers *registers)
{
	diagram_spend(e->diagram, e->registers.count);
	for (size_t i = 0; i < e->registers.count; i++)
		if (!memcmp(&e->registers.items[i], registers, sizeof(*registers)))
			return (uint32_t)i;
	if (e->registers.count >= STATES_MAX)
		diagram_exhaust(e->diagram, DIAGRAM_STATES, STATES_MAX);
	else if (vec_push_in(&e->registers, e->arena, *registers))
		return (uint32_t)(e->registers.count - 1);
	else
		diagram_fail(e->diagram, -ENOMEM);
	return 0;
}

/* ---- states ---- */

/* Words that are not read any more do not distinguish two states. */
static void drop_dead(struct execution *e, struct state *s)
{
	uint32_t live = e->live[s->pc];

	if (!(live & LIVE_A))
		s->a = value_constant(0);
	if (s->registers == 0)
		return;
	struct registers registers = e->registers.items[s->registers];
	for (size_t i = 0; i < REGISTERS; i++)
		if (!(live >> i & 1))
			registers.values[i] = value_constant(0);
	s->registers = intern_registers(e, &registers);
}

/* The branch for a state; a new one has yet to be expanded. */
static successor find_branch(struct execution *e, struct state *s, node condition)
{
	drop_dead(e, s);
	uint32_t *head = &e->newest[s->pc];
	if (e->stamps[s->pc] != e->stamp) {
		e->stamps[s->pc] = e->stamp;
		*head = 0;
	}
	for (uint32_t i = *head; i; i = e->branches.items[i - 1].older) {
		const struct branch *branch = &e->branches.items[i - 1];
		assert(branch->state.pc == s->pc);
		diagram_spend(e->diagram, 1);
		if (value_same(branch->state.a, s->a) && branch->state.registers == s->registers)
			return i - 1;
	}
	struct branch branch = {.state = *s, .older = *head, .condition = condition};
	if (e->branches.count >= STATES_MAX)
		diagram_exhaust(e->diagram, DIAGRAM_STATES, STATES_MAX);
	else if (!vec_push_in(&e->branches, e->arena, branch))
		diagram_fail(e->diagram, -ENOMEM);
	if (e->diagram->failed)
		return SUCCESSOR_NODE;
	*head = (uint32_t)e->branches.count;
	e->pending[s->pc / 64] |= UINT64_C(1) << s->pc % 64;
	return *head - 1;
}

static struct value load(const struct execution *e, uint32_t offset)
{
	uint32_t word = offset / 4;

	if (word == WORD_NR && e->region.nr_first == e->region.nr_last)
		return value_constant(e->region.nr_first);
	if (word == WORD_ARCH && e->region.arch_first == e->region.arch_last)
		return value_constant(e->region.arch_first);
	return value_word(word);
}

/* A and X, or the operand of an instruction that may be k as well. */
static struct value get(const struct execution *e, const struct state *s, bool x)
{
	return x ? e->registers.items[s->registers].values[REGISTER_X] : s->a;
}

static struct value operand_of(const struct execution *e, const struct state *s, const struct sock_filter *insn)
{
	return bpf_code_of(insn)->x ? get(e, s, true) : value_constant(insn->k & INPUT_WORD_MAX);
}

static void set_register(struct execution *e, struct state *s, uint32_t which, struct value value)
{
	struct registers registers = e->registers.items[s->registers];

	registers.values[which] = value;
	s->registers = intern_registers(e, &registers);
}

static void set(struct execution *e, struct state *s, bool x, struct value value)
{
	if (x)
		set_register(e, s, REGISTER_X, value);
	else
		s->a = value;
}

static void compute(struct execution *e, struct state *s, const struct sock_filter *insn)
{
	/* What nobody reads can be costly to compute, or not modelled. */
	if (!(e->live[s->pc + 1] & LIVE_A))
		s->a = value_constant(0);
	else if (!value_alu(&e->space, BPF_OP(insn->code), s->a, operand_of(e, s, insn), &s->a))
		fail_at(e, s->pc);
}

/* The instruction at s->pc, if it neither jumps nor returns. */
static void step(struct execution *e, struct state *s, const struct sock_filter *insn)
{
	const struct bpf_code *code = bpf_code_of(insn);

	switch ((enum bpf_kind)code->kind) {
	case BPF_KIND_LOAD:
		s->a = load(e, insn->k);
		break;
	case BPF_KIND_LENGTH:
		set(e, s, code->x, value_constant(sizeof(struct seccomp_data)));
		break;
	case BPF_KIND_CONSTANT:
		set(e, s, code->x, value_constant(insn->k));
		break;
	case BPF_KIND_READ:
		set(e, s, code->x, e->registers.items[s->registers].values[insn->k]);
		break;
	case BPF_KIND_WRITE:
		set_register(e, s, insn->k, get(e, s, code->x));
		break;
	case BPF_KIND_MOVE:
		set(e, s, code->x, get(e, s, !code->x));
		break;
	case BPF_KIND_ARITHMETIC:
	case BPF_KIND_NEGATE:
		compute(e, s, insn);
		break;
	default:
		fail_at(e, s->pc);
	}
	s->pc++;
}

/* ---- from a state to the next branch ---- */

/* Does the branch hold? If that cannot be said, *ret_condition says when, unless it is a word against a constant. */
static enum interval_answer decide(struct execution *e, const struct state *s, const struct sock_filter *insn,
                                   node *ret_condition)
{
	struct value operand = operand_of(e, s, insn);
	uint16_t op = BPF_OP(insn->code);
	bool constant = operand.kind == VALUE_CONSTANT;

	if (s->a.kind == VALUE_CONSTANT && constant)
		return bpf_compare(op, s->a.number, operand.number) ? INTERVAL_TRUE : INTERVAL_FALSE;
	bool word = s->a.kind == VALUE_WORD && constant;
	if (word && s->a.word <= WORD_ARCH) {
		bool is_nr = s->a.word == WORD_NR;
		uint32_t first = is_nr ? e->region.nr_first : e->region.arch_first;
		uint32_t last = is_nr ? e->region.nr_last : e->region.arch_last;
		return interval_decide(op, first >> s->a.shift, last >> s->a.shift, s->a.number, operand.number);
	}
	if (word)
		return INTERVAL_EITHER;
	*ret_condition = value_branch(&e->space, op, s->a, operand, e->diagram->one, e->diagram->zero);
	return node_same(*ret_condition, e->diagram->one)    ? INTERVAL_TRUE
	       : node_same(*ret_condition, e->diagram->zero) ? INTERVAL_FALSE
	                                                     : INTERVAL_EITHER;
}

static node return_value(struct execution *e, const struct state *s, const struct sock_filter *insn)
{
	if (!bpf_code_of(insn)->x)
		return diagram_leaf(e->diagram, insn->k);
	if (s->a.kind == VALUE_CONSTANT)
		return diagram_leaf(e->diagram, s->a.number);
	fail_at(e, s->pc);
	return (node){0};
}

/* Goes on to the first return, or branch that may go either way. */
static successor advance(struct execution *e, struct state s)
{
	while (diagram_spend(e->diagram, 1)) {
		assert(s.pc < e->program->count);
		const struct sock_filter *insn = &e->program->insns[s.pc];
		enum bpf_kind kind = bpf_kind_of(insn);
		node condition = {0};
		if (kind == BPF_KIND_RETURN)
			return SUCCESSOR_NODE | return_value(e, &s, insn).id;
		if (kind == BPF_KIND_JUMP) {
			s.pc += 1 + insn->k;
		} else if (kind == BPF_KIND_BRANCH && insn->jt == insn->jf) {
			s.pc += 1u + insn->jt;
		} else if (kind == BPF_KIND_BRANCH) {
			enum interval_answer answer = decide(e, &s, insn, &condition);
			if (answer == INTERVAL_EITHER)
				return find_branch(e, &s, condition);
			s.pc += 1u + (answer == INTERVAL_TRUE ? insn->jt : insn->jf);
		} else {
			/* A division by X ends the program where X is zero, whoever reads the quotient. */
			struct value divisor = get(e, &s, true);
			bool divides = insn->code == (BPF_ALU | BPF_DIV | BPF_X);
			if (divides && divisor.kind == VALUE_CONSTANT && divisor.number == 0)
				return SUCCESSOR_NODE | diagram_leaf(e->diagram, SECCOMP_RET_KILL_THREAD).id;
			if (divides && divisor.kind != VALUE_CONSTANT)
				fail_at(e, s.pc);
			step(e, &s, insn);
		}
	}
	return SUCCESSOR_NODE;
}

/* ---- branches ---- */

static void expand(struct execution *e, uint32_t index)
{
	struct branch branch = e->branches.items[index];
	const struct sock_filter *insn = &e->program->insns[branch.state.pc];
	struct state yes = branch.state, no = yes;

	yes.pc += 1u + insn->jt;
	no.pc += 1u + insn->jf;
	branch.if_true = advance(e, yes);
	branch.if_false = advance(e, no);
	e->branches.items[index] = branch;
	if (!vec_push_in(&e->expanded, e->arena, index))
		diagram_fail(e->diagram, -ENOMEM);
}

/* Jumps go forward only, so that one walk over the instructions meets every branch after those that lead to it. */
static void expand_pending(struct execution *e)
{
	for (size_t i = 0; i <= e->program->count / 64; i++)
		while (e->pending[i]) {
			size_t pc = i * 64 + (size_t)__builtin_ctzll(e->pending[i]);
			e->pending[i] &= e->pending[i] - 1;
			for (uint32_t at = e->newest[pc]; at; at = e->branches.items[at - 1].older)
				expand(e, at - 1);
		}
}

/* The test of a branch in front of two functions. */
static node branch_node(struct execution *e, const struct branch *branch, node yes, node no)
{
	const struct state *s = &branch->state;
	const struct sock_filter *insn = &e->program->insns[s->pc];

	if (s->a.kind != VALUE_WORD || !node_same(branch->condition, (node){0}))
		return diagram_ite(e->diagram, branch->condition, yes, no);
	return value_branch(&e->space, BPF_OP(insn->code), s->a, operand_of(e, s, insn), yes, no);
}

static void resolve(struct execution *e, struct branch *branch)
{
	branch->result =
	    branch_node(e, branch, successor_result(e, branch->if_true), successor_result(e, branch->if_false));
	branch->done = true;
}

/* Expands all that can be come to in the region, after which `expanded` has its branches. */
static successor explore(struct execution *e, const struct region *region)
{
	start(e, region);
	successor first = advance(e, (struct state){0, value_constant(0), 0});
	if (!(first & SUCCESSOR_NODE))
		expand_pending(e);
	return first;
}

node execution_run(struct execution *e, const struct region *region)
{
	successor first = explore(e, region);

	for (size_t i = e->expanded.count; i-- > 0 && !e->diagram->failed;)
		resolve(e, &e->branches.items[e->expanded.items[i]]);
	return e->diagram->failed ? (node){0} : successor_result(e, first);
}

/* ---- which calls go which way ---- */

/* The calls that come to a branch by one more way. */
static void arrive(struct execution *e, node *reached, successor next, node calls)
{
	if (!(next & SUCCESSOR_NODE))
		reached[next] = diagram_or(e->diagram, reached[next], calls);
}

bool execution_paths(struct execution *e, const struct region *region, node calls, execution_visitor visitor,
                     void *closure)
{
	struct diagram *d = e->diagram;
	successor first = explore(e, region);

	visitor(closure, calls);
	node *reached = ARENA_ARRAY(e->arena, node, e->branches.count);
	if (!reached)
		return false;
	for (size_t i = 0; i < e->branches.count; i++)
		reached[i] = d->zero;
	arrive(e, reached, first, calls);
	for (size_t i = 0; i < e->expanded.count && !d->failed; i++) {
		uint32_t index = e->expanded.items[i];
		const struct branch *branch = &e->branches.items[index];
		node condition = branch_node(e, branch, d->one, d->zero);
		node yes = diagram_and(d, reached[index], condition);
		node no = diagram_and(d, reached[index], diagram_not(d, condition));
		visitor(closure, yes);
		visitor(closure, no);
		arrive(e, reached, branch->if_true, yes);
		arrive(e, reached, branch->if_false, no);
	}
	return true;
}

struct value execution_accumulator(struct execution *e, const unsigned long (*taken)[2], size_t pc)
{
	struct state s = {0, value_constant(0), 0};

	start(e, &REGION_EVERYTHING);
	while (s.pc < pc && !e->diagram->failed) {
		const struct sock_filter *insn = &e->program->insns[s.pc];
		enum bpf_kind kind = bpf_kind_of(insn);
		if (kind == BPF_KIND_JUMP)
			s.pc += 1 + insn->k;
		else if (kind == BPF_KIND_BRANCH)
			s.pc += 1u + (taken[s.pc][1] ? insn->jt : insn->jf);
		else
			step(e, &s, insn);
	}
	return s.a;
}
