/* What is computed on whole diagrams. Recursion goes down the order of bits: at most INPUT_LEVELS deep. */
#include <linux/seccomp.h>

#include "bpf/simulate.h"
#include "prove/diagram.h"

/* In a remembered result, in the place of a condition. No node has such an id, and node 0, a leaf, is no condition. */
enum { STRICTEST = -1, WHERE = -2, ALLOWS = -3 };

static uint32_t min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static struct diagram_memo *memo_slot(struct diagram *d, uint32_t a, uint32_t b, uint32_t c)
{
	uint64_t h = ((uint64_t)a << 32 | b) * UINT64_C(0x9e3779b97f4a7c15) + c;

	h *= UINT64_C(0xbf58476d1ce4e5b9);
	return &d->memo[(uint32_t)(h >> 32) & d->memo_mask];
}

static bool remembers(const struct diagram_memo *memo, uint32_t a, uint32_t b, uint32_t c)
{
	return memo->a == a && memo->b == b && memo->c == c;
}

static node remember(struct diagram *d, uint32_t a, uint32_t b, uint32_t c, node result)
{
	if (!d->failed)
		*memo_slot(d, a, b, c) = (struct diagram_memo){a, b, c, result.id};
	return result;
}

node diagram_if(struct diagram *d, node condition, node then, node otherwise)
{
	if (node_same(condition, d->one) || node_same(then, otherwise))
		return then;
	if (node_same(condition, d->zero))
		return otherwise;
	if (node_same(then, d->one) && node_same(otherwise, d->zero))
		return condition;
	const struct diagram_memo *memo = memo_slot(d, condition.id, then.id, otherwise.id);
	if (remembers(memo, condition.id, then.id, otherwise.id))
		return (node){memo->result};
	if (!diagram_spend(d, 1))
		return (node){0};
	uint32_t level = min(diagram_at(d, condition)->level,
	                     min(diagram_at(d, then)->level, diagram_at(d, otherwise)->level));
	node low = diagram_if(d, diagram_low(d, condition, level), diagram_low(d, then, level),
	                      diagram_low(d, otherwise, level));
	node high = diagram_if(d, diagram_high(d, condition, level), diagram_high(d, then, level),
	                       diagram_high(d, otherwise, level));
	return remember(d, condition.id, then.id, otherwise.id, diagram_test(d, level, low, high));
}

node diagram_and(struct diagram *d, node a, node b)
{
	return diagram_if(d, a, b, d->zero);
}

node diagram_or(struct diagram *d, node a, node b)
{
	return diagram_if(d, a, d->one, b);
}

node diagram_not(struct diagram *d, node a)
{
	return diagram_if(d, a, d->zero, d->one);
}

node diagram_xor(struct diagram *d, node a, node b)
{
	return diagram_if(d, a, diagram_not(d, b), b);
}

node diagram_strictest(struct diagram *d, node newest, node older)
{
	if (node_same(newest, older))
		return newest;
	if (diagram_is_leaf(d, newest) && diagram_is_leaf(d, older))
		return bpf_strictest(diagram_at(d, newest)->low, diagram_at(d, older)->low) ==
		               diagram_at(d, newest)->low
		           ? newest
		           : older;
	const struct diagram_memo *memo = memo_slot(d, (uint32_t)STRICTEST, newest.id, older.id);
	if (remembers(memo, (uint32_t)STRICTEST, newest.id, older.id))
		return (node){memo->result};
	if (!diagram_spend(d, 1))
		return (node){0};
	uint32_t level = min(diagram_at(d, newest)->level, diagram_at(d, older)->level);
	node low = diagram_strictest(d, diagram_low(d, newest, level), diagram_low(d, older, level));
	node high = diagram_strictest(d, diagram_high(d, newest, level), diagram_high(d, older, level));
	return remember(d, (uint32_t)STRICTEST, newest.id, older.id, diagram_test(d, level, low, high));
}

static node map_leaf(struct diagram *d, int what, node n, node leaf)
{
	uint32_t action = diagram_at(d, n)->low & SECCOMP_RET_ACTION_FULL;
	bool one =
	    what == WHERE ? node_same(n, leaf) : action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;

	return one ? d->one : d->zero;
}

static node map(struct diagram *d, int what, node n, node leaf)
{
	if (diagram_is_leaf(d, n))
		return map_leaf(d, what, n, leaf);
	const struct diagram_memo *memo = memo_slot(d, (uint32_t)what, n.id, leaf.id);
	if (remembers(memo, (uint32_t)what, n.id, leaf.id))
		return (node){memo->result};
	if (!diagram_spend(d, 1))
		return (node){0};
	struct diagram_node at = *diagram_at(d, n);
	node low = map(d, what, (node){at.low}, leaf), high = map(d, what, (node){at.high}, leaf);
	return remember(d, (uint32_t)what, n.id, leaf.id, diagram_test(d, at.level, low, high));
}

node diagram_where(struct diagram *d, node n, node leaf)
{
	return map(d, WHERE, n, leaf);
}

node diagram_allows(struct diagram *d, node n)
{
	return map(d, ALLOWS, n, (node){0});
}

/* One bit of a comparison, given what the lower bits say: `equal` so far. */
static node compare_equal(struct diagram *d, uint32_t level, bool known_zero, bool wanted, node equal,
                          node other)
{
	if (known_zero)
		return wanted ? other : equal;
	return wanted ? diagram_test(d, level, other, equal) : diagram_test(d, level, equal, other);
}

static node compare_less(struct diagram *d, uint32_t level, bool known_zero, bool limit, node equal,
                         node less, node greater)
{
	if (known_zero)
		return limit ? less : equal;
	return limit ? diagram_test(d, level, less, equal) : diagram_test(d, level, equal, greater);
}

static node compare_below(struct diagram *d, struct diagram_bits bits, enum policy_op op, uint64_t value,
                          node then, node otherwise)
{
	bool ordered = op == POLICY_LT || op == POLICY_LE;
	node n = op == POLICY_LT ? otherwise : then;

	for (unsigned i = 0; i < bits.count; i++) {
		uint32_t level = d->order.level[bits.field][bits.lowest + i];
		bool known_zero = !(bits.mask >> i & 1), bit = value >> i & 1;
		n = ordered ? compare_less(d, level, known_zero, bit, n, then, otherwise)
		            : compare_equal(d, level, known_zero, bit, n, otherwise);
	}
	return n;
}

node diagram_compare(struct diagram *d, struct diagram_bits bits, enum policy_op op, uint64_t value,
                     node then, node otherwise)
{
	uint32_t last = d->order.level[bits.field][bits.lowest];

	if (op == POLICY_NE || op == POLICY_GE || op == POLICY_GT) {
		node swap = then;
		then = otherwise;
		otherwise = swap;
		op = op == POLICY_NE ? POLICY_EQ : op == POLICY_GE ? POLICY_LT : POLICY_LE;
	}
	/* A value that has bits beyond the field is above everything, and equal to nothing. */
	if (bits.count < 64 && value >> bits.count)
		return op == POLICY_LT || op == POLICY_LE ? then : otherwise;
	if (diagram_at(d, then)->level > last && diagram_at(d, otherwise)->level > last)
		return compare_below(d, bits, op, value, then, otherwise);
	return diagram_if(d, compare_below(d, bits, op, value, d->one, d->zero), then, otherwise);
}
