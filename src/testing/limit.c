#include "testing/limit.h"

#include <assert.h>
#include <errno.h>

#include <callgate/rule.h>

int limit_new(const uint32_t *archs, size_t count, uint32_t action, uint32_t elsewhere,
              scmp_filter_ctx *ret_limit)
{
	scmp_filter_ctx limit = seccomp_init(action);

	assert(count > 0);
	*ret_limit = limit;
	if (!limit)
		return -ENOMEM;
	int result = seccomp_attr_set(limit, SCMP_FLTATR_ACT_BADARCH, elsewhere);
	if (result == 0)
		result = seccomp_arch_remove(limit, SCMP_ARCH_NATIVE);
	for (size_t i = 0; i < count && result == 0; i++)
		result = seccomp_arch_add(limit, archs[i]);
	return result;
}

int limit_allow(scmp_filter_ctx limit, uint32_t arch, int nr)
{
	return nr == __NR_SCMP_ERROR ? 0 : callgate_rule_add(limit, arch, SCMP_ACT_ALLOW, nr, 0, NULL);
}

/* ALLOW or LOG. */
static bool is_allowed(uint32_t action)
{
	return (action & 0xffff0000u) == SCMP_ACT_ALLOW || (action & 0xffff0000u) == SCMP_ACT_LOG;
}

int limit_compare(const struct callgate_filter *filter, const struct callgate_filter *limit,
                  struct limit_finding *ret_finding)
{
	struct callgate_comparison *comparison = NULL;
	int result = callgate_compare(filter, limit, SIZE_MAX, &comparison);

	if (result < 0)
		return result;
	result = -EAGAIN;
	if (comparison->relation == CALLGATE_RELATION_EQUAL ||
	    comparison->relation == CALLGATE_RELATION_SAME_ALLOWED ||
	    comparison->relation == CALLGATE_RELATION_SUBSET)
		result = 0;
	for (size_t i = 0; result == -EAGAIN && i < comparison->count; i++) {
		const struct callgate_difference *difference = &comparison->differences[i];
		if (!is_allowed(difference->first) || is_allowed(difference->second))
			continue;
		*ret_finding =
		    (struct limit_finding){difference->witness, difference->first, difference->second};
		result = 1;
	}
	callgate_comparison_free(comparison);
	return result;
}
