/*
 * Where two filters differ, and what one allows that the other does not.
 */
#ifndef CALLGATE_QUERY_DIFFERENCES_H
#define CALLGATE_QUERY_DIFFERENCES_H

#include "base/diag.h"
#include "query/proof.h"

/*
 * Every number from nr_first to nr_last of an architecture that has nr_value under nr_mask gets one verdict here and
 * another one there, as the witness shows. The first and the last one are among them. A mask of 0: all numbers.
 */
struct difference {
	uint32_t nr_first, nr_last, nr_mask, nr_value;
	struct prove_witness witness;
};

struct differences {
	enum prove_outcome outcome;   /* never PROVE_DIFFERENT if there is no difference in the list */
	bool first_more, second_more; /* allows something that the other does not */
	bool decided;                 /* if not, it is not known what else they allow, and how else they differ */
	bool complete;                /* no difference was left out */
	VEC(struct difference) list;
};

/*
 * At most `max` differences, one for each system call and pair of verdicts. 0 or -ENOMEM. The caller frees
 * ret_result->list with vec_finish().
 */
int differences_find(const struct filter *a, const struct filter *b, size_t max, struct diag *diag,
                     struct differences *ret_result);

#endif
