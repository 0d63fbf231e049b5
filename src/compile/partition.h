/*
 * One word, cut wherever the outcome of some rule's test changes, and which rules are alive in each part.
 */
#ifndef CALLGATE_COMPILE_PARTITION_H
#define CALLGATE_COMPILE_PARTITION_H

#include "compile/form.h"
#include "compile/graph.h"

/* In which edges a form is alive. */
struct partition_span {
	uint32_t first, last;
	uint32_t form;
};

enum { PARTITION_FEW = 8 };

/* Most are small and fit in here; the pointers lead to the `few` arrays, or to one block of memory. */
struct partition {
	uint8_t word;
	struct graph_edge *edges; /* only `first` is set */
	size_t edge_count;
	size_t work;                  /* sum over the edges of the rules alive there */
	struct partition_span *spans; /* by first edge */
	size_t span_count, next_span;
	uint32_t *alive; /* the spans that cover the entered edge, in order of their forms */
	size_t alive_count;
	void *block;
	struct graph_edge few_edges[2 * PARTITION_FEW + 1];
	struct partition_span few_spans[PARTITION_FEW];
	uint32_t few_alive[PARTITION_FEW];
};

/* false when memory is out, and there is nothing to finish. */
bool partition_start(struct partition *partition, uint8_t word, const struct form *const *forms,
                     size_t count);
void partition_finish(struct partition *partition);

/* Goes to an edge (0, 1, 2... in turn) and says how many forms are alive in it. */
size_t partition_enter(struct partition *partition, size_t edge);
/* The i-th of them, as an index of the list; ascending. A test may fail all over the edge though its form is alive. */
size_t partition_alive(const struct partition *partition, size_t i);

#endif
