/* Arithmetic on words of unknown bits, exactly as the kernel's 32-bit instructions do it. */
#include "prove/value.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include <linux/filter.h>

#include "bpf/program.h"

/* No program of 4096 instructions has more different computed values without combining them in very many ways. */
enum { VECTORS_MAX = 8192 };

/* Which input bits a word of the input is. */
static struct diagram_number number_of(const struct value_space *space, struct value value)
{
	bool high = (value.word % 2 != 0) != space->big_endian;
	struct diagram_number bits = {
	    .lowest = value.shift, .count = INPUT_WORD_BITS - (unsigned)value.shift, .mask = value.number};

	assert(value.kind == VALUE_WORD && value.number && value.number <= INPUT_WORD_MAX >> value.shift);
	if (value.word == WORD_NR || value.word == WORD_ARCH) {
		bits.field = value.word == WORD_NR ? INPUT_NR : INPUT_ARCH;
		return bits;
	}
	bits.field = value.word < WORD_ARG ? INPUT_IP : (enum input_field)(INPUT_ARG + (value.word - WORD_ARG) / 2);
	bits.lowest += high ? INPUT_WORD_BITS : 0;
	return bits;
}

/* ---- vectors ---- */

static struct value_bits expand(const struct value_space *space, struct value value)
{
	struct diagram *d = space->diagram;
	struct value_bits result;

	if (value.kind == VALUE_VECTOR)
		return space->vectors.items[value.number];
	for (unsigned i = 0; i < INPUT_WORD_BITS; i++) {
		result.bit[i] = value.number >> i & 1 ? d->one : d->zero;
		if (value.kind == VALUE_WORD && value.number >> i & 1) {
			struct diagram_number word = number_of(space, value);
			result.bit[i] = diagram_test(d, word.field, word.lowest + i, d->zero, d->one);
		}
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

/* The value of these bits: a constant if they are constant. */
static struct value collect(struct value_space *space, const struct value_bits *bits)
{
	struct diagram *d = space->diagram;
	uint32_t number;

	if (is_constant(d, bits, &number))
		return value_constant(number);
	diagram_spend(d, space->vectors.count);
	for (size_t i = 0; i < space->vectors.count; i++)
		if (!memcmp(&space->vectors.items[i], bits, sizeof(*bits)))
			return (struct value){.kind = VALUE_VECTOR, .number = (uint32_t)i};
	if (space->vectors.count == VECTORS_MAX)
		diagram_exhaust(d, DIAGRAM_VALUES, VECTORS_MAX);
	else if (!vec_push_in(&space->vectors, space->arena, *bits))
		diagram_fail(d, -ENOMEM);
	if (d->failed)
		return value_constant(0);
	return (struct value){.kind = VALUE_VECTOR, .number = (uint32_t)(space->vectors.count - 1)};
}

/* ---- arithmetic ---- */

static struct value_bits bitwise(struct diagram *d, uint16_t op, const struct value_bits *a, const struct value_bits *b)
{
	struct value_bits result;

	for (unsigned i = 0; i < INPUT_WORD_BITS; i++)
		result.bit[i] = op == BPF_AND  ? diagram_and(d, a->bit[i], b->bit[i])
		                : op == BPF_OR ? diagram_or(d, a->bit[i], b->bit[i])
		                               : diagram_xor(d, a->bit[i], b->bit[i]);
	return result;
}

/* a + b, or a - b, which is a + ~b + 1. */
static struct value_bits sum(struct diagram *d, const struct value_bits *a, const struct value_bits *b, bool negative)
{
	node carry = negative ? d->one : d->zero;
	struct value_bits result;

	for (unsigned i = 0; i < INPUT_WORD_BITS; i++) {
		node bit = negative ? diagram_not(d, b->bit[i]) : b->bit[i];
		node differ = diagram_xor(d, a->bit[i], bit);
		result.bit[i] = diagram_xor(d, differ, carry);
		carry = diagram_ite(d, differ, carry, a->bit[i]);
	}
	return result;
}

/* Only the low bits of the distance count: a shift by X is modulo the word (32 places are none). */
static struct value_bits shift(struct diagram *d, const struct value_bits *a, const struct value_bits *distance,
                               bool left)
{
	struct value_bits result = *a;

	for (unsigned places = 1, i = 0; places < INPUT_WORD_BITS; places *= 2, i++) {
		struct value_bits before = result;
		for (unsigned bit = 0; bit < INPUT_WORD_BITS; bit++) {
			unsigned from = left ? bit - places : bit + places; /* beyond the word if it wraps */
			node moved = from < INPUT_WORD_BITS ? before.bit[from] : d->zero;
			result.bit[bit] = diagram_ite(d, distance->bit[i], moved, before.bit[bit]);
		}
	}
	return result;
}

static struct value_bits arithmetic(struct diagram *d, uint16_t op, const struct value_bits *a,
                                    const struct value_bits *b)
{
	switch (op) {
	case BPF_ADD:
	case BPF_SUB:
		return sum(d, a, b, op == BPF_SUB);
	case BPF_LSH:
	case BPF_RSH:
		return shift(d, a, b, op == BPF_LSH);
	default:
		assert(op == BPF_AND || op == BPF_OR || op == BPF_XOR);
		return bitwise(d, op, a, b);
	}
}

/* Multiplication or division by a power of two as a shift; a product with zero is a shift beyond the word. */
static bool as_shift(uint16_t *op, struct value *a, struct value *operand)
{
	if (*op == BPF_MUL && a->kind == VALUE_CONSTANT) {
		struct value swap = *a;
		*a = *operand;
		*operand = swap;
	}
	if (operand->kind != VALUE_CONSTANT || __builtin_popcount(operand->number) != 1)
		return false;
	*op = *op == BPF_MUL ? BPF_LSH : BPF_RSH;
	operand->number = (uint32_t)__builtin_ctz(operand->number);
	return true;
}

static uint32_t constant_alu(uint16_t op, uint32_t a, uint32_t b)
{
	if (op == BPF_LSH || op == BPF_RSH)
		b %= INPUT_WORD_BITS;
	return bpf_compute(op, a, b) & INPUT_WORD_MAX;
}

/* A word that is shifted right or masked stays a word. */
static bool word_alu(uint16_t op, struct value *a, uint32_t k)
{
	if (op == BPF_RSH) {
		k %= INPUT_WORD_BITS;
		a->number >>= k;
		a->shift = (uint8_t)(a->shift + k);
	} else if (op == BPF_AND) {
		a->number &= k;
	} else {
		return false;
	}
	if (!a->number)
		*a = value_constant(0);
	return true;
}

bool value_alu(struct value_space *space, uint16_t op, struct value a, struct value operand, struct value *ret_value)
{
	if (op == BPF_NEG)
		return value_alu(space, BPF_SUB, value_constant(0), a, ret_value);
	*ret_value = value_constant(0);
	if (a.kind == VALUE_CONSTANT && operand.kind == VALUE_CONSTANT) {
		*ret_value = value_constant(constant_alu(op, a.number, operand.number));
		return true;
	}
	if ((op == BPF_MUL || op == BPF_DIV) && !as_shift(&op, &a, &operand))
		return op == BPF_MUL && operand.kind == VALUE_CONSTANT && operand.number == 0;
	if (a.kind == VALUE_WORD && operand.kind == VALUE_CONSTANT && word_alu(op, &a, operand.number)) {
		*ret_value = a;
		return true;
	}
	struct value_bits left = expand(space, a), right = expand(space, operand);
	struct value_bits result = arithmetic(space->diagram, op, &left, &right);
	*ret_value = collect(space, &result);
	return true;
}

/* ---- branches ---- */

static node branch_bits(struct diagram *d, uint16_t op, const struct value_bits *a, const struct value_bits *b)
{
	node result = op == BPF_JEQ || op == BPF_JGE ? d->one : d->zero;

	for (unsigned i = 0; i < INPUT_WORD_BITS; i++) {
		node differ = diagram_xor(d, a->bit[i], b->bit[i]);
		if (op == BPF_JEQ)
			result = diagram_ite(d, differ, d->zero, result);
		else if (op == BPF_JSET)
			result = diagram_or(d, result, diagram_and(d, a->bit[i], b->bit[i]));
		else
			result = diagram_ite(d, differ, a->bit[i], result);
	}
	return result;
}

static node branch_word(struct value_space *space, uint16_t op, struct value a, uint32_t k, node then, node otherwise)
{
	struct diagram_number bits = number_of(space, a);

	if (op == BPF_JSET) {
		bits.mask &= k;
		return diagram_compare(space->diagram, bits, POLICY_NE, 0, then, otherwise);
	}
	assert(op == BPF_JEQ || op == BPF_JGT || op == BPF_JGE);
	return diagram_compare(space->diagram, bits,
	                       op == BPF_JEQ   ? POLICY_EQ
	                       : op == BPF_JGT ? POLICY_GT
	                                       : POLICY_GE,
	                       k, then, otherwise);
}

node value_branch(struct value_space *space, uint16_t op, struct value a, struct value operand, node then,
                  node otherwise)
{
	if (a.kind == VALUE_WORD && operand.kind == VALUE_CONSTANT)
		return branch_word(space, op, a, operand.number, then, otherwise);
	struct value_bits left = expand(space, a), right = expand(space, operand);
	return diagram_ite(space->diagram, branch_bits(space->diagram, op, &left, &right), then, otherwise);
}
