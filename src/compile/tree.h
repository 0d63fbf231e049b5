/*
 * One switch as a search tree of two-way comparisons.
 */
#ifndef CALLGATE_COMPILE_TREE_H
#define CALLGATE_COMPILE_TREE_H

#include "compile/graph.h"

/*
 * The root of a tree of binary nodes (compile/lowered.h) that decides like a switch with these edges. Edges are disjoint
 * neighbours with different children, which are nodes of the same graph; they are left in disorder.
 */
struct graph_id tree_graph(struct graph *graph, uint8_t word, struct graph_edge *edges, size_t count);

#endif
