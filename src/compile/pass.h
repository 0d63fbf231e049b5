/*
 * What a program is made in, pass by pass. The table of passes is in compile.c: a new pass is a function declared here
 * and a row there.
 */
#ifndef CALLGATE_COMPILE_PASS_H
#define CALLGATE_COMPILE_PASS_H

#include <linux/filter.h>

#include "base/arena.h"
#include "compile/graph.h"
#include "policy/policy.h"

/* What a compilation has already. */
enum pass_state {
	PASS_POLICY = 1,
	PASS_GRAPH = 2,    /* graph and root */
	PASS_BRANCHES = 4, /* every node is a leaf or a branch */
	PASS_LAYOUT = 8,   /* order */
	PASS_INSNS = 16,   /* insns */
};

/*
 * A policy that is too long for one program, cut into several by ranges of system calls. Each part allows what is
 * outside its ranges, and the kernel takes the strictest answer, so together they decide as the whole does. What
 * decides seccomp(2) and prctl(2) is in the last part: before it is loaded nothing may stop the loader.
 */
struct stack_plan {
	const struct graph *graph; /* with switches on nr as pass_rules() makes them */
	struct graph_id root;
	/* by edge of the graph: what is below it and below no edge before; 0: nothing is cut here */
	uint32_t *sizes;
	uint8_t *owners; /* by edge: the part that decides it */
	bool *is_last;   /* by edge: whether the last part decides it, whatever its place is */
	bool *reached;   /* by node */
	uint64_t total;  /* of all sizes */
};

enum { STACK_MOST = 16 };

/* One program in the making, all in the arena; zeroed but for policy, arena and state, nothing is made. */
struct compilation {
	const struct policy *policy;
	struct arena *arena;
	unsigned state; /* bits of enum pass_state */
	struct graph graph;
	struct graph_id root;
	/* of which the program is a part; NULL: the program is the whole policy's */
	const struct stack_plan *plan;
	unsigned part;
	/* the nodes, without leaves, from the end of the program to its start: children before parents */
	uint32_t *order;
	size_t order_count;
	ARENA_VEC(struct sock_filter) insns;
};

/* All weights of a switch on the number add up to about this. */
enum { PASS_WEIGHTS = 1 << 22 };

/* A pass makes what it leaves from what is there; false when memory ran out. */
typedef bool pass_function(struct compilation *c);

struct pass {
	const char *name, *what;
	/* bits of enum pass_state: what must be there before, and is there after the pass */
	unsigned needs, leaves;
	pass_function *run;
};

/* From rules to instructions, in order; the last one ends with a NULL name. */
extern const struct pass compile_passes[];

/* Runs a pass, and asserts that it leaves a graph that keeps the invariants; false when memory ran out. */
bool pass_run(const struct pass *pass, struct compilation *c);

pass_function pass_rules, pass_parts, pass_trees, pass_layout, pass_emit;

/* In the arena; false when memory ran out. The graph has to outlive the plan. */
bool stack_plan_start(struct stack_plan *plan, struct arena *arena, const struct graph *graph, struct graph_id root,
                      const struct policy *policy);

/* Shares everything out among 2 to STACK_MOST parts of about the same size. */
void stack_plan_cut(struct stack_plan *plan, unsigned parts);

/* Is there at most one call of a part that no action alone decides? Then nothing makes the part shorter. */
bool stack_plan_is_one_call(const struct stack_plan *plan, unsigned part);

#endif
