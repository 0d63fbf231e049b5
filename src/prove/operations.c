/* What is computed on whole diagrams. Recursion goes down the order of bits: at most INPUT_LEVELS deep. */
#include "prove/diagram.h"

#include <assert.h>

#include <linux/seccomp.h>

#include <callgate/action.h>

/* In a remembered result, in the place of a condition. No node has such an id, and node 0, a leaf, is no condition. */
enum { STRICTEST = -1, DIFFER = -2, ALLOWS = -3 };

/* An operation on two nodes (ALLOWS: on the first), or on three: `what` is then the condition of diagram_ite(). */
struct operation {
	uint32_t what;
	node a, b;
};

static struct diagram_memo *memo_slot(struct diagram *d, struct operation o)
{
	uint64_t h = ((uint64_t)o.what << 32 | o.a.id) * UINT64_C(0x9e3779b97f4a7c15) + o.b.id;

	h *= UINT64_C(0xbf58476d1ce4e5b9);
	return &d->memo[(uint32_t)(h >> 32) & d->memo_mask];
}

static bool recall(struct diagram *d, struct operation o, node *ret_result)
{
	/* A diagram that has failed for want of memory has no table. */
	if (d->failed)
		return false;
	const struct diagram_memo *memo = memo_slot(d, o);
	if (memo->a != o.what || memo->b != o.a.id || memo->c != o.b.id)
		return false;
	*ret_result = (node){memo->result};
	return true;
}

static node remember(struct diagram *d, struct operation o, node result)
{
	if (!d->failed)
		*memo_slot(d, o) = (struct diagram_memo){o.what, o.a.id, o.b.id, result.id};
	return result;
}

static uint32_t leaf_value(const struct diagram *d, node n)
{
	return (uint32_t)diagram_at(d, n)->pattern;
}

static bool leaf_allows(uint32_t leaf)
{
	uint32_t action = leaf & SECCOMP_RET_ACTION_FULL;

	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

/* Is there nothing left to descend into? */
static bool is_known(const struct diagram *d, struct operation o, node *ret_result)
{
	bool leaves = diagram_is_leaf(d, o.a) && diagram_is_leaf(d, o.b), same = node_same(o.a, o.b);

	switch ((int)o.what) {
	case STRICTEST:
		*ret_result = same || (leaves && callgate_action_strictest(leaf_value(d, o.a), leaf_value(d, o.b)) ==
		                                     leaf_value(d, o.a))
		                  ? o.a
		                  : o.b;
		return same || leaves;
	case DIFFER:
		*ret_result = same ? d->zero : d->one;
		return same || leaves;
	case ALLOWS:
		*ret_result = leaf_allows(leaf_value(d, o.a)) ? d->one : d->zero;
		return leaves;
	default:
		*ret_result = o.what == d->one.id || same ? o.a : o.what == d->zero.id ? o.b : (node){o.what};
		return same || o.what == d->one.id || o.what == d->zero.id ||
		       (node_same(o.a, d->one) && node_same(o.b, d->zero));
	}
}

enum { OPERANDS = 3 };

/* The nodes of an operation that are not leaves, or zero in their place. */
static void operands_of(struct operation o, node *ret_operands)
{
	ret_operands[0] = (node){(int)o.what < 0 ? 0 : o.what};
	ret_operands[1] = o.a;
	ret_operands[2] = o.b;
}

/*
 * The highest bits that an operand tests, from the one at `level` on, as far as all operands agree that they are
 * tested, and what they are compared with. Only the bit at `level` where they do not agree even about that.
 */
static struct diagram_bits common_bits(const struct diagram *d, const node *operands, uint32_t level)
{
	const struct diagram_node *first = NULL;
	struct diagram_bits bits = {0};
	uint32_t bound = LEVEL_LEAF;

	for (int i = 0; i < OPERANDS; i++) {
		const struct diagram_node *n = diagram_at(d, operands[i]);
		if (n->level != level) {
			bound = n->level < bound ? n->level : bound;
		} else if (!first) {
			first = n;
			bits = (struct diagram_bits){(enum input_field)n->field, n->mask, n->pattern};
		} else {
			uint64_t differ = (n->mask ^ first->mask) | (n->pattern ^ first->pattern);
			bits.mask &= differ ? ~(UINT64_MAX >> __builtin_clzll(differ)) : UINT64_MAX;
		}
	}
	while (bits.mask && input_level(bits.field, (unsigned)__builtin_ctzll(bits.mask)) >= bound)
		bits.mask &= bits.mask - 1;
	if (!bits.mask)
		bits.mask = bits.pattern = UINT64_C(1) << diagram_first_bit(first);
	bits.pattern &= bits.mask;
	assert(bits.mask && input_level(bits.field, 63 - (unsigned)__builtin_clzll(bits.mask)) == level);
	return bits;
}

/* An operand where the bits are equal, less, or greater. */
static void split_operand(struct diagram *d, node operand, struct diagram_bits bits, uint32_t level, node *ret_parts)
{
	struct diagram_node n = *diagram_at(d, operand);

	ret_parts[0] = ret_parts[1] = ret_parts[2] = operand;
	if (n.level != level)
		return;
	ret_parts[1] = (node){n.less};
	ret_parts[2] = (node){n.greater};
	if ((n.mask & bits.mask) == bits.mask && (n.pattern & bits.mask) == bits.pattern) {
		struct diagram_node rest = diagram_rest(d, &n, bits.mask);
		ret_parts[0] = n.mask == bits.mask ? (node){n.equal} : diagram_intern(d, &rest);
		return;
	}
	/* One bit, a 1, and 0 in this operand. */
	struct diagram_node low = diagram_rest(d, &n, bits.mask);
	ret_parts[0] = (node){n.greater};
	ret_parts[1] = diagram_intern(d, &low);
}

static node apply(struct diagram *d, struct operation o);

static node apply_part(struct diagram *d, struct operation o, node parts[OPERANDS][3], int which)
{
	return apply(
	    d, (struct operation){(int)o.what < 0 ? o.what : parts[0][which].id, parts[1][which], parts[2][which]});
}

static node apply(struct diagram *d, struct operation o)
{
	node operands[OPERANDS], parts[OPERANDS][3], result, less = {0}, greater = {0};
	uint32_t level = LEVEL_LEAF;

	if (is_known(d, o, &result) || recall(d, o, &result))
		return result;
	if (!diagram_spend(d, 1))
		return (node){0};
	operands_of(o, operands);
	for (int i = 0; i < OPERANDS; i++)
		level = diagram_at(d, operands[i])->level < level ? diagram_at(d, operands[i])->level : level;
	struct diagram_bits bits = common_bits(d, operands, level);
	for (int i = 0; i < OPERANDS; i++)
		split_operand(d, operands[i], bits, level, parts[i]);
	node equal = apply_part(d, o, parts, 0);
	if (bits.pattern)
		less = apply_part(d, o, parts, 1);
	if (bits.pattern != bits.mask)
		greater = apply_part(d, o, parts, 2);
	if (d->failed)
		return (node){0};
	return remember(d, o, diagram_split(d, bits, equal, less, greater));
}

node diagram_ite(struct diagram *d, node condition, node then, node otherwise)
{
	assert(!diagram_is_leaf(d, condition) || leaf_value(d, condition) <= 1 || d->failed);
	return apply(d, (struct operation){condition.id, then, otherwise});
}

node diagram_and(struct diagram *d, node a, node b)
{
	return diagram_ite(d, a, b, d->zero);
}

node diagram_or(struct diagram *d, node a, node b)
{
	return diagram_ite(d, a, d->one, b);
}

node diagram_not(struct diagram *d, node a)
{
	return diagram_ite(d, a, d->zero, d->one);
}

node diagram_xor(struct diagram *d, node a, node b)
{
	return diagram_ite(d, a, diagram_not(d, b), b);
}

node diagram_strictest(struct diagram *d, node newest, node older)
{
	return apply(d, (struct operation){(uint32_t)STRICTEST, newest, older});
}

node diagram_differ(struct diagram *d, node a, node b)
{
	return apply(d, (struct operation){(uint32_t)DIFFER, a, b});
}

node diagram_where(struct diagram *d, node n, uint32_t value)
{
	return diagram_not(d, diagram_differ(d, n, diagram_leaf(d, value)));
}

node diagram_allows(struct diagram *d, node n)
{
	return apply(d, (struct operation){(uint32_t)ALLOWS, n, d->zero});
}

/* ---- comparisons of a part of a field with a number ---- */

static node split_for(struct diagram *d, struct diagram_bits bits, enum policy_op op, node then, node otherwise)
{
	bool ordered = op == POLICY_LT || op == POLICY_LE;

	return diagram_split(d, bits, op == POLICY_LT ? otherwise : then, ordered ? then : otherwise, otherwise);
}

static uint32_t last_level(enum input_field field, uint64_t mask)
{
	return input_level(field, (unsigned)__builtin_ctzll(mask));
}

/*
 * The comparison in front of two functions. Where one of them first compares bits that are all in front of these, and
 * every way out of that leads to the other one, these are compared where those are equal: so it is when a program looks
 * at the lower half of an argument first.
 */
static node compare_bits(struct diagram *d, struct diagram_bits bits, enum policy_op op, node then, node otherwise)
{
	uint32_t last = last_level(bits.field, bits.mask);
	bool swap = diagram_at(d, then)->level > diagram_at(d, otherwise)->level;
	node other = swap ? then : otherwise;
	const struct diagram_node n = *diagram_at(d, swap ? otherwise : then);

	if (n.level > last)
		return split_for(d, bits, op, then, otherwise);
	if (diagram_spend(d, 1) && n.field == bits.field && (n.mask & -n.mask) > bits.mask &&
	    last_level(bits.field, n.mask) < diagram_at(d, other)->level && (!n.pattern || n.less == other.id) &&
	    (n.pattern == n.mask || n.greater == other.id)) {
		struct diagram_bits front = {bits.field, n.mask, n.pattern};
		node equal = swap ? compare_bits(d, bits, op, then, (node){n.equal})
		                  : compare_bits(d, bits, op, (node){n.equal}, otherwise);
		return diagram_split(d, front, equal, other, other);
	}
	return diagram_ite(d, split_for(d, bits, op, d->one, d->zero), then, otherwise);
}

node diagram_compare(struct diagram *d, struct diagram_number number, enum policy_op op, uint64_t value, node then,
                     node otherwise)
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
	/* The value has a bit that the number cannot have: only the bits in front of that one count. */
	if (value & ~number.mask) {
		if (op == POLICY_EQ)
			return otherwise;
		uint64_t ignored = UINT64_MAX >> __builtin_clzll(value & ~number.mask);
		number.mask &= ~ignored;
		value &= ~ignored;
		op = POLICY_LE;
	}
	if (!number.mask)
		return op == POLICY_LT ? otherwise : then;
	struct diagram_bits bits = {number.field, number.mask << number.lowest, value << number.lowest};
	return compare_bits(d, bits, op, then, otherwise);
}
