/*
 * What a filter does with calls of a kind, when it does what, and which verdicts are possible for which numbers of an
 * architecture.
 */
#ifndef CALLGATE_QUERY_QUERY_H
#define CALLGATE_QUERY_QUERY_H

#include "base/diag.h"
#include "base/vec.h"
#include "query/proof.h"

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

struct query_answer {
	enum prove_outcome outcome; /* PROVE_EQUAL: they all get `action`, or there are none */
	bool ever_allows, ever_denies;
	struct prove_witness witness; /* for PROVE_DIFFERENT: a call with another verdict, `actual` */
};

/* Do all calls of one architecture and number that satisfy the query get the action? 0 or -ENOMEM. */
int query_calls(const struct filter *filter, const struct query *query, uint32_t action, struct diag *diag,
                struct query_answer *ret_answer);

enum { QUERY_VERDICTS = 16 };

/*
 * Numbers [first, last]: the verdicts that some call with such a number gets. Each was seen from policy_eval() or the
 * simulator.
 */
struct query_ranges_row {
	uint32_t first, last;
	bool ever_allowed, ever_denied;
	bool complete; /* `verdicts` are all of them */
	size_t count;
	uint32_t verdicts[QUERY_VERDICTS];
};

struct query_ranges_result {
	enum prove_outcome outcome; /* PROVE_EQUAL for an answer */
	VEC(struct query_ranges_row) rows;
};

/* All 2^32 numbers of an AUDIT_ARCH value, in ascending order. 0 or -ENOMEM. The caller frees ret_result->rows. */
int query_ranges(const struct filter *filter, uint32_t audit, struct diag *diag,
                 struct query_ranges_result *ret_result);

/*
 * Calls of a query that get one verdict: those that satisfy all conditions, (argument & mask) OP value; argument 6 is
 * the instruction pointer.
 */
struct query_case {
	uint32_t verdict;
	struct seccomp_data example;
	size_t condition_count;
	const struct policy_condition *conditions;
};

struct query_cases {
	enum prove_outcome outcome; /* PROVE_EQUAL for an answer */
	bool complete;              /* each call of the query is in one of the cases, else in one at most */
	ARENA_VEC(struct query_case) list;
};

/*
 * At most `max` cases of the calls of one architecture and number that satisfy the query, in the arena. 0 or -ENOMEM.
 */
int query_cases(const struct filter *filter, const struct query *query, size_t max, struct arena *arena,
                struct diag *diag, struct query_cases *ret_result);

#endif
