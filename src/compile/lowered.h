/*
 * Binary nodes: what one conditional jump (or AND and a jump) can decide.
 */
#ifndef CALLGATE_COMPILE_LOWERED_H
#define CALLGATE_COMPILE_LOWERED_H

#include "compile/graph.h"

/* A node as an instruction: if (word & mask) `op` k then to `then`, else to `otherwise`. */
struct lowered {
	uint16_t op;   /* BPF_JEQ, BPF_JGE or BPF_JSET */
	uint32_t mask; /* UINT32_MAX where no AND is needed */
	uint32_t k;
	struct graph_id then, otherwise;
};

/* false if the node is a leaf or a switch that one comparison can't decide. */
bool lowered_read(const struct graph *graph, struct graph_id id, struct lowered *ret_lowered);

/* Is every node that can be reached a leaf or lowered? 0, or -EINVAL naming the first that is not. -ENOMEM. */
int lowered_verify(const struct graph *graph, struct graph_id root, struct diag *diag);

#endif
