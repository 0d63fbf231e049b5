/*
 * Graphs as text, for a human.
 */
#ifndef CALLGATE_COMPILE_GRAPH_TEXT_H
#define CALLGATE_COMPILE_GRAPH_TEXT_H

#include "base/strbuf.h"
#include "compile/graph.h"

/* One node and its edges after the other, from the root down; only what is reached. */
void graph_print(const struct graph *graph, struct graph_id root, struct strbuf *out);

/* The same in Graphviz' language. */
void graph_print_dot(const struct graph *graph, struct graph_id root, struct strbuf *out);

#endif
