/*
 * Rules as a plain chain, each tested behind the other: any list, in linear time and size.
 */
#ifndef CALLGATE_COMPILE_CHAIN_H
#define CALLGATE_COMPILE_CHAIN_H

#include "compile/form.h"
#include "compile/graph.h"

/* First match wins; the last form has to match always. */
struct graph_id chain_graph(struct graph *graph, const struct form *const *forms, size_t count);

#endif
