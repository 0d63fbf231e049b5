/*
 * A policy that is too long for one program, cut into several by ranges of system calls.
 *
 * Each part allows what is outside its ranges, and the kernel takes the strictest answer, so together they say what the
 * whole says. What decides seccomp(2) and prctl(2) is in the last part: before it is loaded nothing may stop the loader.
 */
#ifndef CALLGATE_COMPILE_STACK_H
#define CALLGATE_COMPILE_STACK_H

#include "compile/graph.h"
#include "policy/policy.h"

enum { STACK_MOST = 16 };

/* How the edges of the switches on nr are shared out. */
struct stack_plan {
	const struct graph *graph; /* with switches on nr as the pass "rules" makes them */
	struct graph_id root;
	uint32_t *
	    sizes; /* by edge of the graph: how much of the program is below it and nothing before it; 0: not cut here */
	uint8_t *owners; /* the part that decides it */
	bool *is_last;   /* belongs to the last part whatever its place */
	bool *reached;   /* by node */
	uint64_t total;  /* of all sizes */
};

/* false when memory is out, and there is nothing to finish. The graph has to outlive the plan. */
bool stack_plan_start(struct stack_plan *plan, const struct graph *graph, struct graph_id root,
                      const struct policy *policy);
void stack_plan_finish(struct stack_plan *plan);

/* Shares everything out among 2 to STACK_MOST parts of about the same size. */
void stack_plan_cut(struct stack_plan *plan, unsigned parts);

/* One part as a graph of its own. graph->failed when memory ran out. */
struct graph_id stack_part(const struct stack_plan *plan, unsigned part, struct graph *graph);

#endif
