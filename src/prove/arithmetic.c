#include "prove/arithmetic.h"

#include <linux/filter.h>

static struct value_bits zeroes(const struct diagram *d)
{
	struct value_bits bits;

	for (unsigned i = 0; i < INPUT_WORD_BITS; i++)
		bits.bit[i] = d->zero;
	return bits;
}

static struct value_bits bitwise(struct diagram *d, uint16_t op, const struct value_bits *a,
                                 const struct value_bits *b)
{
	struct value_bits result;

	for (unsigned i = 0; i < INPUT_WORD_BITS; i++)
		result.bit[i] = op == BPF_AND  ? diagram_and(d, a->bit[i], b->bit[i])
		                : op == BPF_OR ? diagram_or(d, a->bit[i], b->bit[i])
		                               : diagram_xor(d, a->bit[i], b->bit[i]);
	return result;
}

static struct value_bits add(struct diagram *d, const struct value_bits *a, const struct value_bits *b,
                             node carry)
{
	struct value_bits result;

	for (unsigned i = 0; i < INPUT_WORD_BITS; i++) {
		node differ = diagram_xor(d, a->bit[i], b->bit[i]);
		result.bit[i] = diagram_xor(d, differ, carry);
		carry = diagram_if(d, differ, carry, a->bit[i]);
	}
	return result;
}

static struct value_bits subtract(struct diagram *d, const struct value_bits *a, const struct value_bits *b)
{
	struct value_bits inverse;

	for (unsigned i = 0; i < INPUT_WORD_BITS; i++)
		inverse.bit[i] = diagram_not(d, b->bit[i]);
	return add(d, a, &inverse, d->one);
}

static struct value_bits choose(struct diagram *d, node condition, const struct value_bits *then,
                                const struct value_bits *otherwise)
{
	struct value_bits result;

	for (unsigned i = 0; i < INPUT_WORD_BITS; i++)
		result.bit[i] = diagram_if(d, condition, then->bit[i], otherwise->bit[i]);
	return result;
}

/* By `distance` places, towards the high end if `left`. */
static struct value_bits move(struct diagram *d, const struct value_bits *a, unsigned distance, bool left)
{
	struct value_bits result = zeroes(d);

	for (unsigned i = 0; i + distance < INPUT_WORD_BITS; i++) {
		if (left)
			result.bit[i + distance] = a->bit[i];
		else
			result.bit[i] = a->bit[i + distance];
	}
	return result;
}

/* Only the low bits of the distance count: a shift by X is modulo the word (32 places are none). */
static struct value_bits shift(struct diagram *d, const struct value_bits *a,
                               const struct value_bits *distance, bool left)
{
	struct value_bits result = *a;

	for (unsigned i = 0; 1u << i < INPUT_WORD_BITS; i++) {
		struct value_bits moved = move(d, &result, 1u << i, left);
		result = choose(d, distance->bit[i], &moved, &result);
	}
	return result;
}

static struct value_bits multiply(struct diagram *d, const struct value_bits *a, const struct value_bits *b)
{
	struct value_bits result = zeroes(d);

	for (unsigned i = 0; i < INPUT_WORD_BITS && !d->failed; i++) {
		if (node_same(b->bit[i], d->zero))
			continue;
		struct value_bits moved = move(d, a, i, true), sum = add(d, &result, &moved, d->zero);
		result = choose(d, b->bit[i], &sum, &result);
	}
	return result;
}

/* a >= b, where `above` is a bit of a beyond the word. */
static node at_least(struct diagram *d, node above, const struct value_bits *a, const struct value_bits *b)
{
	node result = d->one;

	for (unsigned i = 0; i < INPUT_WORD_BITS; i++)
		result = diagram_if(d, diagram_xor(d, a->bit[i], b->bit[i]), a->bit[i], result);
	return diagram_or(d, above, result);
}

/* As on paper: the remainder stays below the divisor, so that its double needs one bit more than a word. */
static struct value_bits divide(struct diagram *d, const struct value_bits *a, const struct value_bits *b)
{
	struct value_bits quotient = zeroes(d), rest = zeroes(d);

	for (unsigned i = INPUT_WORD_BITS; i-- > 0 && !d->failed;) {
		node above = rest.bit[INPUT_WORD_BITS - 1];
		rest = move(d, &rest, 1, true);
		rest.bit[0] = a->bit[i];
		quotient.bit[i] = at_least(d, above, &rest, b);
		struct value_bits less = subtract(d, &rest, b);
		rest = choose(d, quotient.bit[i], &less, &rest);
	}
	return quotient;
}

struct value_bits arithmetic(struct diagram *d, uint16_t op, const struct value_bits *a,
                             const struct value_bits *b)
{
	struct value_bits none = zeroes(d);

	switch (op) {
	case BPF_ADD:
		return add(d, a, b, d->zero);
	case BPF_SUB:
		return subtract(d, a, b);
	case BPF_NEG:
		return subtract(d, &none, a);
	case BPF_MUL:
		return multiply(d, a, b);
	case BPF_DIV:
		return divide(d, a, b);
	case BPF_LSH:
	case BPF_RSH:
		return shift(d, a, b, op == BPF_LSH);
	default:
		return bitwise(d, op, a, b);
	}
}
