/* What the conditions of a case on one argument come to: comparisons that a text can have, and cubes. */
#include "oci/call_cases.h"

#include <errno.h>
#include <stdlib.h>

enum {
	CUBES_MAX = 256,  /* of one argument */
	FREE_BITS_MAX = 4 /* so many bits that do not matter are written as values */
};

/* ---- cubes ---- */

struct cubes {
	ARENA_VEC(struct cube) list;
	struct arena *arena;
	int result;
};

static void add_cube(struct cubes *cubes, uint64_t mask, uint64_t value)
{
	struct cube cube = {mask, value & mask};

	if (cubes->result < 0)
		return;
	if (cubes->list.count == CUBES_MAX)
		cubes->result = -EDQUOT;
	else if (!vec_push_in(&cubes->list, cubes->arena, cube))
		cubes->result = -ENOMEM;
}

/*
 * The numbers from first to last of the bits in `all`, which are the lowest ones, as aligned blocks; `fixed` is added
 * to each.
 */
static void add_blocks(struct cubes *cubes, uint64_t all, uint64_t first, uint64_t last, struct cube fixed)
{
	while (cubes->result == 0 && first <= last) {
		uint64_t low = first ? (first & -first) - 1 : all; /* the bits of a block */
		while (low > last - first)
			low >>= 1;
		uint64_t mask = all & ~low;
		if (((fixed.value ^ first) & fixed.mask & mask) == 0)
			add_cube(cubes, mask | fixed.mask, first | fixed.value);
		if (last - first == low)
			return;
		first += low + 1;
	}
}

/*
 * Those of the cubes in which the bits under the mask are not the value: each is divided by the first bit that differs.
 */
static struct cubes exclude(const struct cubes *cubes, struct cube excluded)
{
	struct cubes result = {.arena = cubes->arena, .result = cubes->result};

	for (size_t i = 0; i < cubes->list.count; i++) {
		struct cube cube = cubes->list.items[i];
		bool differs = ((cube.value ^ excluded.value) & cube.mask & excluded.mask) != 0;
		for (uint64_t bit = 1; bit && !differs; bit <<= 1) {
			if (!(excluded.mask & ~cube.mask & bit))
				continue;
			add_cube(&result, cube.mask | bit, cube.value | (~excluded.value & bit));
			cube.mask |= bit;
			cube.value |= excluded.value & bit;
		}
		if (differs)
			add_cube(&result, cube.mask, cube.value);
	}
	return result;
}

static uint64_t bits_of(unsigned int width)
{
	return width == 32 ? UINT32_MAX : UINT64_MAX;
}

int comparison_cubes(const struct comparison *comparison, struct arena *arena, size_t *ret_count,
                     struct cube **ret_cubes)
{
	struct cubes cubes = {.arena = arena};
	const uint64_t all = bits_of(comparison->width);
	const struct cube anything = {0};

	switch (comparison->kind) {
	case COMPARISON_VALUES:
		for (size_t i = 0; i < comparison->count; i++)
			add_cube(&cubes, all, comparison->values[i]);
		break;
	case COMPARISON_BITS:
		add_cube(&cubes, comparison->mask, comparison->value);
		break;
	case COMPARISON_RANGE:
		add_blocks(&cubes, all, comparison->first, comparison->last, anything);
		break;
	default:
		add_cube(&cubes, 0, 0);
	}
	if (comparison->kind == COMPARISON_NO_BITS)
		cubes = exclude(&cubes, (struct cube){comparison->mask, comparison->value});
	for (size_t i = 0; comparison->kind == COMPARISON_NO_VALUES && i < comparison->count; i++)
		cubes = exclude(&cubes, (struct cube){all, comparison->values[i]});
	*ret_count = cubes.list.count;
	*ret_cubes = cubes.list.items;
	return cubes.result;
}

/* ---- one argument of a case that the proof has found ---- */

/* All its conditions, which hold together. */
struct facts {
	uint64_t seen;     /* all bits that are looked at */
	struct cube equal; /* bits that have a value */
	uint64_t range;    /* the bits that are from first to last, the lowest ones; 0: there is no order */
	uint64_t first, last;
	size_t unequal_count;
	struct cube unequal[64];
	bool is_odd; /* there is something else */
};

static void add_order(struct facts *facts, uint64_t mask, uint64_t first, uint64_t last)
{
	facts->is_odd = facts->is_odd || (mask & (mask + 1)) != 0 || (facts->range && facts->range != mask);
	if (!facts->range)
		facts->last = mask;
	facts->range = mask;
	facts->first = first > facts->first ? first : facts->first;
	facts->last = last < facts->last ? last : facts->last;
}

static void add_condition(struct facts *facts, const struct callgate_condition *condition)
{
	const uint64_t mask = condition->mask, value = condition->value;

	facts->seen |= mask;
	switch (condition->op) {
	case SCMP_CMP_EQ:
		facts->equal.mask |= mask;
		facts->equal.value |= value & mask;
		return;
	case SCMP_CMP_NE:
		facts->is_odd = facts->is_odd || facts->unequal_count == 64;
		if (facts->unequal_count < 64)
			facts->unequal[facts->unequal_count++] = (struct cube){mask, value & mask};
		return;
	case SCMP_CMP_LT:
	case SCMP_CMP_LE:
		add_order(facts, mask, 0, condition->op == SCMP_CMP_LT ? value - 1 : value);
		return;
	case SCMP_CMP_GE:
	case SCMP_CMP_GT:
		add_order(facts, mask, condition->op == SCMP_CMP_GT ? value + 1 : value, mask);
		return;
	default:
		facts->is_odd = true;
	}
}

static void add_comparison(struct comparisons *comparisons, struct comparison comparison)
{
	comparison.width = comparisons->width;
	if (comparisons->result == 0 && !vec_push_in(&comparisons->list, comparisons->arena, comparison))
		comparisons->result = -ENOMEM;
}

/* Few bits that do not matter: the values are said. */
static void add_bits(struct comparisons *comparisons, struct cube cube)
{
	const uint64_t open = bits_of(comparisons->width) & ~cube.mask;
	struct comparison values = {.kind = COMPARISON_VALUES};
	uint64_t part = 0;

	if (__builtin_popcountll(open) > FREE_BITS_MAX) {
		add_comparison(comparisons,
		               (struct comparison){.kind = COMPARISON_BITS, .mask = cube.mask, .value = cube.value});
		return;
	}
	values.values = ARENA_ARRAY(comparisons->arena, uint64_t, (size_t)1 << FREE_BITS_MAX);
	if (!values.values) {
		comparisons->result = -ENOMEM;
		return;
	}
	do {
		values.values[values.count++] = cube.value | part;
		part = (part - open) & open; /* the next subset of these bits */
	} while (part);
	add_comparison(comparisons, values);
}

int comparison_order(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void add_no_values(struct comparisons *comparisons, const struct facts *facts)
{
	struct comparison comparison = {.kind = COMPARISON_NO_VALUES, .count = facts->unequal_count};

	comparison.values = ARENA_ARRAY(comparisons->arena, uint64_t, facts->unequal_count);
	if (!comparison.values) {
		comparisons->result = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < facts->unequal_count; i++)
		comparison.values[i] = facts->unequal[i].value;
	qsort(comparison.values, comparison.count, sizeof(uint64_t), comparison_order);
	add_comparison(comparisons, comparison);
}

static void add_cubes(struct comparisons *comparisons, const struct facts *facts)
{
	struct cubes cubes = {.arena = comparisons->arena};

	if (facts->range)
		add_blocks(&cubes, facts->range, facts->first, facts->last, facts->equal);
	else
		add_cube(&cubes, facts->equal.mask, facts->equal.value);
	for (size_t i = 0; i < facts->unequal_count; i++)
		cubes = exclude(&cubes, facts->unequal[i]);
	comparisons->result = comparisons->result ? comparisons->result : cubes.result;
	for (size_t i = 0; i < cubes.list.count && comparisons->result == 0; i++)
		add_bits(comparisons, cubes.list.items[i]);
}

/* Does the mask leave out the lowest bits alone? Then the values under it are numbers that follow each other. */
static bool is_prefix(uint64_t mask, uint64_t all)
{
	const uint64_t open = all & ~mask;

	return (open & (open + 1)) == 0;
}

static bool is_ordered(const struct facts *facts, uint64_t all)
{
	bool ordered = (!facts->range || facts->range == all) && is_prefix(facts->equal.mask, all);

	for (size_t i = 0; i < facts->unequal_count; i++)
		ordered = ordered && is_prefix(facts->unequal[i].mask, all);
	return ordered;
}

static void add_interval(struct comparisons *comparisons, uint64_t first, uint64_t last)
{
	uint64_t *value = first == last ? ARENA_ARRAY(comparisons->arena, uint64_t, 1) : NULL;

	if (first != last) {
		add_comparison(comparisons,
		               (struct comparison){.kind = COMPARISON_RANGE, .first = first, .last = last});
		return;
	}
	if (!value) {
		comparisons->result = -ENOMEM;
		return;
	}
	*value = first;
	add_comparison(comparisons, (struct comparison){.kind = COMPARISON_VALUES, .count = 1, .values = value});
}

static int compare_cubes(const void *a, const void *b)
{
	const struct cube *x = a, *y = b;

	return (x->value > y->value) - (x->value < y->value);
}

/* What is left of an interval without others. */
static void add_intervals(struct comparisons *comparisons, struct facts *facts)
{
	const uint64_t all = bits_of(comparisons->width), open = all & ~facts->equal.mask;
	uint64_t first = facts->range ? facts->first : 0, last = facts->range ? facts->last : all;

	first = facts->equal.value > first ? facts->equal.value : first;
	last = (facts->equal.value | open) < last ? facts->equal.value | open : last;
	qsort(facts->unequal, facts->unequal_count, sizeof(facts->unequal[0]), compare_cubes);
	for (size_t i = 0; i < facts->unequal_count; i++) {
		const uint64_t from = facts->unequal[i].value, to = from | (all & ~facts->unequal[i].mask);
		if (to < first || from > last)
			continue;
		if (from > first)
			add_interval(comparisons, first, from - 1);
		if (to >= last)
			return;
		first = to + 1;
	}
	if (first <= last)
		add_interval(comparisons, first, last);
}

/* Only values that it is not. */
static bool is_only_unequal(const struct facts *facts, uint64_t all)
{
	bool is_only = facts->unequal_count && !facts->range && !facts->equal.mask;

	for (size_t i = 0; i < facts->unequal_count; i++)
		is_only = is_only && facts->unequal[i].mask == all;
	return is_only;
}

struct comparisons comparisons_of(const struct callgate_case *found, unsigned int argument,
                                  const struct callgate_arch *arch, struct arena *arena)
{
	struct comparisons comparisons = {.arena = arena};
	struct facts facts = {0};
	size_t count = 0;

	for (size_t i = 0; i < found->condition_count; i++)
		if (found->conditions[i].argument == argument) {
			add_condition(&facts, &found->conditions[i]);
			count++;
		}
	comparisons.width = facts.seen <= UINT32_MAX || arch->register_bits == 32 ? 32 : 64;
	const uint64_t all = bits_of(comparisons.width);
	bool has_one_mask = facts.unequal_count == 1 && !facts.range && !facts.equal.mask;
	if (facts.is_odd)
		comparisons.result = -EDQUOT;
	else if (count == 0)
		add_comparison(&comparisons, (struct comparison){.kind = COMPARISON_ANY});
	else if (is_only_unequal(&facts, all) && facts.unequal_count <= COMPARISON_VALUES_MAX)
		add_no_values(&comparisons, &facts);
	else if (is_ordered(&facts, all))
		add_intervals(&comparisons, &facts);
	else if (has_one_mask)
		add_comparison(&comparisons, (struct comparison){.kind = COMPARISON_NO_BITS,
		                                                 .mask = facts.unequal[0].mask,
		                                                 .value = facts.unequal[0].value});
	else
		add_cubes(&comparisons, &facts);
	return comparisons;
}
