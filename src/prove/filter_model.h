/*
 * A filter: a policy, or programs that are stacked on each other.
 */
#ifndef CALLGATE_PROVE_FILTER_MODEL_H
#define CALLGATE_PROVE_FILTER_MODEL_H

#include "prove/execution.h"
#include "prove/policy_diagram.h"

/* A policy, or else programs in the order in which they are loaded; at least one, each accepted by bpf_accept(). */
struct filter {
	const struct policy *policy;
	const struct callgate_program *const *programs;
	size_t program_count;
};

/* Is the first of two filters the second one in an order of them, with policies before programs? */
bool filter_is_second(const struct filter *a, const struct filter *b);

/* A filter with what it takes to make diagrams of it. */
struct filter_model {
	const struct filter *filter;
	struct diagram *diagram;
	struct policy_diagram policy;
	struct execution *executions; /* of the programs */
	uint8_t *kinds;               /* scratch space of interval_search() */
};

/* All memory is the arena's. false without it. */
bool filter_init(struct filter_model *model, const struct filter *filter, struct arena *arena);

/* Before diagrams are asked for. false without memory; then they never may be. */
bool filter_prepare(struct filter_model *model, struct diagram *diagram, struct arena *arena);

/*
 * Divides a region where the policy changes, or at a comparison of a program; programs are searched on account of a
 * diagram's work, if there is one. What is left of the region is the lower part; false where it is not divided.
 */
bool filter_divide(struct filter_model *model, struct diagram *searching, struct region *region,
                   struct region *ret_upper);

/* The verdicts in a region; where the diagram looks at arch or nr, it is meaningless outside the region. */
node filter_node(struct filter_model *model, const struct region *region);

/* Calls policy_diagram_paths(), or execution_paths() for each program. false without memory. */
bool filter_paths(struct filter_model *model, const struct region *region, node calls, execution_visitor visitor,
                  void *closure);

/* After filter_node() has failed with -EOPNOTSUPP: the program that it is, and its instruction. */
struct filter_place {
	size_t program, instruction;
};
struct filter_place filter_unmodelled(const struct filter_model *model);

#endif
