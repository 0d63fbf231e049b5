/*
 * How many instructions the longest way through a lowered graph has.
 */
#ifndef CALLGATE_COMPILE_HEIGHTS_H
#define CALLGATE_COMPILE_HEIGHTS_H

#include "base/vec.h"
#include "compile/graph.h"

/* By node, without the node's own load; in the graph's arena. Zeroed means empty. */
struct heights {
	ARENA_VEC(uint16_t) nodes;
};

/* Measures the nodes that were added to the graph since the last call; false when memory is out. */
bool heights_update(struct heights *heights, const struct graph *graph);

/* The longest way from a node once a parent that looked at `word` has decided for it. */
uint32_t heights_from(const struct heights *heights, const struct graph *graph, uint8_t word,
                      struct graph_id child);

#endif
