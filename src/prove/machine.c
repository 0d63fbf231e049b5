#include "prove/machine.h"

#include <string.h>

#include "prove/scan.h"

/* Everything but the accumulator; interned, as it hardly ever changes. */
struct machine_rest {
	struct value x, memory[BPF_MEMWORDS];
};

/* Where a way leads: an item, or (if the highest bit is set) a node. */
typedef uint32_t target;

static const target TARGET_NODE = UINT32_C(1) << 31;

enum { ITEMS_MAX = 1 << 20, RETURN_BITS_MAX = 4 };

/*
 * The function of the input that is computed from a branch on, given what the registers hold there. It holds for any
 * cell, unless arch or nr are still to be loaded or are in the registers already.
 */
struct machine_item {
	uint32_t pc, rest;
	struct value a;
	uint32_t older; /* index + 1 of the next item of this instruction */
	bool expanded, done;
	target if_true, if_false;
	node condition; /* where the branch is not a word against a constant */
	node result;
};

struct state {
	size_t pc;
	struct value a;
	uint32_t rest;
};

static target node_target(node n)
{
	return TARGET_NODE | n.id;
}

static node target_result(const struct machine *m, target t)
{
	return t & TARGET_NODE ? (node){t & ~TARGET_NODE} : m->items.items[t].result;
}

bool machine_init(struct machine *m, const struct callgate_program *program, struct diagram *diagram,
                  struct arena *arena)
{
	size_t count = program->count;

	*m =
	    (struct machine){.program = program,
	                     .arena = arena,
	                     .verdict_bit = VERDICT_WHOLE,
	                     .diagram = diagram,
	                     .space = {.diagram = diagram, .arena = arena, .big_endian = program->big_endian},
	                     .live = ARENA_ARRAY(arena, uint32_t, count),
	                     .reads_number = ARENA_ARRAY(arena, bool, count),
	                     .pending = ARENA_ARRAY(arena, uint64_t, count / 64 + 1),
	                     .shared_items = ARENA_ARRAY(arena, uint32_t, count),
	                     .cell_items = ARENA_ARRAY(arena, uint32_t, count),
	                     .cell_stamps = ARENA_ARRAY(arena, uint32_t, count)};
	if (!m->live || !m->reads_number || !m->pending || !m->shared_items || !m->cell_items ||
	    !m->cell_stamps || !vec_push_in(&m->rests, m->arena, ((struct machine_rest){0})))
		return false;
	scan_liveness(program, m->live, m->reads_number);
	return true;
}

void machine_forget(struct machine *m)
{
	m->items.count = 0;
	m->rests.count = 1;
	m->space.vectors.count = 0;
	memset(m->shared_items, 0, m->program->count * sizeof(*m->shared_items));
	memset(m->cell_items, 0, m->program->count * sizeof(*m->cell_items));
	memset(m->pending, 0, (m->program->count / 64 + 1) * sizeof(*m->pending));
}

static uint32_t intern_rest(struct machine *m, const struct machine_rest *rest)
{
	diagram_spend(m->diagram, m->rests.count);
	for (size_t i = 0; i < m->rests.count; i++)
		if (!memcmp(&m->rests.items[i], rest, sizeof(*rest)))
			return (uint32_t)i;
	if (m->rests.count >= ITEMS_MAX)
		diagram_fail(m->diagram, -EDQUOT);
	else if (vec_push_in(&m->rests, m->arena, *rest))
		return (uint32_t)(m->rests.count - 1);
	else
		diagram_fail(m->diagram, -ENOMEM);
	return 0;
}

static bool is_number(struct value value)
{
	return value.kind == VALUE_WORD && (value.word == WORD_NR || value.word == WORD_ARCH);
}

static bool depends_on_cell(const struct machine *m, const struct state *s)
{
	const struct machine_rest *rest = &m->rests.items[s->rest];

	if (m->reads_number[s->pc] || is_number(s->a) || is_number(rest->x))
		return true;
	bool found = false;
	for (size_t i = 0; s->rest && i < BPF_MEMWORDS; i++)
		found = found || is_number(rest->memory[i]);
	return found;
}

/* What is not read any more does not tell two states apart. */
static void drop_dead(struct machine *m, struct state *s)
{
	uint32_t live = m->live[s->pc];

	if (!(live & LIVE_A))
		s->a = value_constant(0);
	if (s->rest == 0)
		return;
	struct machine_rest rest = m->rests.items[s->rest];
	if (!(live & LIVE_X))
		rest.x = value_constant(0);
	for (size_t i = 0; i < BPF_MEMWORDS; i++)
		if (!(live >> i & 1))
			rest.memory[i] = value_constant(0);
	s->rest = intern_rest(m, &rest);
}

/* The item for a state in front of a branch; a new one has yet to be expanded. */
static target find_item(struct machine *m, struct state *s, node condition)
{
	drop_dead(m, s);
	bool of_cell = depends_on_cell(m, s);
	uint32_t *head = of_cell ? &m->cell_items[s->pc] : &m->shared_items[s->pc];

	if (of_cell && m->cell_stamps[s->pc] != m->stamp) {
		m->cell_stamps[s->pc] = m->stamp;
		*head = 0;
	}
	for (uint32_t i = *head; i; i = m->items.items[i - 1].older) {
		const struct machine_item *item = &m->items.items[i - 1];
		diagram_spend(m->diagram, 1);
		if (value_same(item->a, s->a) && item->rest == s->rest)
			return i - 1;
	}
	struct machine_item item = {
	    .pc = (uint32_t)s->pc, .rest = s->rest, .a = s->a, .older = *head, .condition = condition};
	if (m->items.count >= ITEMS_MAX)
		diagram_fail(m->diagram, -EDQUOT);
	else if (!vec_push_in(&m->items, m->arena, item))
		diagram_fail(m->diagram, -ENOMEM);
	if (m->diagram->failed)
		return TARGET_NODE;
	*head = (uint32_t)m->items.count;
	m->pending[s->pc / 64] |= UINT64_C(1) << s->pc % 64;
	return *head - 1;
}

static struct value load(const struct machine *m, uint32_t offset)
{
	uint32_t word = offset / 4;

	if (word == WORD_NR && m->cell.nr_first == m->cell.nr_last)
		return value_constant(m->cell.nr_first);
	if (word == WORD_ARCH && m->cell.arch_first == m->cell.arch_last)
		return value_constant(m->cell.arch_first);
	return value_word(word, INPUT_WORD_MAX);
}

static void store(struct machine *m, struct state *s, bool to_x, uint32_t word, struct value value)
{
	struct machine_rest rest = m->rests.items[s->rest];

	if (to_x)
		rest.x = value;
	else
		rest.memory[word] = value;
	s->rest = intern_rest(m, &rest);
}

/* The instruction at s->pc, if it neither jumps nor returns, nor loads from the input. */
static void step(struct machine *m, struct state *s, const struct sock_filter *insn)
{
	const struct machine_rest *rest = &m->rests.items[s->rest];
	struct value operand =
	    BPF_SRC(insn->code) == BPF_X ? rest->x : value_constant(insn->k & INPUT_WORD_MAX);

	if (BPF_CLASS(insn->code) == BPF_ALU) {
		/* What nobody reads can be costly to compute. */
		if (!(m->live[s->pc + 1] & LIVE_A))
			s->a = value_constant(0);
		else
			s->a = value_alu(&m->space, BPF_OP(insn->code), s->a, operand);
		return;
	}
	switch (insn->code) {
	case BPF_LD | BPF_W | BPF_LEN:
		s->a = value_constant(sizeof(struct seccomp_data));
		break;
	case BPF_LD | BPF_IMM:
		s->a = value_constant(insn->k);
		break;
	case BPF_LD | BPF_MEM:
		s->a = rest->memory[insn->k];
		break;
	case BPF_MISC | BPF_TXA:
		s->a = rest->x;
		break;
	case BPF_LDX | BPF_W | BPF_LEN:
		store(m, s, true, 0, value_constant(sizeof(struct seccomp_data)));
		break;
	case BPF_LDX | BPF_IMM:
		store(m, s, true, 0, value_constant(insn->k));
		break;
	case BPF_LDX | BPF_MEM:
		store(m, s, true, 0, rest->memory[insn->k]);
		break;
	case BPF_MISC | BPF_TAX:
		store(m, s, true, 0, s->a);
		break;
	case BPF_ST:
		store(m, s, false, insn->k, s->a);
		break;
	case BPF_STX:
		store(m, s, false, insn->k, rest->x);
		break;
	default:
		diagram_fail(m->diagram, -EOPNOTSUPP);
	}
}

/* The word that bits and a number so far spell out: one leaf for each number that they can be. */
static node return_bits(struct diagram *d, const struct value_bits *bits, unsigned left, uint32_t number)
{
	if (left == 0 || d->failed)
		return diagram_leaf(d, number);
	node bit = bits->bit[left - 1];
	node set =
	    node_same(bit, d->zero) ? d->zero : return_bits(d, bits, left - 1, number | 1u << (left - 1));
	node clear = node_same(bit, d->one) ? d->zero : return_bits(d, bits, left - 1, number);
	return diagram_if(d, bit, set, clear);
}

static node return_constant(struct machine *m, uint32_t verdict)
{
	if (m->verdict_bit == VERDICT_WHOLE)
		return diagram_leaf(m->diagram, verdict);
	return verdict >> m->verdict_bit & 1 ? m->diagram->one : m->diagram->zero;
}

static node return_value(struct machine *m, const struct sock_filter *insn, struct value a)
{
	if (insn->code == (BPF_RET | BPF_K))
		return return_constant(m, insn->k);
	if (a.kind == VALUE_CONSTANT)
		return return_constant(m, a.number);
	struct value_bits bits = value_expand(&m->space, a);
	if (m->verdict_bit != VERDICT_WHOLE)
		return m->verdict_bit < INPUT_WORD_BITS ? bits.bit[m->verdict_bit] : m->diagram->zero;
	unsigned unknown = 0;
	for (unsigned i = 0; i < INPUT_WORD_BITS; i++)
		unknown += !diagram_is_leaf(m->diagram, bits.bit[i]);
	if (unknown > RETURN_BITS_MAX)
		diagram_fail(m->diagram, MACHINE_RETURNS_WORDS);
	return return_bits(m->diagram, &bits, INPUT_WORD_BITS, 0);
}

/* Is the branch taken? If that cannot be said, *ret_condition says when, unless it is a word against a constant. */
static enum scan_answer decide(struct machine *m, const struct state *s, const struct sock_filter *insn,
                               node *ret_condition)
{
	struct value operand =
	    BPF_SRC(insn->code) == BPF_X ? m->rests.items[s->rest].x : value_constant(insn->k);
	uint16_t op = BPF_OP(insn->code);
	bool constant = operand.kind == VALUE_CONSTANT;

	if (s->a.kind == VALUE_CONSTANT && constant)
		return scan_decide(op, s->a.number, s->a.number, INPUT_WORD_MAX, operand.number);
	bool plain = value_is_plain_word(s->a) && constant;
	if (plain && s->a.word == WORD_NR)
		return scan_decide(op, m->cell.nr_first, m->cell.nr_last, s->a.number, operand.number);
	if (plain && s->a.word == WORD_ARCH)
		return scan_decide(op, m->cell.arch_first, m->cell.arch_last, s->a.number, operand.number);
	if (plain)
		return SCAN_EITHER;
	*ret_condition = value_branch(&m->space, op, s->a, operand, m->diagram->one, m->diagram->zero);
	return node_same(*ret_condition, m->diagram->one)    ? SCAN_TRUE
	       : node_same(*ret_condition, m->diagram->zero) ? SCAN_FALSE
	                                                     : SCAN_EITHER;
}

/* A division by X: the kernel ends the program with KILL_THREAD where X is zero. */
static bool needs_divisor(struct machine *m, const struct state *s, const struct sock_filter *insn,
                          node *ret_condition)
{
	if (insn->code != (BPF_ALU | BPF_DIV | BPF_X))
		return false;
	*ret_condition = value_branch(&m->space, BPF_JEQ, m->rests.items[s->rest].x, value_constant(0),
	                              m->diagram->one, m->diagram->zero);
	return !node_same(*ret_condition, m->diagram->zero);
}

/* Is it a number of which only an interval is known? */
static bool interval_of(const struct machine *m, struct value a, uint32_t *ret_first, uint32_t *ret_last)
{
	bool whole = value_is_plain_word(a) && a.number == INPUT_WORD_MAX;

	if (a.kind == VALUE_CONSTANT)
		*ret_first = *ret_last = a.number;
	else if (whole && a.word == WORD_NR)
		*ret_first = m->cell.nr_first, *ret_last = m->cell.nr_last;
	else if (whole && a.word == WORD_ARCH)
		*ret_first = m->cell.arch_first, *ret_last = m->cell.arch_last;
	else
		return false;
	return true;
}

/* Goes on to the first return, or branch that may go either way. */
static target advance(struct machine *m, struct state s)
{
	uint32_t first, last;
	size_t steps = 1;

	while (diagram_spend(m->diagram, steps)) {
		steps = 1;
		if (interval_of(m, s.a, &first, &last))
			s.pc = scan_follow(m->program, s.pc, first, last, &steps);
		const struct sock_filter *insn = &m->program->insns[s.pc];
		node condition = {0};
		if (insn->code == (BPF_LD | BPF_W | BPF_ABS)) {
			s.a = load(m, insn->k);
			s.pc++;
		} else if (BPF_CLASS(insn->code) == BPF_RET) {
			return node_target(return_value(m, insn, s.a));
		} else if (BPF_CLASS(insn->code) != BPF_JMP) {
			if (needs_divisor(m, &s, insn, &condition))
				return find_item(m, &s, condition);
			step(m, &s, insn);
			s.pc++;
		} else if (BPF_OP(insn->code) == BPF_JA) {
			s.pc += 1 + insn->k;
		} else {
			enum scan_answer answer = decide(m, &s, insn, &condition);
			if (answer == SCAN_EITHER)
				return find_item(m, &s, condition);
			s.pc += 1u + (answer == SCAN_TRUE ? insn->jt : insn->jf);
		}
	}
	return TARGET_NODE;
}

static void expand(struct machine *m, uint32_t index)
{
	struct machine_item item = m->items.items[index];
	const struct sock_filter *insn = &m->program->insns[item.pc];
	struct state yes = {item.pc, item.a, item.rest}, no = yes;

	if (BPF_CLASS(insn->code) == BPF_ALU) {
		item.if_true = node_target(return_constant(m, SECCOMP_RET_KILL_THREAD));
		step(m, &no, insn);
		no.pc++;
	} else {
		yes.pc += 1u + insn->jt;
		no.pc += 1u + insn->jf;
		item.if_true = advance(m, yes);
	}
	item.if_false = advance(m, no);
	item.expanded = true;
	m->items.items[index] = item;
	if (!vec_push_in(&m->expanded, m->arena, index))
		diagram_fail(m->diagram, -ENOMEM);
}

/* Jumps go forward only, so that one sweep over the instructions meets every item after those that lead to it. */
static void expand_pending(struct machine *m)
{
	for (size_t i = 0; i <= m->program->count / 64; i++)
		while (m->pending[i]) {
			size_t pc = i * 64 + (size_t)__builtin_ctzll(m->pending[i]);
			m->pending[i] &= m->pending[i] - 1;
			uint32_t *heads[] = {&m->shared_items[pc], &m->cell_items[pc]};
			for (int list = m->cell_stamps[pc] == m->stamp ? 1 : 0; list >= 0; list--)
				for (uint32_t at = *heads[list]; at && !m->items.items[at - 1].expanded;
				     at = m->items.items[at - 1].older)
					expand(m, at - 1);
		}
}

/* The branch of an item, in front of two functions. */
static node branch_node(struct machine *m, const struct machine_item *item, node yes, node no)
{
	const struct sock_filter *insn = &m->program->insns[item->pc];

	if (!value_is_plain_word(item->a) || !node_same(item->condition, (node){0}))
		return diagram_if(m->diagram, item->condition, yes, no);
	struct value operand =
	    BPF_SRC(insn->code) == BPF_X ? m->rests.items[item->rest].x : value_constant(insn->k);
	return value_branch(&m->space, BPF_OP(insn->code), item->a, operand, yes, no);
}

static void resolve(struct machine *m, struct machine_item *item)
{
	item->done = true;
	item->result =
	    branch_node(m, item, target_result(m, item->if_true), target_result(m, item->if_false));
}

node machine_run(struct machine *m, const struct cell *cell)
{
	if (m->items.count > ITEMS_MAX / 2)
		machine_forget(m);
	m->cell = *cell;
	m->stamp++;
	m->expanded.count = 0;
	target start = advance(m, (struct state){0, value_constant(0), 0});
	if (!(start & TARGET_NODE) && !m->items.items[start].done) {
		expand_pending(m);
		for (size_t i = m->expanded.count; i-- > 0 && !m->diagram->failed;)
			resolve(m, &m->items.items[m->expanded.items[i]]);
	}
	return m->diagram->failed ? (node){0} : target_result(m, start);
}

node machine_run_bit(struct machine *m, const struct cell *cell, unsigned bit)
{
	machine_forget(m);
	m->verdict_bit = (int)bit;
	node result = machine_run(m, cell);
	m->verdict_bit = VERDICT_WHOLE;
	return result;
}

/* The calls that come to an item by one more way. */
static void arrive(struct machine *m, node *reached, target t, node calls)
{
	if (!(t & TARGET_NODE))
		reached[t] = diagram_or(m->diagram, reached[t], calls);
}

bool machine_paths(struct machine *m, const struct cell *cell, node calls, machine_visitor visitor,
                   void *closure)
{
	struct diagram *d = m->diagram;

	machine_forget(
	    m); /* so that all items of this cell are of this run, and in the order of instructions */
	m->cell = *cell;
	m->stamp++;
	m->expanded.count = 0;
	target start = advance(m, (struct state){0, value_constant(0), 0});
	expand_pending(m);
	visitor(closure, calls);
	node *reached = ARENA_ARRAY(m->arena, node, m->items.count);
	if (!reached)
		return false;
	for (size_t i = 0; i < m->items.count; i++)
		reached[i] = d->zero;
	arrive(m, reached, start, calls);
	for (size_t i = 0; i < m->expanded.count && !d->failed; i++) {
		uint32_t index = m->expanded.items[i];
		const struct machine_item *item = &m->items.items[index];
		node condition = branch_node(m, item, d->one, d->zero),
		     yes = diagram_and(d, reached[index], condition);
		node no = diagram_and(d, reached[index], diagram_not(d, condition));
		visitor(closure, yes);
		visitor(closure, no);
		arrive(m, reached, item->if_true, yes);
		arrive(m, reached, item->if_false, no);
	}
	return true;
}

struct value machine_accumulator(struct machine *m, const unsigned long (*sides)[2], size_t pc)
{
	struct state s = {0, value_constant(0), 0};

	m->cell = CELL_EVERYTHING;
	while (s.pc < pc && !m->diagram->failed) {
		const struct sock_filter *insn = &m->program->insns[s.pc];
		if (insn->code == (BPF_LD | BPF_W | BPF_ABS))
			s.a = load(m, insn->k);
		else if (BPF_CLASS(insn->code) != BPF_JMP)
			step(m, &s, insn);
		else if (BPF_OP(insn->code) == BPF_JA)
			s.pc += insn->k;
		else
			s.pc += sides[s.pc][1] ? insn->jt : insn->jf;
		s.pc++;
	}
	return s.a;
}
