/*
 * How chains of single-bit tests are joined to comparisons.
 *
 * A test of one bit in front of two nodes is merged with one of them if that compares lower bits of the same field and its
 * way out for less (or greater) is the other one, or not used yet; which merge is made follows from the two nodes alone. So a
 * function's node follows from its branches, by induction from the function alone.
 */
#include "prove/diagram.h"

/* A node that may not be interned: so a long comparison need not be, bit by bit. */
struct draft {
	struct diagram_node n;
	node id;
	bool interned;
};

static struct draft draft_of(const struct diagram *d, node n)
{
	return (struct draft){*diagram_at(d, n), n, true};
}

static node draft_intern(struct diagram *d, struct draft *draft)
{
	if (!draft->interned)
		draft->id = diagram_intern(d, &draft->n);
	draft->interned = true;
	return draft->id;
}

static bool draft_is(const struct diagram *d, const struct draft *draft, uint32_t id)
{
	return draft->interned ? draft->id.id == id : diagram_content_same(&draft->n, &d->nodes[id]);
}

static bool draft_same(const struct draft *a, const struct draft *b)
{
	return a->interned && b->interned ? node_same(a->id, b->id) : diagram_content_same(&a->n, &b->n);
}

static bool one_bit(const struct diagram_node *n)
{
	return (n->mask & (n->mask - 1)) == 0;
}

/* The same comparison of one bit, with 0 instead of 1. */
static void compare_with_zero(struct diagram_node *n)
{
	n->greater = n->equal;
	n->equal = n->less;
	n->less = 0;
	n->pattern = 0;
}

/* A 1 or 0 in front of it. */
static struct draft extended(const struct draft *draft, uint64_t bit, bool set, uint32_t level)
{
	struct draft result = {.n = draft->n};

	result.n.mask |= bit;
	result.n.pattern |= set ? bit : 0;
	result.n.level = (uint16_t)level;
	return result;
}

/* Can `high` have a 1 in front, with `low` as the way out for less: that it has already, */
static bool matches_one(const struct diagram *d, const struct draft *low, const struct draft *high)
{
	return high->n.pattern != 0 && draft_is(d, low, high->n.less);
}

/* or as it has none yet? */
static bool takes_one(const struct draft *high)
{
	return high->n.pattern == 0 || one_bit(&high->n);
}

/* The same for a 0 in front of `low`. */
static bool matches_zero(const struct diagram *d, const struct draft *low, const struct draft *high)
{
	return one_bit(&low->n) ? draft_is(d, high, low->n.equal)
	                        : low->n.pattern != low->n.mask && draft_is(d, high, low->n.greater);
}

static bool takes_zero(const struct draft *low)
{
	return low->n.pattern == low->n.mask;
}

static struct draft prepend(struct diagram *d, enum input_field field, unsigned index, struct draft low,
                            struct draft high)
{
	uint64_t bit = UINT64_C(1) << index;
	uint32_t level = input_level(&d->order, field, index);
	bool above = high.n.level != LEVEL_LEAF && high.n.field == field;
	bool below = low.n.level != LEVEL_LEAF && low.n.field == field;

	if (draft_same(&low, &high))
		return low;
	if (above && matches_one(d, &low, &high))
		return extended(&high, bit, true, level);
	if (below && matches_zero(d, &low, &high)) {
		if (one_bit(&low.n))
			compare_with_zero(&low.n);
		return extended(&low, bit, false, level);
	}
	if (above && takes_one(&high)) {
		if (high.n.pattern)
			compare_with_zero(&high.n);
		high.n.less = draft_intern(d, &low).id;
		return extended(&high, bit, true, level);
	}
	if (below && takes_zero(&low)) {
		low.n.greater = draft_intern(d, &high).id;
		return extended(&low, bit, false, level);
	}
	return (struct draft){.n = {.mask = bit,
	                            .pattern = bit,
	                            .equal = draft_intern(d, &high).id,
	                            .less = draft_intern(d, &low).id,
	                            .level = (uint16_t)level,
	                            .field = (uint16_t)field}};
}

/*
 * Every further test merges: each has its way out already. (And never with that way out instead, as nothing leads back from
 * there.)
 */
static bool is_settled(const struct draft *draft, struct diagram_bits rest, node less, node greater)
{
	const struct diagram_node *n = &draft->n;

	return n->level != LEVEL_LEAF && n->field == rest.field && !one_bit(n) &&
	       (!(rest.mask & rest.pattern) || (n->pattern && n->less == less.id)) &&
	       (!(rest.mask & ~rest.pattern) || (n->pattern != n->mask && n->greater == greater.id));
}

node diagram_split(struct diagram *d, struct diagram_bits bits, node equal, node less, node greater)
{
	struct draft n = draft_of(d, equal), below = draft_of(d, less), above = draft_of(d, greater);

	while (bits.mask && !is_settled(&n, bits, less, greater)) {
		unsigned index = (unsigned)__builtin_ctzll(bits.mask);
		n = bits.pattern >> index & 1 ? prepend(d, bits.field, index, below, n)
		                              : prepend(d, bits.field, index, n, above);
		bits.mask &= bits.mask - 1;
	}
	if (bits.mask) {
		unsigned top = 63 - (unsigned)__builtin_clzll(bits.mask);
		n = extended(&n, bits.mask, false, input_level(&d->order, bits.field, top));
		n.n.pattern |= bits.pattern & bits.mask;
	}
	return draft_intern(d, &n);
}

node diagram_test(struct diagram *d, enum input_field field, unsigned bit, node low, node high)
{
	struct draft n = prepend(d, field, bit, draft_of(d, low), draft_of(d, high));

	return draft_intern(d, &n);
}

struct diagram_node diagram_rest(const struct diagram *d, const struct diagram_node *n, uint64_t mask)
{
	struct diagram_node rest = *n;

	rest.mask &= ~mask;
	rest.pattern &= ~mask;
	if (!rest.mask)
		return d->nodes[n->equal];
	if (!rest.pattern)
		rest.less = 0;
	if (rest.pattern == rest.mask)
		rest.greater = 0;
	rest.level = (uint16_t)input_level(&d->order, n->field, diagram_first_bit(&rest));
	if (one_bit(&rest) && !rest.pattern) {
		rest.less = rest.equal;
		rest.equal = rest.greater;
		rest.greater = 0;
		rest.pattern = rest.mask;
	}
	return rest;
}

struct diagram_node diagram_branch(const struct diagram *d, const struct diagram_node *n, uint32_t level,
                                   bool high)
{
	if (n->level != level)
		return *n;
	uint64_t bit = UINT64_C(1) << diagram_first_bit(n);
	bool set = n->pattern & bit;
	return set == high ? diagram_rest(d, n, bit) : d->nodes[high ? n->greater : n->less];
}
