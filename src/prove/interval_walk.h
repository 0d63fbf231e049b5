/*
 * What two filters agree about where conditions have nothing to do with it, found in one walk over a program's comparisons of arch and nr.
 */
#ifndef CALLGATE_PROVE_INTERVAL_WALK_H
#define CALLGATE_PROVE_INTERVAL_WALK_H

#include "prove/filter.h"

struct regions {
	ARENA_VEC(struct region) list;
};

/*
 * Regions that together hold every call in `within` for which the filters may differ: those left out get one and the same verdict of both.
 * Each call is in one of them at most. In the arena. `within` alone, when the diagram's budget is used up or there were too many. false without
 * memory.
 */
bool interval_walk(struct filter_model *filters, struct diagram *diagram, const struct region *within,
                   struct arena *arena, struct regions *ret_left);

#endif
