/*
 * A policy as a function of its input, within one cell of the (arch, nr) space.
 */
#ifndef CALLGATE_PROVE_RULES_H
#define CALLGATE_PROVE_RULES_H

#include "base/arena.h"
#include "prove/cell.h"
#include "prove/diagram.h"

enum { RULES_KEPT = 64 };

/* A list of rules that was translated before: its architecture's word, its rules, and what followed them. */
struct rules_kept {
	const struct policy_syscall *syscall;
	uint64_t word;
	node rest, result;
};

struct rules {
	const struct policy *policy;
	struct diagram *diagram;
	size_t *
	    next; /* for each architecture: the first of its system calls that is not before the present cell */
	const struct policy_syscall *
	    *found;              /* for each architecture: its rules for the present cell, or NULL */
	struct rules_kept *kept; /* RULES_KEPT, for rules_node() */
};

/* Arrays come from the arena. false without memory. */
bool rules_init(struct rules *rules, const struct policy *policy, struct arena *arena);

/* Before rules_node(). */
bool rules_prepare(struct rules *rules, struct diagram *diagram, struct arena *arena);

/* After diagram_reset(). */
void rules_forget(struct rules *rules);

void rules_cuts_arch(const struct rules *rules, struct cuts *cuts);
/* Between calls that follow each other and have the same rules only for `each_call`: otherwise there are far fewer cells. */
void rules_cuts_nr(const struct rules *rules, const struct cell *section, bool each_call, struct cuts *cuts);

/* The one verdict that the policy has for all calls of a cell, if no condition has anything to do with it; or else false. */
bool rules_verdict(struct rules *rules, const struct cell *cell, uint32_t *ret_verdict);

/* The first rules that there are for a cell, or NULL. */
const struct policy_syscall *rules_first(struct rules *rules, const struct cell *cell);

/* What the policy says in a cell that no cut of it goes through. Fastest, like the above, for ascending numbers. */
node rules_node(struct rules *rules, const struct cell *cell);

/*
 * Those of the calls in such a cell that each of its rules decides, and then those that none does: all are conditions, and zero where there
 * are no such calls.
 */
typedef void (*rules_visitor)(void *closure, node calls);
void rules_paths(struct rules *rules, const struct cell *cell, node calls, rules_visitor visitor,
                 void *closure);

/* The condition, in an architecture with this word, in front of two functions: on all bits of an argument at once. */
node rules_condition(struct diagram *d, const struct policy_condition *condition, uint64_t word, node then,
                     node otherwise);

#endif
