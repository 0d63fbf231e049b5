/*
 * What a filter does with all calls of a kind.
 */
#ifndef CALLGATE_QUERY_ASK_H
#define CALLGATE_QUERY_ASK_H

#include "base/diag.h"
#include "prove/equivalence.h"
#include "query/query.h"

struct ask_answer {
	enum prove_outcome outcome; /* PROVE_EQUAL: they all get `action`, or there are none */
	bool ever_allows, ever_denies;
	struct prove_witness witness; /* for PROVE_DIFFERENT: a call with another verdict, `actual` */
};

/* Do all calls of one architecture and number that satisfy the query get the action? 0 or -ENOMEM. */
int ask_calls(const struct filter *filter, const struct query *query, uint32_t action, struct diag *diag,
              struct ask_answer *ret_answer);

#endif
