/*
 * How chains of single-bit tests are joined to comparisons.
 *
 * A test of one bit in front of two nodes is merged with one of them if that compares lower bits of the same field and its
 * way out for less (or greater) is the other one, or not used yet: but a new way out only with the one whose highest bit is nearer, as a
 * long comparison would fall to pieces otherwise. Which merge is made follows from the two nodes alone. So a function's node follows from
 * its branches, by induction from the function alone.
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

/* Does it compare bits of the field, all of them lower ones? (Others may stand behind it, if the order is an adapted one.) */
static bool can_extend(const struct draft *draft, enum input_field field, uint64_t bit)
{
	return draft->n.level != LEVEL_LEAF && draft->n.field == field && draft->n.mask < bit;
}

/* The test of a bit in front of two drafts. */
static struct draft prepend(struct diagram *d, enum input_field field, unsigned index, struct draft *low,
                            struct draft *high)
{
	uint64_t bit = UINT64_C(1) << index;
	uint32_t level = input_level(d->levels, field, index);
	bool above = can_extend(high, field, bit), below = can_extend(low, field, bit);

	if (draft_same(low, high))
		return *low;
	if (above && matches_one(d, low, high))
		return extended(high, bit, true, level);
	if (below && matches_zero(d, low, high)) {
		struct draft zero = *low;
		if (one_bit(&zero.n))
			compare_with_zero(&zero.n);
		return extended(&zero, bit, false, level);
	}
	if (above && takes_one(high) && !(below && low->n.level < high->n.level)) {
		struct draft one = *high;
		if (one.n.pattern)
			compare_with_zero(&one.n);
		one.n.less = draft_intern(d, low).id;
		return extended(&one, bit, true, level);
	}
	if (below && takes_zero(low) && !(above && high->n.level < low->n.level)) {
		struct draft result = extended(low, bit, false, level);
		result.n.greater = draft_intern(d, high).id;
		return result;
	}
	return (struct draft){.n = {.mask = bit,
	                            .pattern = bit,
	                            .equal = draft_intern(d, high).id,
	                            .less = draft_intern(d, low).id,
	                            .level = (uint16_t)level,
	                            .field = (uint16_t)field}};
}

/*
 * The tests that merge as they stand, as they have their way out already: all, or else the lowest ones, if they compare with 1 alone or with
 * 0 alone. (And never with that way out instead, as nothing leads back from there.)
 */
static struct diagram_bits mergeable(const struct draft *draft, struct diagram_bits rest, node less,
                                     node greater)
{
	const struct diagram_node *n = &draft->n;
	uint64_t ones = rest.mask & rest.pattern, zeros = rest.mask & ~rest.pattern;
	bool is_same = can_extend(draft, rest.field, rest.mask & -rest.mask) && !one_bit(n);
	bool takes_ones = is_same && n->pattern && n->less == less.id;
	bool takes_zeros = is_same && n->pattern != n->mask && n->greater == greater.id;

	if (!takes_ones && ones)
		rest.mask = takes_zeros ? zeros & ((ones & -ones) - 1) : 0;
	else if (!takes_zeros && zeros)
		rest.mask = takes_ones ? ones & ((zeros & -zeros) - 1) : 0;
	return rest;
}

static bool tests_field(const struct diagram *d, node n, enum input_field field)
{
	return diagram_at(d, n)->level != LEVEL_LEAF && diagram_at(d, n)->field == field;
}

/*
 * Where none of the three tests the field and neither way out leads where equal does, nothing but these tests can merge: they are one
 * comparison, as it stands.
 */
static bool is_plain(const struct diagram *d, struct diagram_bits bits, node equal, node less, node greater)
{
	bool ones = bits.pattern, zeros = bits.pattern != bits.mask;

	return !tests_field(d, equal, bits.field) &&
	       (!ones || (!node_same(equal, less) && !tests_field(d, less, bits.field))) &&
	       (!zeros || (!node_same(equal, greater) && !tests_field(d, greater, bits.field)));
}

static node plain_node(struct diagram *d, struct diagram_bits bits, node equal, node less, node greater)
{
	unsigned top = 63 - (unsigned)__builtin_clzll(bits.mask);
	struct diagram_node n = {.mask = bits.mask,
	                         .pattern = bits.pattern,
	                         .equal = equal.id,
	                         .less = bits.pattern ? less.id : 0,
	                         .greater = bits.pattern != bits.mask ? greater.id : 0,
	                         .level = (uint16_t)input_level(d->levels, bits.field, top),
	                         .field = (uint16_t)bits.field};

	if (one_bit(&n) && !n.pattern) {
		n.pattern = n.mask;
		n.less = equal.id;
		n.equal = greater.id;
		n.greater = 0;
	}
	return diagram_intern(d, &n);
}

node diagram_split(struct diagram *d, struct diagram_bits bits, node equal, node less, node greater)
{
	if (is_plain(d, bits, equal, less, greater))
		return plain_node(d, bits, equal, less, greater);

	struct draft n = draft_of(d, equal), below = draft_of(d, less), above = draft_of(d, greater);

	while (bits.mask) {
		struct diagram_bits next = mergeable(&n, bits, less, greater);
		if (next.mask) {
			unsigned top = 63 - (unsigned)__builtin_clzll(next.mask);
			n.n.mask |= next.mask;
			n.n.pattern |= next.pattern & next.mask;
			n.n.level = (uint16_t)input_level(d->levels, bits.field, top);
			n.interned = false;
		} else {
			unsigned index = (unsigned)__builtin_ctzll(bits.mask);
			bool set = bits.pattern >> index & 1;
			next.mask = bits.mask & -bits.mask;
			n = prepend(d, bits.field, index, set ? &below : &n, set ? &n : &above);
		}
		bits.mask &= ~next.mask;
	}
	return draft_intern(d, &n);
}

node diagram_test(struct diagram *d, enum input_field field, unsigned bit, node low, node high)
{
	struct draft below = draft_of(d, low), above = draft_of(d, high);
	struct draft n = prepend(d, field, bit, &below, &above);

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
	rest.level = (uint16_t)input_level(d->levels, n->field, diagram_first_bit(&rest));
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
