/*
 * A kind of calls.
 */
#ifndef CALLGATE_QUERY_QUERY_H
#define CALLGATE_QUERY_QUERY_H

#include "policy/policy.h"
#include "prove/cell.h"
#include "prove/diagram.h"

/* Calls with these architectures and numbers (as in struct seccomp_data) whose arguments satisfy all conditions, which are on 64 bits. */
struct query {
	struct cell cell;
	size_t condition_count;
	const struct policy_condition *conditions;
};

/* Where the conditions of a query hold. */
node query_node(struct diagram *d, const struct query *query);

#endif
