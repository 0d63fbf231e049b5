/*
 * Calls that together come to everything in a filter to which calls of a kind can come.
 */
#ifndef CALLGATE_QUERY_REACHABLE_H
#define CALLGATE_QUERY_REACHABLE_H

#include "prove/filter_model.h"
#include "query/query.h"
#include "query/witness.h"

typedef void (*reachable_visitor)(void *closure, const struct seccomp_data *call);

/*
 * Visits calls of the query, and of the kernel, whose 32-bit tasks have zeros in the upper halves: for a policy such
 * that each rule that decides any such call decides one of them, and the same of what is no rule; for programs such
 * that each branch that any such call takes, or does not take, is taken by one of them, or not. What is not reached
 * then is not reachable. 0, -ENOMEM, -EDQUOT (the budget is used up), -EOPNOTSUPP (an instruction is not modelled); on
 * failure calls may be missing.
 */
int reachable_visit(const struct filter *filter, const struct query *query, reachable_visitor visitor, void *closure);

/* What a rule has to do with the calls that it matches. Zeroed but for the id; ids of rules are not 0. */
struct reachable_rule {
	uint32_t id;
	bool decides;   /* some call */
	uint32_t other; /* 0, or a rule that decides `call`, which this one matches too */
	struct seccomp_data call;
	witness_fields fields; /* that some rule for such calls looks at */
};

/*
 * Adds what is to be found in a policy. 0 as soon as the rule is known to decide a call, or when all calls are seen; or
 * as reachable_visit().
 */
int reachable_find_rule(const struct policy *policy, struct reachable_rule *rule);

/*
 * A part of the input, or what is computed from it. ORDER callgate_operand: the values of enum callgate_operand in
 * <callgate/simulate.h>
 */
enum reachable_operand { REACHABLE_COMPUTED, REACHABLE_NR, REACHABLE_ARCH, REACHABLE_POINTER, REACHABLE_ARGUMENT };

/*
 * An edge, that is, one way out of a branch: a call that goes there, and what the branch compares then: `mask` of a
 * word, `upper` for the upper half of an argument or of the instruction pointer.
 */
struct reachable_edge {
	bool reached;
	struct seccomp_data call;
	enum reachable_operand operand;
	unsigned argument;
	bool upper;
	uint32_t mask;
};

/*
 * For each instruction of a program that is a branch, where it does not hold [0] and where it does [1]. No call at all
 * leaves where none is reached, if the result is 0; or as reachable_visit(). `edges` has an entry for each instruction,
 * and is zeroed before.
 */
int reachable_branches(const struct callgate_program *program, struct reachable_edge (*edges)[2]);

#endif
