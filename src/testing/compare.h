#ifndef CALLGATE_TESTING_COMPARE_H
#define CALLGATE_TESTING_COMPARE_H

#include <stdbool.h>

#include <callgate/prove.h>

/* ALLOW or LOG. */
bool compare_is_allowed(uint32_t action);

/* A call that the first allows and the limit does not, and both verdicts. */
struct compare_finding {
	struct callgate_call witness;
	uint32_t first, limit;
};

/*
 * 0: the filter allows nothing that `limit` denies. 1: it does, and there is a finding. -EAGAIN: not decided, or a program
 * is refused; others as callgate_compare(). callgate_diagnosis(NULL) says why.
 */
int compare_allowed(const struct callgate_side *filter, const struct callgate_side *limit,
                    struct compare_finding *ret_finding);

#endif
