/*
 * What two sides plainly agree about, found in one sweep over a program's comparisons of arch and nr.
 */
#ifndef CALLGATE_PROVE_SWEEP_H
#define CALLGATE_PROVE_SWEEP_H

#include "prove/side.h"

struct cells {
	ARENA_VEC(struct cell) list;
};

/*
 * Cells that together hold every call in `within` for which the sides may differ: those left out are one and the same verdict on both sides.
 * Each call is in one of them at most. In the arena. `within` alone, when the diagram's budget is used up or there were too many. false without
 * memory.
 */
bool sweep_cells(struct side *sides, struct diagram *diagram, const struct cell *within, struct arena *arena,
                 struct cells *ret_left);

#endif
