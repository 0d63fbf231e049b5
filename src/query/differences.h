/*
 * Where two filters differ, and what one allows that the other does not.
 */
#ifndef CALLGATE_QUERY_DIFFERENCES_H
#define CALLGATE_QUERY_DIFFERENCES_H

#include "base/diag.h"
#include "base/vec.h"
#include "prove/equivalence.h"

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

#endif
