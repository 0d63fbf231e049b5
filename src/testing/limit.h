/*
 * Filters that a tested filter is held against: it may allow what the limit allows.
 */
#ifndef CALLGATE_TESTING_LIMIT_H
#define CALLGATE_TESTING_LIMIT_H

#include <callgate/prove.h>

/*
 * A filter that gives `action` to all calls of the architectures, and `elsewhere` to those of all others. 0 or -errno; the caller
 * releases *ret_limit in any case, and callgate_diagnosis(*ret_limit) says what is wrong.
 */
int limit_new(const uint32_t *archs, size_t count, uint32_t action, uint32_t elsewhere,
              scmp_filter_ctx *ret_limit);

/* Allows a call, whatever its arguments; -1, which is no call, is passed over. 0 or -errno. */
int limit_allow(scmp_filter_ctx limit, uint32_t arch, int nr);

/* A call that a filter allows and its limit does not, and both verdicts. */
struct limit_finding {
	struct callgate_call witness;
	uint32_t first, limit;
};

/*
 * 0: the filter allows nothing that `limit` denies. 1: it does, and there is a finding. -EAGAIN: not decided, or a program
 * is refused; others as callgate_compare(). callgate_diagnosis(NULL) says why.
 */
int limit_compare(const struct callgate_filter *filter, const struct callgate_filter *limit,
                  struct limit_finding *ret_finding);

#endif
