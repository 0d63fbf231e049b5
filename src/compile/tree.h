/*
 * One switch as a tree of two-way comparisons.
 */
#ifndef CALLGATE_COMPILE_TREE_H
#define CALLGATE_COMPILE_TREE_H

#include "compile/graph.h"

/*
 * The root of a tree of branches that decides like a switch with these edges: neighbours with different children, which
 * are nodes of the same graph. The tree is the cheapest that was found, where a comparison costs the weights of
 * everything that passes it, plus `size_cost` for being there. The edges are overwritten.
 */
struct graph_id tree_graph(struct graph *graph, uint8_t word, struct graph_edge *edges, size_t count,
                           uint32_t size_cost);

#endif
