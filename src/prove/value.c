#include "prove/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/filter.h>

#include "prove/arithmetic.h"

/* More different computed values than any program of 4096 instructions has without loops of its own making. */
enum { VECTORS_MAX = 8192 };

/*
 * Divisions of words with few bits are done for each number; those with fewer results than this are intervals. A step from
 * remainder to remainder costs far less than one that makes a node.
 */
enum { NUMBER_BITS_MAX = 8, INTERVALS_MAX = 1 << 13, CHEAP_STEPS = 16 };

struct diagram_number value_word_bits(const struct value_space *space, uint32_t word, uint32_t mask)
{
	bool high = (word % 2 != 0) != space->big_endian;
	struct diagram_number bits = {.count = INPUT_WORD_BITS, .mask = mask};

	if (word == WORD_NR || word == WORD_ARCH) {
		bits.field = word == WORD_NR ? INPUT_NR : INPUT_ARCH;
		return bits;
	}
	bits.field = word < WORD_ARG ? INPUT_IP : (enum input_field)(INPUT_ARG + (word - WORD_ARG) / 2);
	bits.lowest = high ? INPUT_WORD_BITS : 0;
	return bits;
}

static struct value_bits constant_bits(const struct diagram *d, uint32_t number)
{
	struct value_bits result;

	for (unsigned i = 0; i < INPUT_WORD_BITS; i++)
		result.bit[i] = number >> i & 1 ? d->one : d->zero;
	return result;
}

static node bit_of_word(const struct value_space *space, struct value value, unsigned bit, node low,
                        node high)
{
	struct diagram *d = space->diagram;
	struct diagram_number word = value_word_bits(space, value.word, value.number);

	return value.number >> bit & 1 ? diagram_test(d, word.field, word.lowest + bit, low, high) : low;
}

/* Few results: one interval after the other, from the highest. */
static node odd_by_intervals(const struct value_space *space, struct value value, uint64_t step)
{
	struct diagram *d = space->diagram;
	struct diagram_number word = value_word_bits(space, value.word, value.number);
	uint64_t last = INPUT_WORD_MAX / step;
	node result = last & 1 ? d->one : d->zero;

	for (uint64_t q = last; q > 0 && !d->failed; q--)
		result = diagram_compare(d, word, POLICY_LT, q * step, q & 1 ? d->zero : d->one, result);
	return result;
}

/* Few numbers: the answer for each. `left` are the bits not yet chosen. */
static node odd_by_numbers(const struct value_space *space, struct value value, uint64_t step, uint32_t left,
                           uint32_t number)
{
	struct diagram *d = space->diagram;

	if (left == 0)
		return number / step & 1 ? d->one : d->zero;
	unsigned bit = 31 - (unsigned)__builtin_clz(left);
	left ^= 1u << bit;
	return bit_of_word(space, value, bit, odd_by_numbers(space, value, step, left, number),
	                   odd_by_numbers(space, value, step, left, number | 1u << bit));
}

/* Few remainders: from the lowest bit to the highest, what follows from each remainder of the bits in front (modulo 2 step). */
static node odd_by_remainders(const struct value_space *space, struct value value, uint64_t step)
{
	struct diagram *d = space->diagram;
	size_t count = (size_t)(2 * step); /* far fewer than there are words */
	node *now = malloc(count * sizeof(*now)), *next = malloc(count * sizeof(*next)), result = {0};

	if (!now || !next)
		diagram_fail(d, -ENOMEM);
	for (uint64_t r = 0; r < count && !d->failed; r++)
		now[r] = r >= step ? d->one : d->zero;
	for (unsigned bit = 0; bit < INPUT_WORD_BITS && !d->failed; bit++) {
		uint64_t possible = UINT64_C(1) << (INPUT_WORD_BITS - bit - 1);
		diagram_spend(d, (size_t)(count < possible ? count : possible) / CHEAP_STEPS);
		for (uint64_t r = 0; r < count && r < possible && !d->failed; r++)
			next[r] =
			    bit_of_word(space, value, bit, now[2 * r % count], now[(2 * r + 1) % count]);
		node *swap = now;
		now = next;
		next = swap;
	}
	if (!d->failed)
		result = now[0];
	free(now);
	free(next);
	return result;
}

/* The quotient has a bit exactly where the word divided by the divisor and by that bit's weight is odd. */
static node quotient_bit(const struct value_space *space, struct value value, unsigned bit)
{
	struct diagram *d = space->diagram;
	uint64_t step = (uint64_t)value.divisor << bit;

	if (step > INPUT_WORD_MAX)
		return d->zero;
	if ((value.divisor & (value.divisor - 1)) == 0)
		return bit_of_word(space, value, bit + (unsigned)__builtin_ctz(value.divisor), d->zero,
		                   d->one);
	if (__builtin_popcount(value.number) <= NUMBER_BITS_MAX)
		return odd_by_numbers(space, value, step, value.number, 0);
	return INPUT_WORD_MAX / step < INTERVALS_MAX ? odd_by_intervals(space, value, step)
	                                             : odd_by_remainders(space, value, step);
}

static struct value_bits word_bits(const struct value_space *space, struct value value)
{
	struct value_bits result;

	for (unsigned i = 0; i < INPUT_WORD_BITS; i++)
		result.bit[i] = quotient_bit(space, value, i);
	return result;
}

struct value_bits value_expand(const struct value_space *space, struct value value)
{
	switch (value.kind) {
	case VALUE_CONSTANT:
		return constant_bits(space->diagram, value.number);
	case VALUE_WORD:
		return word_bits(space, value);
	default:
		return space->vectors.items[value.number];
	}
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
			return (struct value){VALUE_VECTOR, 0, (uint32_t)i, 0};
	if (space->vectors.count == VECTORS_MAX)
		diagram_fail(d, -EDQUOT);
	else if (!vec_push_in(&space->vectors, space->arena, *bits))
		diagram_fail(d, -ENOMEM);
	if (d->failed)
		return value_constant(0);
	return (struct value){VALUE_VECTOR, 0, (uint32_t)(space->vectors.count - 1), 0};
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

/* Quotients of words stay what they are: their bits can be large diagrams, where comparing them is not. */
static struct value quotient(struct value a, uint16_t op, uint32_t k)
{
	uint64_t divisor = (uint64_t)a.divisor * (op == BPF_DIV ? k : UINT64_C(1) << k % INPUT_WORD_BITS);

	if (divisor == 0 || divisor > INPUT_WORD_MAX)
		return value_constant(0);
	a.divisor = (uint32_t)divisor;
	return a;
}

struct value value_alu(struct value_space *space, uint16_t op, struct value a, struct value operand)
{
	if (a.kind == VALUE_CONSTANT && operand.kind == VALUE_CONSTANT)
		return value_constant(constant_alu(op, a.number, operand.number) & INPUT_WORD_MAX);
	if (op == BPF_AND && value_is_plain_word(a) && operand.kind == VALUE_CONSTANT)
		return value_word(a.word, a.number & operand.number);
	if ((op == BPF_DIV || op == BPF_RSH) && a.kind == VALUE_WORD && operand.kind == VALUE_CONSTANT)
		return quotient(a, op, operand.number);
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
	struct diagram_number bits = value_word_bits(space, a.word, op == BPF_JSET ? a.number & k : a.number);

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

/* A quotient is at least k exactly if the word is at least k times the divisor. */
static node branch_quotient(struct value_space *space, uint16_t op, struct value a, uint32_t k, node then,
                            node otherwise)
{
	struct diagram *d = space->diagram;
	struct diagram_number word = value_word_bits(space, a.word, a.number);
	uint64_t first = (uint64_t)k * a.divisor, behind = first + a.divisor;

	if (op != BPF_JEQ)
		return diagram_compare(d, word, POLICY_GE, op == BPF_JGE ? first : behind, then, otherwise);
	return diagram_compare(d, word, POLICY_LT, first, otherwise,
	                       diagram_compare(d, word, POLICY_LT, behind, then, otherwise));
}

/* Has the quotient any of these bits? Only they are computed. */
static node any_bit(struct value_space *space, struct value a, uint32_t k)
{
	node result = space->diagram->zero;

	for (unsigned i = 0; i < INPUT_WORD_BITS; i++)
		if (k >> i & 1)
			result = diagram_or(space->diagram, result, quotient_bit(space, a, i));
	return result;
}

node value_branch(struct value_space *space, uint16_t op, struct value a, struct value operand, node then,
                  node otherwise)
{
	bool constant = operand.kind == VALUE_CONSTANT;

	if (value_is_plain_word(a) && constant)
		return branch_word(space, op, a, operand.number, then, otherwise);
	if (a.kind == VALUE_WORD && constant && op == BPF_JSET)
		return diagram_if(space->diagram, any_bit(space, a, operand.number), then, otherwise);
	if (a.kind == VALUE_WORD && constant)
		return branch_quotient(space, op, a, operand.number, then, otherwise);
	struct value_bits left = value_expand(space, a), right = value_expand(space, operand);
	return diagram_if(space->diagram, branch_bits(space->diagram, op, &left, &right), then, otherwise);
}
