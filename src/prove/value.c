#include "prove/value.h"

#include <errno.h>
#include <string.h>

#include <linux/filter.h>

#include "prove/arithmetic.h"

/* More different computed values than any program of 4096 instructions has without loops of its own making. */
enum { VECTORS_MAX = 8192 };

struct diagram_bits value_word_bits(const struct value_space *space, uint32_t word, uint32_t mask)
{
	bool high = (word % 2 != 0) != space->big_endian;
	struct diagram_bits bits = {.count = INPUT_WORD_BITS, .mask = mask};

	if (word == WORD_NR || word == WORD_ARCH) {
		bits.field = word == WORD_NR ? INPUT_NR : INPUT_ARCH;
		return bits;
	}
	bits.field = word < WORD_ARG ? INPUT_IP : (enum input_field)(INPUT_ARG + (word - WORD_ARG) / 2);
	bits.lowest = high ? INPUT_WORD_BITS : 0;
	return bits;
}

struct value_bits value_expand(const struct value_space *space, struct value value)
{
	struct diagram *d = space->diagram;
	struct value_bits result;

	if (value.kind == VALUE_VECTOR)
		return space->vectors.items[value.number];
	struct diagram_bits bits = value_word_bits(space, value.word, value.number);
	for (unsigned i = 0; i < INPUT_WORD_BITS; i++) {
		bool set = value.number >> i & 1;
		result.bit[i] =
		    !set ? d->zero
		    : value.kind == VALUE_CONSTANT
		        ? d->one
		        : diagram_test(d, d->order.level[bits.field][bits.lowest + i], d->zero, d->one);
	}
	return result;
}

static bool is_constant(const struct diagram *d, const struct value_bits *bits, uint32_t *ret_number)
{
	uint32_t number = 0;

	for (unsigned i = 0; i < INPUT_WORD_BITS; i++) {
		if (!node_same(bits->bit[i], d->zero) && !node_same(bits->bit[i], d->one))
			return false;
		number |= (uint32_t)node_same(bits->bit[i], d->one) << i;
	}
	*ret_number = number;
	return true;
}

struct value value_collect(struct value_space *space, const struct value_bits *bits)
{
	struct diagram *d = space->diagram;
	uint32_t number;

	if (is_constant(d, bits, &number))
		return value_constant(number);
	diagram_spend(d, space->vectors.count);
	for (size_t i = 0; i < space->vectors.count; i++)
		if (!memcmp(&space->vectors.items[i], bits, sizeof(*bits)))
			return (struct value){VALUE_VECTOR, 0, (uint32_t)i};
	if (space->vectors.count == VECTORS_MAX)
		diagram_fail(d, -EDQUOT);
	else if (!vec_push(&space->vectors, *bits))
		diagram_fail(d, -ENOMEM);
	if (d->failed)
		return value_constant(0);
	return (struct value){VALUE_VECTOR, 0, (uint32_t)(space->vectors.count - 1)};
}

static uint32_t constant_alu(uint16_t op, uint32_t a, uint32_t k)
{
	switch (op) {
	case BPF_ADD:
		return a + k;
	case BPF_SUB:
		return a - k;
	case BPF_MUL:
		return a * k;
	case BPF_DIV:
		return k ? a / k : 0;
	case BPF_AND:
		return a & k;
	case BPF_OR:
		return a | k;
	case BPF_XOR:
		return a ^ k;
	case BPF_LSH:
		return a << (k % INPUT_WORD_BITS);
	case BPF_RSH:
		return a >> (k % INPUT_WORD_BITS);
	default:
		return 0 - a;
	}
}

struct value value_alu(struct value_space *space, uint16_t op, struct value a, struct value operand)
{
	if (a.kind == VALUE_CONSTANT && operand.kind == VALUE_CONSTANT)
		return value_constant(constant_alu(op, a.number, operand.number) & INPUT_WORD_MAX);
	if (op == BPF_AND && a.kind == VALUE_WORD && operand.kind == VALUE_CONSTANT)
		return value_word(a.word, a.number & operand.number);
	/* Times -1 is one subtraction instead of 31 additions. */
	bool negative = op == BPF_MUL && operand.kind == VALUE_CONSTANT &&
	                2 * __builtin_popcount(operand.number) > INPUT_WORD_BITS;
	if (negative)
		operand.number = (0 - operand.number) & INPUT_WORD_MAX;
	struct value_bits left = value_expand(space, a), right = value_expand(space, operand);
	struct value_bits result = arithmetic(space->diagram, op, &left, &right);
	if (negative)
		result = arithmetic(space->diagram, BPF_NEG, &result, &result);
	return value_collect(space, &result);
}

static node branch_bits(struct diagram *d, uint16_t op, const struct value_bits *a,
                        const struct value_bits *b)
{
	node result = op == BPF_JEQ || op == BPF_JGE ? d->one : d->zero;

	for (unsigned i = 0; i < INPUT_WORD_BITS; i++) {
		node differ = diagram_xor(d, a->bit[i], b->bit[i]);
		if (op == BPF_JEQ)
			result = diagram_if(d, differ, d->zero, result);
		else if (op == BPF_JSET)
			result = diagram_or(d, result, diagram_and(d, a->bit[i], b->bit[i]));
		else
			result = diagram_if(d, differ, a->bit[i], result);
	}
	return result;
}

static node branch_word(struct value_space *space, uint16_t op, struct value a, uint32_t k, node then,
                        node otherwise)
{
	struct diagram *d = space->diagram;
	struct diagram_bits bits = value_word_bits(space, a.word, op == BPF_JSET ? a.number & k : a.number);

	switch (op) {
	case BPF_JEQ:
		return diagram_compare(d, bits, POLICY_EQ, k, then, otherwise);
	case BPF_JGT:
		return diagram_compare(d, bits, POLICY_GT, k, then, otherwise);
	case BPF_JGE:
		return diagram_compare(d, bits, POLICY_GE, k, then, otherwise);
	default:
		return diagram_compare(d, bits, POLICY_NE, 0, then, otherwise);
	}
}

node value_branch(struct value_space *space, uint16_t op, struct value a, struct value operand, node then,
                  node otherwise)
{
	if (a.kind == VALUE_WORD && operand.kind == VALUE_CONSTANT)
		return branch_word(space, op, a, operand.number, then, otherwise);
	struct value_bits left = value_expand(space, a), right = value_expand(space, operand);
	return diagram_if(space->diagram, branch_bits(space->diagram, op, &left, &right), then, otherwise);
}

void value_space_finish(struct value_space *space)
{
	vec_finish(&space->vectors);
}
