/*
 * Which verdicts are possible for which numbers of an architecture.
 */
#ifndef CALLGATE_QUERY_RANGES_H
#define CALLGATE_QUERY_RANGES_H

#include "base/diag.h"
#include "base/vec.h"
#include "prove/equivalence.h"

enum { RANGES_VERDICTS = 16 };

/* Numbers [first, last]: the verdicts that some call with such a number gets. Each was seen from policy_eval() or the simulator. */
struct ranges_row {
	uint32_t first, last;
	bool ever_allowed, ever_denied;
	bool complete; /* `verdicts` are all of them */
	size_t count;
	uint32_t verdicts[RANGES_VERDICTS];
};

struct ranges_result {
	enum prove_outcome outcome; /* PROVE_EQUAL for an answer */
	VEC(struct ranges_row) rows;
};

/* All 2^32 numbers of an AUDIT_ARCH value, in ascending order. 0 or -ENOMEM. The caller frees ret_result->rows. */
int ranges_find(const struct filter *filter, uint32_t audit, struct diag *diag,
                struct ranges_result *ret_result);

#endif
