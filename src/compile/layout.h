/*
 * In which order the nodes of a lowered graph stand in the program.
 */
#ifndef CALLGATE_COMPILE_LAYOUT_H
#define CALLGATE_COMPILE_LAYOUT_H

#include "compile/graph.h"

/*
 * The nodes that are reached and are not leaves, from the end of the program to its start: children before parents, the
 * smaller child next to its parent, so that few jumps are long.
 */
struct layout {
	uint32_t *order;
	size_t count;
};

/* In the graph's arena; false when memory is out. */
bool layout_start(struct layout *layout, const struct graph *graph, struct graph_id root);

#endif
