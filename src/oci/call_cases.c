/* What a filter says about one call, taken apart so that it can be written. */
#include "oci/call_cases.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct tally {
	uint32_t action;
	size_t count;
};

struct finder {
	const struct callgate_arch *arch;
	struct arena *arena;
	ARENA_VEC(struct call_case) list;
	ARENA_VEC(struct tally) tallies; /* how many cases each action has in the list */
	struct call_cases *cases;
};

bool call_cases_has_too_many(const struct call_cases *cases, uint32_t action)
{
	for (size_t i = 0; i < cases->too_many_count; i++)
		if (cases->too_many[i] == action)
			return true;
	return false;
}

static int note_too_many(struct call_cases *cases, uint32_t action)
{
	if (call_cases_has_too_many(cases, action))
		return 0;
	if (cases->too_many_count == sizeof(cases->too_many) / sizeof(cases->too_many[0]))
		return -EDQUOT;
	cases->too_many[cases->too_many_count++] = action;
	return 0;
}

/* NULL: memory is out. */
static struct tally *tally_of(struct finder *finder, uint32_t action)
{
	for (size_t i = 0; i < finder->tallies.count; i++)
		if (finder->tallies.items[i].action == action)
			return &finder->tallies.items[i];
	if (!vec_push_in(&finder->tallies, finder->arena, ((struct tally){action, 0})))
		return NULL;
	return &finder->tallies.items[finder->tallies.count - 1];
}

/* An action with too many cases is what all other calls get, so that none of its cases is needed. */
static int leave_out(struct finder *finder, uint32_t action)
{
	size_t kept = 0;

	if (call_cases_has_too_many(finder->cases, action))
		return 0;
	for (size_t i = 0; i < finder->list.count; i++)
		if (finder->list.items[i].action != action)
			finder->list.items[kept++] = finder->list.items[i];
	finder->list.count = kept;
	return note_too_many(finder->cases, action);
}

/* All combinations of the alternatives. */
static int add_combinations(struct finder *finder, uint32_t action, const struct comparisons *arguments)
{
	size_t chosen[CALLGATE_ARGUMENTS] = {0}, total = 1;

	for (unsigned int i = 0; i < CALLGATE_ARGUMENTS; i++)
		total *= total > CALL_CASES_MAX ? 1 : arguments[i].list.count;
	struct tally *tally = tally_of(finder, action);
	if (!tally)
		return -ENOMEM;
	tally->count += total;
	if (tally->count > CALL_CASES_MAX)
		return leave_out(finder, action);
	for (size_t n = 0; n < total; n++) {
		struct call_case one = {.action = action};
		for (unsigned int i = 0; i < CALLGATE_ARGUMENTS; i++)
			one.arguments[i] = arguments[i].list.items[chosen[i]];
		if (!vec_push_in(&finder->list, finder->arena, one))
			return -ENOMEM;
		for (unsigned int i = 0; i < CALLGATE_ARGUMENTS && ++chosen[i] == arguments[i].list.count; i++)
			chosen[i] = 0;
	}
	return 0;
}

static int add_case(struct finder *finder, const struct callgate_case *found)
{
	struct comparisons arguments[CALLGATE_ARGUMENTS];
	int result = 0;

	if (call_cases_has_too_many(finder->cases, found->action))
		return 0;
	for (size_t i = 0; i < found->condition_count; i++) /* the instruction pointer has no name in any text */
		if (found->conditions[i].argument >= CALLGATE_ARGUMENTS)
			return leave_out(finder, found->action);
	for (unsigned int i = 0; i < CALLGATE_ARGUMENTS && result == 0; i++) {
		arguments[i] = comparisons_of(found, i, finder->arch, finder->arena);
		result = arguments[i].result;
	}
	if (result == -EDQUOT)
		return leave_out(finder, found->action);
	return result == 0 ? add_combinations(finder, found->action, arguments) : result;
}

int call_cases_find(const struct callgate_filter *filter, const struct callgate_arch *arch, int nr, struct arena *arena,
                    struct call_cases *ret_cases)
{
	struct finder finder = {.arch = arch, .arena = arena, .cases = ret_cases};
	struct callgate_cases *found;
	int result = callgate_cases_find(filter, arch->token, nr, 0, NULL, CALL_CASES_FOUND_MAX, &found);

	*ret_cases = (struct call_cases){0};
	if (result < 0)
		return result;
	if (!found->complete)
		result = -EDQUOT;
	for (size_t i = 0; i < found->count && result == 0; i++)
		result = add_case(&finder, &found->cases[i]);
	ret_cases->items = finder.list.items;
	ret_cases->count = finder.list.count;
	ret_cases->is_unconditional = found->count == 1 && found->cases[0].condition_count == 0;
	callgate_cases_free(found);
	return result;
}

/* ---- joining ---- */

static bool is_same_comparison(const struct comparison *a, const struct comparison *b)
{
	if (a->kind != b->kind || a->width != b->width || a->count != b->count)
		return false;
	return a->mask == b->mask && a->value == b->value && a->first == b->first && a->last == b->last &&
	       (a->count == 0 || memcmp(a->values, b->values, a->count * sizeof(uint64_t)) == 0);
}

/* The interval that a comparison is; false: it is none. */
static bool interval_of(const struct comparison *comparison, uint64_t *first, uint64_t *last)
{
	bool is_value = comparison->kind == COMPARISON_VALUES && comparison->count == 1;

	*first = is_value ? comparison->values[0] : comparison->first;
	*last = is_value ? comparison->values[0] : comparison->last;
	return is_value || comparison->kind == COMPARISON_RANGE;
}

/* Two intervals, one of more than a value, of which one begins where the other ends, become one. */
static bool join_intervals(struct comparison *a, const struct comparison *b)
{
	uint64_t first, last, from, to;

	if ((a->kind != COMPARISON_RANGE && b->kind != COMPARISON_RANGE) || !interval_of(a, &first, &last) ||
	    !interval_of(b, &from, &to))
		return false;
	if ((from == 0 || last != from - 1) && (first == 0 || to != first - 1))
		return false;
	*a = (struct comparison){.kind = COMPARISON_RANGE,
	                         .width = a->width,
	                         .first = first < from ? first : from,
	                         .last = last > to ? last : to};
	return true;
}

/* Two sets of values become one; false also where memory is out, *ret_no_memory. */
static bool join_values(struct comparison *a, const struct comparison *b, struct arena *arena, bool *ret_no_memory)
{
	if (a->kind != COMPARISON_VALUES || b->kind != COMPARISON_VALUES || a->count + b->count > COMPARISON_VALUES_MAX)
		return false;
	uint64_t *values = ARENA_ARRAY(arena, uint64_t, a->count + b->count);
	*ret_no_memory = !values;
	if (!values)
		return false;
	memcpy(values, a->values, a->count * sizeof(uint64_t));
	memcpy(values + a->count, b->values, b->count * sizeof(uint64_t));
	a->values = values;
	a->count += b->count;
	qsort(values, a->count, sizeof(uint64_t), comparison_order);
	return true;
}

/* The one argument in which two cases of one action differ; -1: there are others, or none. */
static int differing_argument(const struct call_case *a, const struct call_case *b)
{
	int differing = -1;

	for (int i = 0; i < CALLGATE_ARGUMENTS; i++) {
		if (is_same_comparison(&a->arguments[i], &b->arguments[i]))
			continue;
		if (differing >= 0 || a->arguments[i].width != b->arguments[i].width)
			return -1;
		differing = i;
	}
	return a->action == b->action ? differing : -1;
}

/* All that can be joined, intervals or values. */
static bool join_all(struct call_cases *cases, struct arena *arena, bool intervals)
{
	bool no_memory = false;

	for (size_t i = 0; i < cases->count && !no_memory; i++)
		for (size_t j = 0; j < cases->count && !no_memory; j++) {
			int at = i == j ? -1 : differing_argument(&cases->items[i], &cases->items[j]);
			if (at < 0)
				continue;
			struct comparison *a = &cases->items[i].arguments[at];
			const struct comparison *b = &cases->items[j].arguments[at];
			if (intervals ? !join_intervals(a, b) : !join_values(a, b, arena, &no_memory))
				continue;
			cases->items[j] = cases->items[--cases->count];
			if (i == cases->count) /* it has taken that place */
				i = j;
			j = (size_t)-1;
		}
	return !no_memory;
}

bool call_cases_join(struct call_cases *cases, struct arena *arena)
{
	return join_all(cases, arena, true) && join_all(cases, arena, false);
}
