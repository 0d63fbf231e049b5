/* Comparisons of a part of a field with a number. */
#include "prove/diagram.h"

static node split_for(struct diagram *d, struct diagram_bits bits, enum policy_op op, node then,
                      node otherwise)
{
	bool ordered = op == POLICY_LT || op == POLICY_LE;

	return diagram_split(d, bits, op == POLICY_LT ? otherwise : then, ordered ? then : otherwise,
	                     otherwise);
}

static uint32_t last_level(const struct diagram *d, enum input_field field, uint64_t mask)
{
	return input_level(&d->order, field, (unsigned)__builtin_ctzll(mask));
}

/* In any order of bits. */
static node compare_bit_by_bit(struct diagram *d, struct diagram_bits bits, enum policy_op op, node then,
                               node otherwise)
{
	node result = op == POLICY_LT ? otherwise : then;

	for (; bits.mask && !d->failed; bits.mask &= bits.mask - 1) {
		unsigned bit = (unsigned)__builtin_ctzll(bits.mask);
		bool set = bits.pattern >> bit & 1;
		node test = diagram_test(d, bits.field, bit, d->zero, d->one);
		node other = set && op != POLICY_EQ ? then : otherwise;
		result = set ? diagram_if(d, test, result, other) : diagram_if(d, test, other, result);
	}
	return result;
}

/*
 * The comparison in front of two functions. Where one of them first compares bits that are all in front of these, and every way out of that
 * leads to the other one, these are compared where those are equal: so it is when a program looks at the lower half of an argument first.
 */
static node compare_bits(struct diagram *d, struct diagram_bits bits, enum policy_op op, node then,
                         node otherwise)
{
	if (d->order.levels)
		return compare_bit_by_bit(d, bits, op, then, otherwise);
	uint32_t last = last_level(d, bits.field, bits.mask);
	bool swap = diagram_at(d, then)->level > diagram_at(d, otherwise)->level;
	node other = swap ? then : otherwise;
	const struct diagram_node n = *diagram_at(d, swap ? otherwise : then);

	if (n.level > last)
		return split_for(d, bits, op, then, otherwise);
	if (diagram_spend(d, 1) && n.field == bits.field && (n.mask & -n.mask) > bits.mask &&
	    last_level(d, bits.field, n.mask) < diagram_at(d, other)->level &&
	    (!n.pattern || n.less == other.id) && (n.pattern == n.mask || n.greater == other.id)) {
		struct diagram_bits front = {bits.field, n.mask, n.pattern};
		node equal = swap ? compare_bits(d, bits, op, then, (node){n.equal})
		                  : compare_bits(d, bits, op, (node){n.equal}, otherwise);
		return diagram_split(d, front, equal, other, other);
	}
	return diagram_if(d, split_for(d, bits, op, d->one, d->zero), then, otherwise);
}

node diagram_compare(struct diagram *d, struct diagram_number number, enum policy_op op, uint64_t value,
                     node then, node otherwise)
{
	if (op == POLICY_NE || op == POLICY_GE || op == POLICY_GT) {
		node swap = then;
		then = otherwise;
		otherwise = swap;
		op = op == POLICY_NE ? POLICY_EQ : op == POLICY_GE ? POLICY_LT : POLICY_LE;
	}
	/* A value that has bits beyond the field is above everything, and equal to nothing. */
	if (number.count < 64 && value >> number.count)
		return op == POLICY_EQ ? otherwise : then;
	/* So it is behind a bit of its own that the number cannot have: only the bits in front of that one count. */
	if (value & ~number.mask) {
		if (op == POLICY_EQ)
			return otherwise;
		uint64_t behind = UINT64_MAX >> __builtin_clzll(value & ~number.mask);
		number.mask &= ~behind;
		value &= ~behind;
		op = POLICY_LE;
	}
	if (!number.mask)
		return op == POLICY_LT ? otherwise : then;
	struct diagram_bits bits = {number.field, number.mask << number.lowest, value << number.lowest};
	return compare_bits(d, bits, op, then, otherwise);
}
