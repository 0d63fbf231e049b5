/*
 * Where two filters differ, and what one allows that the other does not; and what holds for a partial call.
 */
#ifndef CALLGATE_PROVE_COMPARE_H
#define CALLGATE_PROVE_COMPARE_H

#include "base/vec.h"
#include "prove/prove.h"

/* Numbers [nr_first, nr_last] of an architecture get one verdict here and another one there, as the witness shows. */
struct compare_difference {
	uint32_t nr_first, nr_last;
	struct prove_witness witness;
};

struct compare_result {
	enum prove_outcome outcome;   /* never PROVE_DIFFERENT if there is no difference in the list */
	bool first_more, second_more; /* allows something that the other does not */
	bool
	    decided; /* if not, the budget ran out before it was known what else they allow, and how they differ */
	bool complete; /* no difference was left out */
	VEC(struct compare_difference) differences;
};

/*
 * At most `max` differences, one for each system call and pair of verdicts. 0 or -ENOMEM. The caller frees
 * ret_result->differences with vec_finish().
 */
int compare_subjects(const struct prove_subject *a, const struct prove_subject *b, size_t max,
                     struct diag *diag, struct compare_result *ret_result);

/* A partial call: all conditions hold. */
struct compare_query {
	uint32_t arch, nr; /* as in struct seccomp_data */
	size_t condition_count;
	const struct policy_condition *conditions; /* 64 bits wide, mask set */
};

/* What the subject does with the calls of a query. */
struct compare_answer {
	enum prove_outcome outcome; /* PROVE_EQUAL: they all get `action`, or there are none */
	bool ever_allows, ever_denies;
	struct prove_witness witness; /* for PROVE_DIFFERENT: a call with another verdict, `actual` */
};

/* 0 or -ENOMEM. */
int compare_ask(const struct prove_subject *subject, const struct compare_query *query, uint32_t action,
                struct diag *diag, struct compare_answer *ret_answer);

#endif
