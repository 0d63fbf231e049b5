#include "prove/space.h"

#include "prove/adapt.h"
#include "prove/sweep.h"

enum { DEFAULT_NODES = 1 << 20, DEFAULT_WORK = 1 << 26, ATTEMPTS = 8 };

int space_init(struct space *space, struct arena_room *room, const struct prove_subject *const *subjects,
               size_t count, size_t node_budget, size_t work_budget)
{
	*space = (struct space){.work_per_attempt = work_budget ? work_budget : DEFAULT_WORK};
	space->work_total = ATTEMPTS * space->work_per_attempt;
	arena_start(&space->arena, room);
	space->archs.arena = space->numbers.arena = &space->arena;
	diagram_init(&space->diagram, &space->arena, node_budget ? node_budget : DEFAULT_NODES,
	             space->work_per_attempt);
	for (size_t i = 0; i < count; i++) {
		space->side_count++;
		if (!side_init(&space->sides[i], subjects[i], &space->arena))
			return -ENOMEM;
	}
	return 0;
}

void space_finish(struct space *space)
{
	diagram_finish(&space->diagram);
	arena_finish(&space->arena);
}

/* Two sides that are one and the same verdict in the cell, as most are in most cells, need no diagrams to be compared. */
static bool plainly_same(struct space *space, const struct cell *cell)
{
	uint32_t first, second;
	size_t steps = 0;

	if (space->side_count != 2 || !side_plain(&space->sides[0], cell, &first, &steps) ||
	    !side_plain(&space->sides[1], cell, &second, &steps))
		return false;
	return diagram_spend(&space->diagram, steps) && first == second;
}

/* For the first cell that needs diagrams. */
static int prepare(struct space *space)
{
	if (space->prepared)
		return 0;
	for (size_t i = 0; i < space->side_count; i++)
		if (!side_prepare(&space->sides[i], &space->diagram, &space->arena))
			return -ENOMEM;
	diagram_reset(&space->diagram, ORDER_ARGUMENTS);
	space->prepared = true;
	return space->diagram.failed;
}

static void start_again(struct space *space, enum diagram_order order)
{
	struct diagram *d = &space->diagram;
	size_t limit = d->work + space->work_per_attempt;

	d->work_budget = limit < space->work_total ? limit : space->work_total;
	diagram_reset(d, order);
	for (size_t i = 0; i < space->side_count; i++)
		side_forget(&space->sides[i]);
}

/* Starts again with an order for the cell's rules; false where there are none. */
static bool adapt(struct space *space, const struct cell *cell)
{
	const struct policy_syscall *syscall = NULL;

	for (size_t i = 0; i < space->side_count && !syscall; i++)
		syscall = side_rules(&space->sides[i], cell);
	const uint16_t *levels =
	    syscall ? adapt_levels(syscall->rules, syscall->rule_count, &space->arena) : NULL;
	if (!levels)
		return false;
	start_again(space, ORDER_ARGUMENTS);
	return diagram_adapt(&space->diagram, levels);
}

static int try_cell(struct space *space, const struct cell *cell, space_visitor visitor, void *closure)
{
	struct diagram *d = &space->diagram;
	int error = prepare(space);

	if (error)
		return error;
	verdicts_ask(&space->verdicts, d, space->sides, space->side_count, cell);
	int result = d->failed ? 0 : visitor(closure, cell, &space->verdicts);
	return d->failed ? d->failed : result;
}

/* With other orders of bits, until one does; then all others go on with the usual one. */
static int try_orders(struct space *space, const struct cell *cell, space_visitor visitor, void *closure)
{
	int result = adapt(space, cell) ? try_cell(space, cell, visitor, closure) : -EDQUOT;

	for (int order = ORDER_ARGUMENTS; result == -EDQUOT && order < ORDER_COUNT; order++) {
		start_again(space, (enum diagram_order)order);
		result = try_cell(space, cell, visitor, closure);
	}
	if (result == 0)
		start_again(space, ORDER_ARGUMENTS);
	return result;
}

static int visit_cell(struct space *space, const struct cell *cell, space_visitor visitor, void *closure)
{
	if (plainly_same(space, cell))
		return 0;
	int result = try_cell(space, cell, visitor, closure);
	return result == -EDQUOT ? try_orders(space, cell, visitor, closure) : result;
}

static bool cut_archs(struct space *space, const struct cell *within)
{
	struct cuts *cuts = &space->archs;

	for (size_t i = 0; i < space->side_count; i++)
		side_cuts_arch(&space->sides[i], cuts);
	cuts_add(cuts, within->arch_first);
	cuts_add_after(cuts, within->arch_last);
	return cuts_finish(cuts);
}

/* The numbers' cuts for a section, unless they are there already. */
static bool cut_numbers(struct space *space, const struct cell *section)
{
	struct cuts *cuts = &space->numbers;

	if (cuts->starts.count)
		return true;
	for (size_t i = 0; i < space->side_count; i++)
		side_cuts_nr(&space->sides[i], section, space->each_call, cuts);
	cuts_add(cuts, section->nr_first);
	cuts_add_after(cuts, section->nr_last);
	return cuts_finish(cuts);
}

static bool is_one_call(const struct cell *part)
{
	return part->arch_first == part->arch_last && part->nr_first == part->nr_last;
}

/* The cells of a section of `within` that have calls in `part`. */
static int walk_section(struct space *space, const struct cell *section, const struct cell *part,
                        space_visitor visitor, void *closure)
{
	struct cuts *cuts = &space->numbers;
	int result = 0;

	if (is_one_call(part))
		return visit_cell(space, part, visitor, closure);
	if (!cut_numbers(space, section))
		return -ENOMEM;
	for (size_t i = cuts_find(cuts, part->nr_first); result == 0 && i < cuts->starts.count; i++) {
		struct cell cell = *section;
		cell.nr_first = cuts->starts.items[i];
		cell.nr_last = cuts_last(cuts, i);
		if (cell.nr_first > part->nr_last)
			break;
		result = visit_cell(space, &cell, visitor, closure);
	}
	return result;
}

/* Section by section, as all cuts of a section's numbers are found at once. */
static int walk_sections(struct space *space, const struct cell *within, const struct cells *parts,
                         space_visitor visitor, void *closure)
{
	struct cuts *cuts = &space->archs;
	int result = 0;

	cuts_clear(cuts);
	if (!cut_archs(space, within))
		return -ENOMEM;
	for (size_t i = cuts_find(cuts, within->arch_first); result == 0 && i < cuts->starts.count; i++) {
		struct cell section = *within;
		section.arch_first = cuts->starts.items[i];
		section.arch_last = cuts_last(cuts, i);
		cuts_clear(&space->numbers);
		for (size_t j = 0; result == 0 && j < parts->list.count; j++) {
			const struct cell *part = &parts->list.items[j];
			if (part->arch_first <= section.arch_last && section.arch_first <= part->arch_last)
				result = walk_section(space, &section, part, visitor, closure);
		}
	}
	return result;
}

static int walk_calls(struct space *space, const struct cells *parts, space_visitor visitor, void *closure)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < parts->list.count; i++)
		result = visit_cell(space, &parts->list.items[i], visitor, closure);
	return result;
}

int space_walk(struct space *space, const struct cell *within, space_visitor visitor, void *closure)
{
	struct cells whole = {{(struct cell *)within, 1, 1}}, left = {0}, *parts = &whole;
	bool calls = true;

	if (space->side_count == 2) {
		if (!sweep_cells(space->sides, &space->diagram, within, &space->arena, &left))
			return -ENOMEM;
		parts = &left;
	}
	for (size_t i = 0; i < parts->list.count; i++)
		calls = calls && is_one_call(&parts->list.items[i]);
	return calls ? walk_calls(space, parts, visitor, closure)
	             : walk_sections(space, within, parts, visitor, closure);
}
