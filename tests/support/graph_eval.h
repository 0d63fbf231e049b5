/*
 * The decision graph's evaluator: what a call's action is by a graph.
 */
#ifndef CALLGATE_TESTS_GRAPH_EVAL_H
#define CALLGATE_TESTS_GRAPH_EVAL_H

#include "compile/graph.h"

/* The word of a call; `call` holds numbers in host order. */
static inline uint32_t graph_word(const struct seccomp_data *call, uint8_t word)
{
	if (word == GRAPH_ARCH)
		return call->arch;
	if (word == GRAPH_NR)
		return (uint32_t)call->nr;
	uint64_t arg = call->args[(word - GRAPH_ARGS) / 2];
	return (uint32_t)((word - GRAPH_ARGS) % 2 ? arg : arg >> 32);
}

static inline uint32_t graph_eval(const struct graph *graph, struct graph_id root, const struct seccomp_data *call)
{
	while (graph_at(graph, root)->kind != GRAPH_LEAF)
		root = graph_step(graph, root, graph_word(call, graph_at(graph, root)->word));
	return graph_at(graph, root)->value;
}

#endif
