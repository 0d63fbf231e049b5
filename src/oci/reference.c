/* The references of each call, and which of two entries for one call counts. */
#include "oci/application.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
	const struct reference *x = a, *y = b;
	int names = strcmp(x->named->name, y->named->name);

	return names ? names : (x->order > y->order) - (x->order < y->order);
}

bool references_collect(const struct model *model, uint32_t default_errno, struct arena *arena,
                        struct references *ret_references)
{
	size_t room = 0, count = 0;

	for (size_t i = 0; i < model->entry_count; i++)
		room += model->entries[i].name_count;
	struct reference *list = ARENA_ARRAY(arena, struct reference, room);
	if (!list)
		return false;
	for (size_t i = 0; i < model->entry_count; i++) {
		const struct entry *entry = &model->entries[i];
		if (!entry_has_effect(model, entry, default_errno))
			continue;
		for (size_t j = 0; j < entry->name_count; j++, count++)
			list[count] = (struct reference){&entry->names[j], entry, count};
	}
	qsort(list, count, sizeof(*list), by_name);
	*ret_references = (struct references){list, count};
	return true;
}

size_t references_same(const struct references *references, size_t first)
{
	size_t count = 0;

	while (first + count < references->count &&
	       strcmp(references->list[first].named->name, references->list[first + count].named->name) == 0)
		count++;
	return count;
}

size_t references_find(const struct references *references, const char *name)
{
	size_t low = 0, high = references->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(references->list[middle].named->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	bool found = low < references->count && strcmp(references->list[low].named->name, name) == 0;
	return found ? low : references->count;
}

/* The arguments for which a condition holds: all from first to last; false if there is none, or no such range. */
static bool range_of(const struct scmp_arg_cmp *compare, uint64_t *ret_first, uint64_t *ret_last)
{
	enum scmp_compare op = compare->op;
	uint64_t value = compare->datum_a;

	*ret_first = op == SCMP_CMP_GT ? value + 1 : op == SCMP_CMP_GE || op == SCMP_CMP_EQ ? value : 0;
	*ret_last = op == SCMP_CMP_LT ? value - 1 : op == SCMP_CMP_LE || op == SCMP_CMP_EQ ? value : UINT64_MAX;
	if (op == SCMP_CMP_LT || op == SCMP_CMP_GT)
		return value != (op == SCMP_CMP_LT ? 0 : UINT64_MAX);
	return op != SCMP_CMP_NE && op != SCMP_CMP_MASKED_EQ;
}

static uint64_t mask_of(const struct scmp_arg_cmp *compare)
{
	return compare->op == SCMP_CMP_MASKED_EQ ? compare->datum_a : UINT64_MAX;
}

static uint64_t value_of(const struct scmp_arg_cmp *compare)
{
	return compare->op == SCMP_CMP_MASKED_EQ ? compare->datum_a & compare->datum_b : compare->datum_a;
}

static bool is_bits(const struct scmp_arg_cmp *compare)
{
	return compare->op == SCMP_CMP_MASKED_EQ || compare->op == SCMP_CMP_EQ;
}

/*
 * Single values, upper bounds, lower bounds; and what decides where the value is the same. ORDER callgate-profile(5).
 */
static const struct {
	int kind, rank;
} orders[] = {
    [SCMP_CMP_EQ] = {0, 0}, [SCMP_CMP_MASKED_EQ] = {0, 1}, [SCMP_CMP_NE] = {0, 2}, [SCMP_CMP_LT] = {1, 0},
    [SCMP_CMP_LE] = {1, 1}, [SCMP_CMP_GT] = {2, 0},        [SCMP_CMP_GE] = {2, 1},
};

/* Does the condition hold for this argument? */
static bool holds_for(const struct scmp_arg_cmp *compare, uint64_t argument)
{
	uint64_t first, last;

	if (is_bits(compare))
		return (argument & mask_of(compare)) == value_of(compare);
	return range_of(compare, &first, &last) && argument >= first && argument <= last;
}

/* Does the outer condition hold for every argument for which the inner one, on the same argument, does? */
static bool condition_contains(const struct scmp_arg_cmp *outer, const struct scmp_arg_cmp *inner)
{
	uint64_t outer_first, outer_last, first, last;
	bool has_range = range_of(inner, &first, &last);

	if (outer->op == SCMP_CMP_NE && inner->op == SCMP_CMP_NE)
		return outer->datum_a == inner->datum_a;
	if (outer->op == SCMP_CMP_NE && is_bits(inner))
		return (outer->datum_a & mask_of(inner)) != value_of(inner);
	if (outer->op == SCMP_CMP_NE)
		return has_range && (outer->datum_a < first || outer->datum_a > last);
	if (is_bits(outer) && is_bits(inner))
		return (mask_of(outer) & ~mask_of(inner)) == 0 &&
		       ((value_of(outer) ^ value_of(inner)) & mask_of(outer)) == 0;
	return has_range && range_of(outer, &outer_first, &outer_last) && outer_first <= first && last <= outer_last;
}

bool conditions_exclude(const struct scmp_arg_cmp *a, const struct scmp_arg_cmp *b)
{
	uint64_t first_a, last_a, first_b, last_b;

	if (a->op == SCMP_CMP_NE || b->op == SCMP_CMP_NE)
		return (a->op == SCMP_CMP_EQ || b->op == SCMP_CMP_EQ) && a->datum_a == b->datum_a && a->op != b->op;
	if (is_bits(a) && is_bits(b))
		return ((value_of(a) ^ value_of(b)) & mask_of(a) & mask_of(b)) != 0;
	return range_of(a, &first_a, &last_a) && range_of(b, &first_b, &last_b) &&
	       (first_a > last_b || first_b > last_a);
}

bool conditions_cover(const struct scmp_arg_cmp *a, const struct scmp_arg_cmp *b)
{
	const struct scmp_arg_cmp *lower = orders[a->op].kind == 2 ? a : b, *upper = lower == a ? b : a;
	uint64_t first, last, none;

	if (a->op == SCMP_CMP_NE && b->op == SCMP_CMP_NE)
		return a->datum_a != b->datum_a;
	if (a->op == SCMP_CMP_NE || b->op == SCMP_CMP_NE)
		return holds_for(a->op == SCMP_CMP_NE ? b : a, (a->op == SCMP_CMP_NE ? a : b)->datum_a);
	return orders[lower->op].kind == 2 && orders[upper->op].kind == 1 && range_of(lower, &first, &none) &&
	       range_of(upper, &none, &last) && (last == UINT64_MAX || first <= last + 1);
}

static bool is_contained(const struct scmp_arg_cmp *outer, const struct entry *inner)
{
	uint64_t first, last;

	if (range_of(outer, &first, &last) && first == 0 && last == UINT64_MAX)
		return true;
	for (size_t i = 0; i < inner->condition_count; i++) {
		const struct scmp_arg_cmp *own = &inner->conditions[i].compare;
		if (own->arg == outer->arg && condition_contains(outer, own))
			return true;
	}
	return false;
}

bool conditions_contain(const struct entry *outer, const struct entry *inner)
{
	for (size_t i = 0; i < outer->condition_count; i++)
		if (!is_contained(&outer->conditions[i].compare, inner))
			return false;
	return true;
}

/* The condition on the lowest argument from `arg` on, or NULL. */
static const struct scmp_arg_cmp *next_condition(const struct entry *entry, unsigned int arg)
{
	const struct scmp_arg_cmp *next = NULL;

	for (size_t i = 0; i < entry->condition_count; i++) {
		const struct scmp_arg_cmp *own = &entry->conditions[i].compare;
		if (own->arg >= arg && (!next || own->arg < next->arg))
			next = own;
	}
	return next;
}

static int order_conditions(const struct scmp_arg_cmp *a, const struct scmp_arg_cmp *b)
{
	int kind = orders[a->op].kind;

	if (a->arg != b->arg)
		return a->arg > b->arg ? -1 : 1;
	if (kind != orders[b->op].kind)
		return kind - orders[b->op].kind;
	if (value_of(a) != value_of(b))
		return (value_of(a) > value_of(b)) == (kind == 1) ? 1 : -1;
	if (a->op != b->op)
		return orders[a->op].rank - orders[b->op].rank;
	return (mask_of(a) < mask_of(b)) - (mask_of(a) > mask_of(b));
}

int conditions_order(const struct entry *a, const struct entry *b)
{
	for (unsigned int arg = 0;; arg++) {
		const struct scmp_arg_cmp *of_a = next_condition(a, arg), *of_b = next_condition(b, arg);
		int order = of_a && of_b ? order_conditions(of_a, of_b) : 0;
		if (order || !of_a || !of_b)
			return order;
		arg = of_a->arg;
	}
}
