/*
 * A kind of calls.
 */
#ifndef CALLGATE_QUERY_QUERY_H
#define CALLGATE_QUERY_QUERY_H

#include "policy/policy.h"
#include "prove/diagram.h"
#include "prove/policy_diagram.h"
#include "prove/region.h"

/* Calls of a region whose arguments satisfy all conditions, which are on 64 bits. */
struct query {
	struct region region;
	size_t condition_count;
	const struct policy_condition *conditions;
};

/* Where the conditions of a query hold. */
static inline node query_node(struct diagram *d, const struct query *query)
{
	node result = d->one;

	for (size_t i = 0; i < query->condition_count; i++)
		result = policy_diagram_condition(d, &query->conditions[i], UINT64_MAX, result, d->zero);
	return result;
}

#endif
