/*
 * Walks the (arch, nr) space region by region, with the diagrams of one or two filters in each.
 */
#ifndef CALLGATE_PROVE_SPACE_H
#define CALLGATE_PROVE_SPACE_H

#include "prove/filter_model.h"
#include "prove/interval.h"

enum { SPACE_FILTERS = 2 };

/* Why a walk ended with -EDQUOT, or, at an instruction of a filter, with -EOPNOTSUPP; and where. */
struct space_failure {
	int error;
	enum diagram_limit exhausted;
	size_t limit;
	size_t filter;
	struct filter_place place;
	struct region region;
};

struct space {
	struct diagram diagram;
	struct arena arena;
	struct filter_model filters[SPACE_FILTERS];
	size_t filter_count;
	/* `filters` are in the order of filter_is_second(), and that is not the one in which they were given */
	bool swapped;
	bool prepared; /* the diagram, and the filters for it */
	size_t work_per_attempt, work_total;
	ARENA_VEC(struct region) pending; /* of the present part, the lowest numbers last */
	struct argument_walk *arguments;  /* once argument_walk() needs it; in the arena */
	struct space_failure failure;
};

/*
 * Called with the verdicts of each filter in a region: one filter in each region, two wherever it is not easily seen
 * that they agree. If a diagram looks at arch or nr, all of them are one and the same leaf outside the region. A result
 * other than 0 ends the walk; the visitor must not return -EDQUOT or -EOPNOTSUPP, but leave the diagram's failure to be
 * seen.
 */
typedef int (*space_visitor)(void *closure, const struct region *region, const node *verdicts);

/* The room has to outlive it. Budgets of zero mean the default. -ENOMEM. space_finish() in any case. */
int space_init(struct space *space, struct arena_room *room, const struct filter *const *filters, size_t count,
               size_t node_budget, size_t work_budget);
void space_finish(struct space *space);

/*
 * Visits the regions within `within`, architecture by architecture. When a budget is used up, the diagram is emptied
 * and the region is tried again alone, with an order of bits for its rules if it has some. The visitor is called again
 * for it then. Returns what the visitor returned, or 0, -ENOMEM, -EDQUOT (a region is too much by itself), -EOPNOTSUPP
 * (an instruction is not modelled): then `failure` says more.
 */
int space_walk(struct space *space, const struct region *within, space_visitor visitor, void *closure);

/*
 * A region; where in a program the walk to it ended, and what the accumulator holds there for its first number. If it
 * is open, instructions that are no comparisons of arch or nr are reached there, and others may come after them.
 */
struct part {
	struct region region;
	size_t pc;
	uint32_t accumulator;
	bool is_open;
};

struct parts {
	ARENA_VEC(struct part) list;
};

/*
 * Parts that together hold every call in `within`, of two filters those for which they may differ, found in one walk
 * over the comparisons of arch and nr of all programs: what is left out gets one and the same verdict of both. Each
 * call is in one of them at most. In the arena. `within` alone, when the diagram's budget is used up or there were too
 * many. false without memory.
 */
bool interval_walk(struct filter_model *filters, size_t count, struct diagram *diagram, const struct region *within,
                   struct arena *arena, struct parts *ret_left);

/*
 * Do rules and one program give every call of a part, which has one number, the same verdict? Without diagrams.
 * INTERVAL_EITHER where that is not so, or too hard to say, and INTERVAL_FALSE for other filters and parts.
 */
enum interval_answer argument_walk(struct space *space, const struct part *part, bool is_long);

/* The calls in a region, as a condition. */
node space_calls(struct diagram *d, const struct region *region);

#endif
