/*
 * Walks the (arch, nr) space cell by cell, with the diagrams of one or two sides in each.
 */
#ifndef CALLGATE_PROVE_SPACE_H
#define CALLGATE_PROVE_SPACE_H

#include "prove/verdicts.h"

struct space {
	struct diagram diagram;
	struct arena arena;
	struct side sides[VERDICTS_SIDES];
	size_t side_count;
	bool prepared;  /* the diagram, and the sides for it */
	bool each_call; /* is every call that a policy has rules for to be a cell by itself? */
	size_t work_per_attempt, work_total;
	struct verdicts verdicts;
	struct cuts archs;   /* of the present walk, */
	struct cuts numbers; /* and of its present section, once they are needed */
};

/*
 * Called with what the sides say in a cell: one side in each cell, two wherever they are not plainly one and the same verdict. A result
 * other than 0 ends the walk; the visitor must not return -EDQUOT or -ENOMEM, but leave the diagram's failure to be seen.
 */
typedef int (*space_visitor)(void *closure, const struct cell *cell, const struct verdicts *verdicts);

/* The room has to outlive it. -ENOMEM. space_finish() in any case. */
int space_init(struct space *space, struct arena_room *room, const struct prove_subject *const *subjects,
               size_t count, size_t node_budget, size_t work_budget);
void space_finish(struct space *space);

/*
 * Visits the cells within `within`, architecture by architecture. When a budget is used up, the diagram is emptied and the cell is tried again
 * alone, with an order of bits for its rules and then with others. The visitor is called again for it then. Returns what the visitor
 * returned, or 0, -ENOMEM, -EDQUOT (a cell is too much by itself), -EOPNOTSUPP (an unknown instruction).
 */
int space_walk(struct space *space, const struct cell *within, space_visitor visitor, void *closure);

#endif
