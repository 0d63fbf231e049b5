#include "api/action.h"

#include <errno.h>

#include <seccomp.h>
#include <callgate/action.h>

#include "api/context.h"
#include "api/feature.h"
#include "arch/actions.h"

int action_check(uint32_t action, struct diag *diag)
{
	const struct callgate_action_kind *kind = action_kind(action);
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

const struct callgate_action_kind *callgate_action_kind_at(size_t index)
{
	return action_kind_at(index);
}

const struct callgate_action_kind *callgate_action_kind(uint32_t action)
{
	return action_kind(action);
}

const struct callgate_action_kind *callgate_action_kind_find(const char *name)
{
	return action_kind_by_name(name);
}

void callgate_action_text(uint32_t action, char ret_text[CALLGATE_ACTION_TEXT])
{
	if (ret_text)
		action_text(action, ret_text);
}

int callgate_action_parse(const char *text, uint32_t *ret_action)
{
	return action_parse(text, ret_action, diag_thread());
}

uint32_t callgate_action_strictest(uint32_t newest, uint32_t older)
{
	return action_strictest(newest, older);
}
