#include "testing/compare.h"

#include <errno.h>

bool compare_is_allowed(uint32_t action)
{
	return (action & 0xffff0000u) == SCMP_ACT_ALLOW || (action & 0xffff0000u) == SCMP_ACT_LOG;
}

int compare_allowed(const struct callgate_side *filter, const struct callgate_side *limit,
                    struct compare_finding *ret_finding)
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
		if (!compare_is_allowed(difference->first) || compare_is_allowed(difference->second))
			continue;
		*ret_finding =
		    (struct compare_finding){difference->witness, difference->first, difference->second};
		result = 1;
	}
	callgate_comparison_free(comparison);
	return result;
}
