#include "api/support.h"

#include <assert.h>
#include <errno.h>

#include <seccomp.h>
#include <callgate/action.h>

#include "api/context.h"

int feature_missing(enum load_feature feature, const char *what, int result, struct diag *diag)
{
	const struct load_feature_facts *facts = load_feature_facts(feature);

	assert(result < 0);
	return diag_fail(diag, result, "%s needs Linux %s (API level %u is in force)",
	                 what ? what : facts->name, facts->since, load_level());
}

int feature_check(enum load_feature feature, int result, struct diag *diag)
{
	return load_has(feature) ? 0 : feature_missing(feature, NULL, result, diag);
}

int action_check(uint32_t action, struct diag *diag)
{
	const struct callgate_action_kind *kind = callgate_action_kind(action);
	uint32_t data = action & SECCOMP_RET_DATA;

	if (!kind || (data && kind->data_max == 0))
		return diag_fail(diag, -EINVAL, "0x%08x is not an action (SCMP_ACT_*)", action);
	if (data > kind->data_max)
		return diag_fail(diag, -EINVAL, "action ERRNO(%u): the kernel knows errno values up to %u",
		                 data, kind->data_max);
	switch (kind->action) {
	case SCMP_ACT_KILL_PROCESS:
		return feature_check(LOAD_ACTION_KILL_PROCESS, -EINVAL, diag);
	case SCMP_ACT_LOG:
		return feature_check(LOAD_ACTION_LOG, -EINVAL, diag);
	case SCMP_ACT_NOTIFY:
		return feature_check(LOAD_ACTION_NOTIFY, -EINVAL, diag);
	default:
		return 0;
	}
}

unsigned int seccomp_api_get(void)
{
	return load_level();
}

int seccomp_api_set(unsigned int level)
{
	if (!load_level_force(level))
		return diag_fail(diag_thread(), -EINVAL, "API level %u: there are 1 to 7", level);
	return 0;
}
