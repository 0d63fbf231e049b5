#include "prove/space.h"

enum { ATTEMPTS = 8, FEW_NODES = 1 << 15 };

int space_init(struct space *space, struct arena_room *room, const struct filter *const *filters, size_t count,
               size_t node_budget, size_t work_budget)
{
	assert(count > 0 && count <= SPACE_FILTERS);
	*space = (struct space){.filter_count = 0};
	arena_start(&space->arena, room);
	diagram_init(&space->diagram, node_budget, work_budget);
	space->work_per_attempt = space->diagram.work_budget;
	space->work_total = ATTEMPTS * space->work_per_attempt;
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
	const enum interval_answer walked = argument_walk(space, part, false);

	assert(region_is_valid(&part->region));
	if (walked == INTERVAL_TRUE)
		return 0;
	if (walked == INTERVAL_EITHER && nodes > FEW_NODES)
		space->diagram.node_budget = FEW_NODES;
	int result = try_region(space, &part->region, visitor, closure);
	space->diagram.node_budget = nodes;
	if (result != -EDQUOT)
		return result;
	start_again(space);
	if (walked == INTERVAL_EITHER && argument_walk(space, part, true) == INTERVAL_TRUE)
		return 0;
	start_again(space);
	return try_region(space, &part->region, visitor, closure);
}

/* ---- all regions ---- */

/* The pieces of a part that no filter divides any more. */
static int visit_pieces(struct space *space, const struct part *part, space_visitor visitor, void *closure)
{
	struct diagram *searching = part->is_open ? &space->diagram : NULL;
	struct region upper;
	int result = 0;

	space->pending.count = 0;
	if (!vec_push_in(&space->pending, &space->arena, part->region))
		return -ENOMEM;
	while (result == 0 && space->pending.count) {
		struct part piece = {.region = space->pending.items[--space->pending.count]};
		for (size_t i = 0; i < space->filter_count; i++)
			while (filter_divide(&space->filters[i], searching, &piece.region, &upper))
				if (!vec_push_in(&space->pending, &space->arena, upper))
					return -ENOMEM;
		result = visit_part(space, &piece, visitor, closure);
	}
	return result;
}

int space_walk(struct space *space, const struct region *within, space_visitor visitor, void *closure)
{
	struct parts parts = {0};
	int result = 0;

	assert(region_is_valid(within));
	if (!interval_walk(space->filters, space->filter_count, &space->diagram, within, &space->arena, &parts))
		return -ENOMEM;
	for (size_t i = 0; result == 0 && i < parts.list.count; i++) {
		const struct part *part = &parts.list.items[i];
		result = region_is_one_call(&part->region) ? visit_part(space, part, visitor, closure)
		                                           : visit_pieces(space, part, visitor, closure);
	}
	return result;
}
