#include "prove/space.h"

#include <stdlib.h>

/* ---- where regions begin and end (region.h) ---- */

enum { MASK_BITS = 4 };

void breakpoints_add(struct breakpoints *points, uint32_t start)
{
	assert(start <= INPUT_WORD_MAX);
	if (!vec_push_in(&points->starts, points->arena, start))
		points->failed = true;
}

void breakpoints_add_mask(struct breakpoints *points, uint32_t mask)
{
	mask &= INPUT_WORD_MAX;
	if (!mask)
		return;
	int lowest = __builtin_ctz(mask);
	if (INPUT_WORD_BITS - lowest > MASK_BITS)
		return;
	for (uint32_t i = 1; i < 1u << (INPUT_WORD_BITS - lowest); i++)
		breakpoints_add(points, i << lowest);
}

static int by_value(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

bool breakpoints_finish(struct breakpoints *points)
{
	size_t kept = 0;

	breakpoints_add(points, 0);
	if (points->failed)
		return false;
	uint32_t *starts = points->starts.items;
	qsort(starts, points->starts.count, sizeof(*starts), by_value);
	for (size_t i = 0; i < points->starts.count; i++)
		if (i == 0 || starts[kept - 1] != starts[i])
			starts[kept++] = starts[i];
	points->starts.count = kept;
	assert(starts[0] == 0 && starts[kept - 1] <= INPUT_WORD_MAX);
	return true;
}

size_t breakpoints_find(const struct breakpoints *points, uint32_t number)
{
	size_t low = 0, high = points->starts.count;

	assert(high > 0);
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (points->starts.items[middle] <= number)
			low = middle;
		else
			high = middle;
	}
	assert(points->starts.items[low] <= number && number <= breakpoints_last(points, low));
	return low;
}

/* ---- a walk through them ---- */

enum { DEFAULT_NODES = 1 << 20, DEFAULT_WORK = 1 << 26, ATTEMPTS = 8, FEW_NODES = 1 << 15 };

int space_init(struct space *space, struct arena_room *room, const struct filter *const *filters,
               size_t count, size_t node_budget, size_t work_budget)
{
	assert(count > 0 && count <= SPACE_FILTERS);
	*space = (struct space){.work_per_attempt = work_budget ? work_budget : DEFAULT_WORK};
	space->work_total = ATTEMPTS * space->work_per_attempt;
	arena_start(&space->arena, room);
	space->archs.arena = space->numbers.arena = &space->arena;
	diagram_init(&space->diagram, node_budget ? node_budget : DEFAULT_NODES, space->work_per_attempt);
	/* The same work whichever way round they are given, so that the same budget is enough. */
	space->swapped = count == 2 && filter_is_second(filters[0], filters[1]);
	for (size_t i = 0; i < count; i++) {
		space->filter_count++;
		if (!filter_init(&space->filters[i], filters[i ^ space->swapped], &space->arena))
			return -ENOMEM;
	}
	return 0;
}

void space_finish(struct space *space)
{
	diagram_finish(&space->diagram);
	arena_finish(&space->arena);
}

/* ---- one region ---- */

/* For the first region that needs diagrams. */
static int prepare(struct space *space)
{
	if (space->prepared)
		return 0;
	for (size_t i = 0; i < space->filter_count; i++)
		if (!filter_prepare(&space->filters[i], &space->diagram, &space->arena))
			return -ENOMEM;
	diagram_reset(&space->diagram);
	space->prepared = true;
	return space->diagram.failed;
}

static void start_again(struct space *space)
{
	struct diagram *d = &space->diagram;
	size_t limit = d->work + space->work_per_attempt;

	d->work_budget = limit < space->work_total ? limit : space->work_total;
	diagram_reset(d);
}

/* Outside the region, the function becomes one and the same, a leaf. */
static node restrict_node(struct diagram *d, const struct region *region, node n, node outside)
{
	struct diagram_number arch = {INPUT_ARCH, 0, INPUT_WORD_BITS, INPUT_WORD_MAX}, nr = arch;

	nr.field = INPUT_NR;
	n = diagram_compare(d, nr, POLICY_GE, region->nr_first, n, outside);
	n = diagram_compare(d, nr, POLICY_LE, region->nr_last, n, outside);
	n = diagram_compare(d, arch, POLICY_GE, region->arch_first, n, outside);
	return diagram_compare(d, arch, POLICY_LE, region->arch_last, n, outside);
}

node space_calls(struct diagram *d, const struct region *region)
{
	return restrict_node(d, region, d->one, d->zero);
}

/* The verdicts of all filters. */
static void make_verdicts(struct space *space, const struct region *region, node *verdicts)
{
	struct diagram *d = &space->diagram;
	bool numbers = false;

	for (size_t i = 0; i < space->filter_count && !d->failed; i++) {
		node *verdict = &verdicts[i ^ space->swapped];
		*verdict = filter_node(&space->filters[i], region);
		if (d->failed == -EOPNOTSUPP) {
			space->failure.filter = i ^ space->swapped;
			space->failure.place = filter_unmodelled(&space->filters[i]);
		}
		numbers = numbers || (!d->failed && diagram_tests_number(d, *verdict));
	}
	for (size_t i = 0; numbers && !d->failed && i < space->filter_count; i++)
		verdicts[i] = restrict_node(d, region, verdicts[i], (node){0});
}

static int try_region(struct space *space, const struct region *region, space_visitor visitor, void *closure)
{
	struct diagram *d = &space->diagram;
	node verdicts[SPACE_FILTERS];
	int error = prepare(space);

	if (error)
		return error;
	make_verdicts(space, region, verdicts);
	int result = d->failed ? 0 : visitor(closure, region, verdicts);
	if (!d->failed)
		return result;
	space->failure.error = d->failed;
	space->failure.exhausted = d->exhausted;
	space->failure.limit = d->limit;
	space->failure.region = *region;
	return d->failed;
}

/* Most diagrams are small; where they are not, a long walk may do without. */
static int visit_part(struct space *space, const struct part *part, space_visitor visitor, void *closure)
{
	const size_t nodes = space->diagram.node_budget;
	const struct callgate_arch *arch;
	bool walks = argument_walk_rules(space, &part->region, &arch);

	assert(region_is_valid(&part->region));
	if (walks && argument_walk(space, part, false))
		return 0;
	if (walks && nodes > FEW_NODES)
		space->diagram.node_budget = FEW_NODES;
	int result = try_region(space, &part->region, visitor, closure);
	space->diagram.node_budget = nodes;
	if (result != -EDQUOT)
		return result;
	start_again(space);
	if (walks && argument_walk(space, part, true))
		return 0;
	start_again(space);
	return try_region(space, &part->region, visitor, closure);
}

/* ---- all regions ---- */

static bool find_archs(struct space *space, const struct region *within)
{
	struct breakpoints *points = &space->archs;

	breakpoints_clear(points);
	for (size_t i = 0; i < space->filter_count; i++)
		filter_arch_breakpoints(&space->filters[i], points);
	breakpoints_add(points, within->arch_first);
	breakpoints_add_after(points, within->arch_last);
	return breakpoints_finish(points);
}

/* The breakpoints of a slice's numbers, unless they are there already. */
static bool find_numbers(struct space *space, const struct region *slice)
{
	struct breakpoints *points = &space->numbers;

	if (points->starts.count)
		return true;
	for (size_t i = 0; i < space->filter_count; i++)
		filter_nr_breakpoints(&space->filters[i], slice, points);
	breakpoints_add(points, slice->nr_first);
	breakpoints_add_after(points, slice->nr_last);
	return breakpoints_finish(points);
}

/* The regions of a slice of `within` that have calls in the part. */
static int walk_slice(struct space *space, const struct region *slice, const struct part *part,
                      space_visitor visitor, void *closure)
{
	struct breakpoints *points = &space->numbers;
	int result = 0;

	if (region_is_one_call(&part->region))
		return visit_part(space, part, visitor, closure);
	if (!find_numbers(space, slice))
		return -ENOMEM;
	for (size_t i = breakpoints_find(points, part->region.nr_first);
	     result == 0 && i < points->starts.count; i++) {
		struct part here = {.region = *slice};
		here.region.nr_first = points->starts.items[i];
		here.region.nr_last = breakpoints_last(points, i);
		if (here.region.nr_first > part->region.nr_last)
			break;
		result = visit_part(space, &here, visitor, closure);
	}
	return result;
}

/* Slice by slice, as all breakpoints of a slice's numbers are found at once. */
static int walk_slices(struct space *space, const struct region *within, const struct parts *parts,
                       space_visitor visitor, void *closure)
{
	struct breakpoints *points = &space->archs;
	int result = 0;

	if (!find_archs(space, within))
		return -ENOMEM;
	for (size_t i = breakpoints_find(points, within->arch_first); result == 0 && i < points->starts.count;
	     i++) {
		struct region slice = *within;
		slice.arch_first = points->starts.items[i];
		slice.arch_last = breakpoints_last(points, i);
		breakpoints_clear(&space->numbers);
		for (size_t j = 0; result == 0 && j < parts->list.count; j++) {
			const struct part *part = &parts->list.items[j];
			if (part->region.arch_first <= slice.arch_last &&
			    slice.arch_first <= part->region.arch_last)
				result = walk_slice(space, &slice, part, visitor, closure);
		}
	}
	return result;
}

int space_walk(struct space *space, const struct region *within, space_visitor visitor, void *closure)
{
	struct parts parts = {0};
	bool calls = true;
	int result = 0;

	assert(region_is_valid(within));
	if (!(space->filter_count == 2
	          ? interval_walk(space->filters, &space->diagram, within, &space->arena, &parts)
	          : vec_push_in(&parts.list, &space->arena, ((struct part){.region = *within}))))
		return -ENOMEM;
	for (size_t i = 0; i < parts.list.count; i++)
		calls = calls && region_is_one_call(&parts.list.items[i].region);
	if (!calls)
		return walk_slices(space, within, &parts, visitor, closure);
	for (size_t i = 0; result == 0 && i < parts.list.count; i++)
		result = visit_part(space, &parts.list.items[i], visitor, closure);
	return result;
}
