#include "api/action.h"

#include <errno.h>

#include <seccomp.h>

#include "api/feature.h"

enum { ERRNO_MAX = 4095 };

int action_check(uint32_t action, struct diag *diag)
{
	uint32_t data = action & SECCOMP_RET_DATA;

	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SCMP_ACT_TRAP:
	case SCMP_ACT_TRACE(0):
		return 0;
	case SCMP_ACT_ERRNO(0):
		if (data > ERRNO_MAX)
			return diag_fail(diag, -EINVAL,
			                 "action ERRNO(%u): the kernel knows errno values up to %u", data,
			                 ERRNO_MAX);
		return 0;
	}
	switch (action) {
	case SCMP_ACT_KILL_THREAD:
	case SCMP_ACT_ALLOW:
		return 0;
	case SCMP_ACT_KILL_PROCESS:
		return feature_check(LOAD_ACTION_KILL_PROCESS, -EINVAL, diag);
	case SCMP_ACT_LOG:
		return feature_check(LOAD_ACTION_LOG, -EINVAL, diag);
	case SCMP_ACT_NOTIFY:
		return feature_check(LOAD_ACTION_NOTIFY, -EINVAL, diag);
	default:
		return diag_fail(diag, -EINVAL, "0x%08x is not an action (SCMP_ACT_*)", action);
	}
}
