/*
 * A whole policy as a graph: switches on the architecture, then on the number, then the rules of each call.
 */
#ifndef CALLGATE_COMPILE_DISPATCH_H
#define CALLGATE_COMPILE_DISPATCH_H

#include "compile/rules.h"

/* The root. graph->failed when memory ran out. */
struct graph_id dispatch_graph(struct graph *graph, const struct policy *policy, struct arena *arena);

#endif
