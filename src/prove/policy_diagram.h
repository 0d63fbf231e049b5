/*
 * A policy as a function of its input, within one region of the (arch, nr) space.
 */
#ifndef CALLGATE_PROVE_POLICY_DIAGRAM_H
#define CALLGATE_PROVE_POLICY_DIAGRAM_H

#include "base/arena.h"
#include "prove/diagram.h"

struct policy_diagram {
	const struct policy *policy;
	struct diagram *diagram;
	/* for each architecture: the first of its system calls that is not before the present region */
	size_t *next;
};

/* Of all that a policy says: an order of two. */
uint64_t policy_diagram_hash(const struct policy *policy);

/* Arrays come from the arena. false without memory. The diagram may be set later, before it is used. */
bool policy_diagram_init(struct policy_diagram *rules, const struct policy *policy, struct arena *arena);

/*
 * Divides a region where the policy changes: at audit values first. What is left of it is the lower part; false where
 * nothing changes in it.
 */
bool policy_diagram_divide(struct policy_diagram *rules, struct region *region, struct region *ret_upper);

/* The one verdict that the policy has for all calls of a region, if no condition matters there; or else false. */
bool policy_diagram_constant(struct policy_diagram *rules, const struct region *region, uint32_t *ret_verdict);

/* The rules for a region that are of one architecture alone, or else NULL. */
const struct policy_syscall *policy_diagram_rules(struct policy_diagram *rules, const struct region *region,
                                                  const struct callgate_arch **ret_arch);

/* What the policy says in a region that it does not divide. Regions are found fastest in ascending order. */
node policy_diagram_node(struct policy_diagram *rules, const struct region *region);

/*
 * Visits the set of calls in such a region that each rule decides, and then the set that no rule decides. All sets are
 * conditions, and zero where there are no such calls.
 */
typedef void (*policy_diagram_visitor)(void *closure, node calls);
void policy_diagram_paths(struct policy_diagram *rules, const struct region *region, node calls,
                          policy_diagram_visitor visitor, void *closure);

/* The condition, in an architecture with this word, in front of two functions: on all bits of an argument at once. */
node policy_diagram_condition(struct diagram *d, const struct policy_condition *condition, uint64_t word, node then,
                              node otherwise);

#endif
