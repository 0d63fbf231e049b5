/* Comparisons of a part of a field with a number. */
#include "prove/diagram.h"

static node split_for(struct diagram *d, struct diagram_bits bits, enum policy_op op, node then,
                      node otherwise)
{
	bool ordered = op == POLICY_LT || op == POLICY_LE;

	return diagram_split(d, bits, op == POLICY_LT ? otherwise : then, ordered ? then : otherwise,
	                     otherwise);
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
	uint32_t last = input_level(&d->order, bits.field, (unsigned)__builtin_ctzll(bits.mask));
	if (diagram_at(d, then)->level > last && diagram_at(d, otherwise)->level > last)
		return split_for(d, bits, op, then, otherwise);
	return diagram_if(d, split_for(d, bits, op, d->one, d->zero), then, otherwise);
}
