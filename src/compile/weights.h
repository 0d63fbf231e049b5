/*
 * How often each number of a slice is called, as far as anyone can know before the program runs.
 */
#ifndef CALLGATE_COMPILE_WEIGHTS_H
#define CALLGATE_COMPILE_WEIGHTS_H

#include "compile/graph.h"
#include "policy/policy.h"

/* All weights of a slice add up to about this. */
enum { WEIGHTS_TOTAL = 1 << 22 };

/* What is known of the numbers of one edge of a slice's switch. */
struct weights_edge {
	uint32_t uniform;  /* how many calls exist there */
	uint32_t prior;    /* how often they are made in ordinary work */
	uint32_t priority; /* what the user said */
	bool wanted;       /* has rules, or is allowed: the program may be expected to make these calls */
	bool cached;       /* is allowed whatever the arguments, so that the kernel asks once */
};

/*
 * Sets the weights of `count` edges of which `known` is known. `optimize` is SCMP_FLTATR_CTL_OPTIMIZE: 2 asks for a tree by
 * number, in which no call is nearer because it is frequent.
 */
void weights_assign(const struct weights_edge *known, size_t count, uint32_t optimize,
                    struct graph_edge *edges);

#endif
