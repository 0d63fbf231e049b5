/*
 * How chains of single-bit tests are joined to comparisons.
 *
 * A test of one bit in front of two nodes is merged with one of them if that compares lower bits of the same field and
 * its way out for less (or greater) is the other one, or not used yet: but a new way out only with the one whose
 * highest bit is nearer, as a long comparison would fall to pieces otherwise. Which merge is made follows from the two
 * nodes alone. So a function's node follows from its branches, by induction from the function alone.
 */
#include "prove/diagram.h"

/* A chain of tests that may not be a node yet: a long comparison is interned once, and not for every bit. */
struct chain {
	struct diagram_node n;
	node id;
	bool interned;
};

static struct chain chain_of(const struct diagram *d, node n)
{
	return (struct chain){*diagram_at(d, n), n, true};
}

static node chain_intern(struct diagram *d, struct chain *chain)
{
	if (!chain->interned)
		chain->id = diagram_intern(d, &chain->n);
	chain->interned = true;
	return chain->id;
}

static bool chain_is(const struct diagram *d, const struct chain *chain, uint32_t id)
{
	return chain->interned ? chain->id.id == id : diagram_content_same(&chain->n, &d->nodes[id]);
}

static bool chain_same(const struct chain *a, const struct chain *b)
{
	return a->interned && b->interned ? node_same(a->id, b->id) : diagram_content_same(&a->n, &b->n);
}

static bool one_bit(const struct diagram_node *n)
{
	return (n->mask & (n->mask - 1)) == 0;
}

/* One bit is compared with 1. */
static void compare_with_one(struct diagram_node *n)
{
	if (!one_bit(n) || n->pattern)
		return;
	n->pattern = n->mask;
	n->less = n->equal;
	n->equal = n->greater;
	n->greater = 0;
}

/* Turns a comparison of one bit with 1 into the same one with 0. */
static void compare_with_zero(struct diagram_node *n)
{
	n->greater = n->equal;
	n->equal = n->less;
	n->less = 0;
	n->pattern = 0;
}

/* A chain with one more test in front, of a bit that is compared with 1 or with 0. */
static struct chain extended(const struct chain *chain, uint64_t bit, bool set, uint32_t level)
{
	struct chain result = {.n = chain->n};

	result.n.mask |= bit;
	result.n.pattern |= set ? bit : 0;
	result.n.level = (uint16_t)level;
	return result;
}

/* Has `high` the way out `low` for less already, so that a 1 can be put in front of it? */
static bool matches_one(const struct diagram *d, const struct chain *low, const struct chain *high)
{
	return high->n.pattern != 0 && chain_is(d, low, high->n.less);
}

/* Has `high` no way out for less yet, so that it can be given any? */
static bool takes_one(const struct chain *high)
{
	return high->n.pattern == 0 || one_bit(&high->n);
}

/* Has `low` the way out `high` for greater already, so that a 0 can be put in front of it? */
static bool matches_zero(const struct diagram *d, const struct chain *low, const struct chain *high)
{
	return one_bit(&low->n) ? chain_is(d, high, low->n.equal)
	                        : low->n.pattern != low->n.mask && chain_is(d, high, low->n.greater);
}

static bool takes_zero(const struct chain *low)
{
	return low->n.pattern == low->n.mask;
}

/* Does the node compare bits of the field? Then they are lower than what comes in front of it. */
static bool tests_field(const struct diagram_node *n, enum input_field field)
{
	return n->level != LEVEL_LEAF && n->field == field;
}

/* The test of a bit in front of two chains. */
static struct chain canonical_test(struct diagram *d, enum input_field field, unsigned index, struct chain *low,
                                   struct chain *high)
{
	uint64_t bit = UINT64_C(1) << index;
	uint32_t level = input_level(field, index);
	bool above = tests_field(&high->n, field), below = tests_field(&low->n, field);

	if (chain_same(low, high))
		return *low;
	if (above && matches_one(d, low, high))
		return extended(high, bit, true, level);
	if (below && matches_zero(d, low, high)) {
		struct chain zero = *low;
		if (one_bit(&zero.n))
			compare_with_zero(&zero.n);
		return extended(&zero, bit, false, level);
	}
	if (above && takes_one(high) && !(below && low->n.level < high->n.level)) {
		struct chain one = *high;
		if (one.n.pattern)
			compare_with_zero(&one.n);
		one.n.less = chain_intern(d, low).id;
		return extended(&one, bit, true, level);
	}
	if (below && takes_zero(low) && !(above && high->n.level < low->n.level)) {
		struct chain result = extended(low, bit, false, level);
		result.n.greater = chain_intern(d, high).id;
		return result;
	}
	return (struct chain){.n = {.mask = bit,
	                            .pattern = bit,
	                            .equal = chain_intern(d, high).id,
	                            .less = chain_intern(d, low).id,
	                            .level = (uint16_t)level,
	                            .field = (uint16_t)field}};
}

/*
 * The tests of `rest` that the chain takes as they stand, since it has their ways out already: all of them, or the
 * lowest ones if these compare with 1 alone or with 0 alone. (The ways out never take the tests instead, as nothing
 * leads back from there.)
 */
static struct diagram_bits mergeable(const struct chain *chain, struct diagram_bits rest, node less, node greater)
{
	const struct diagram_node *n = &chain->n;
	uint64_t ones = rest.mask & rest.pattern, zeros = rest.mask & ~rest.pattern;
	bool is_same = tests_field(n, rest.field) && !one_bit(n);
	bool takes_ones = is_same && n->pattern && n->less == less.id;
	bool takes_zeros = is_same && n->pattern != n->mask && n->greater == greater.id;

	if (!takes_ones && ones)
		rest.mask = takes_zeros ? zeros & ((ones & -ones) - 1) : 0;
	else if (!takes_zeros && zeros)
		rest.mask = takes_ones ? ones & ((zeros & -zeros) - 1) : 0;
	return rest;
}

/*
 * Where none of the three nodes tests the field and neither way out leads where equal does, the tests can merge with
 * nothing: they are one comparison.
 */
static bool stands_alone(const struct diagram *d, struct diagram_bits bits, node equal, node less, node greater)
{
	bool ones = bits.pattern, zeros = bits.pattern != bits.mask;

	return !tests_field(diagram_at(d, equal), bits.field) &&
	       (!ones || (!node_same(equal, less) && !tests_field(diagram_at(d, less), bits.field))) &&
	       (!zeros || (!node_same(equal, greater) && !tests_field(diagram_at(d, greater), bits.field)));
}

static node whole_node(struct diagram *d, struct diagram_bits bits, node equal, node less, node greater)
{
	unsigned top = 63 - (unsigned)__builtin_clzll(bits.mask);
	struct diagram_node n = {.mask = bits.mask,
	                         .pattern = bits.pattern,
	                         .equal = equal.id,
	                         .less = bits.pattern ? less.id : 0,
	                         .greater = bits.pattern != bits.mask ? greater.id : 0,
	                         .level = (uint16_t)input_level(bits.field, top),
	                         .field = (uint16_t)bits.field};

	compare_with_one(&n);
	return diagram_intern(d, &n);
}

node diagram_split(struct diagram *d, struct diagram_bits bits, node equal, node less, node greater)
{
	if (stands_alone(d, bits, equal, less, greater))
		return whole_node(d, bits, equal, less, greater);

	struct chain n = chain_of(d, equal), below = chain_of(d, less), above = chain_of(d, greater);

	while (bits.mask) {
		struct diagram_bits next = mergeable(&n, bits, less, greater);
		if (next.mask) {
			unsigned top = 63 - (unsigned)__builtin_clzll(next.mask);
			n.n.mask |= next.mask;
			n.n.pattern |= next.pattern & next.mask;
			n.n.level = (uint16_t)input_level(bits.field, top);
			n.interned = false;
		} else {
			unsigned index = (unsigned)__builtin_ctzll(bits.mask);
			bool set = bits.pattern >> index & 1;
			next.mask = bits.mask & -bits.mask;
			n = canonical_test(d, bits.field, index, set ? &below : &n, set ? &n : &above);
		}
		bits.mask &= ~next.mask;
	}
	return chain_intern(d, &n);
}

node diagram_test(struct diagram *d, enum input_field field, unsigned bit, node low, node high)
{
	struct chain below = chain_of(d, low), above = chain_of(d, high);
	struct chain n = canonical_test(d, field, bit, &below, &above);

	return chain_intern(d, &n);
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
	rest.level = (uint16_t)input_level(n->field, diagram_first_bit(&rest));
	compare_with_one(&rest);
	return rest;
}

struct diagram_node diagram_branch(const struct diagram *d, const struct diagram_node *n, uint32_t level, bool high)
{
	if (n->level != level)
		return *n;
	uint64_t bit = UINT64_C(1) << diagram_first_bit(n);
	bool set = n->pattern & bit;
	return set == high ? diagram_rest(d, n, bit) : d->nodes[high ? n->greater : n->less];
}
