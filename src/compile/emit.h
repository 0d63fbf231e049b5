/*
 * A lowered graph as instructions.
 */
#ifndef CALLGATE_COMPILE_EMIT_H
#define CALLGATE_COMPILE_EMIT_H

#include <linux/filter.h>

#include "base/vec.h"
#include "compile/graph.h"

struct emit_output {
	ARENA_VEC(struct sock_filter) insns;
};

/* Appends nothing but the whole program; it is in the graph's arena, as what output->insns has before must be. 0 or -ENOMEM. */
int emit_graph(const struct graph *graph, struct graph_id root, bool big_endian, struct emit_output *output);

#endif
