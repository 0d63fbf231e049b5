#include "api/action.h"

#include <errno.h>

#include <seccomp.h>

#include "load/features.h"

enum { ERRNO_MAX = 4095 };

static int check_support(unsigned feature, const char *name, const char *since, struct diag *diag)
{
	if (load_has(feature))
		return 0;
	return diag_fail(diag, -EINVAL, "action %s needs Linux %s (API level %u is in force)", name, since,
	                 load_level());
}

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
		return check_support(LOAD_ACTION_KILL_PROCESS, "KILL_PROCESS", "4.14", diag);
	case SCMP_ACT_LOG:
		return check_support(LOAD_ACTION_LOG, "LOG", "4.14", diag);
	case SCMP_ACT_NOTIFY:
		return check_support(LOAD_ACTION_NOTIFY, "NOTIFY", "5.0", diag);
	default:
		return diag_fail(diag, -EINVAL, "0x%08x is not an action (SCMP_ACT_*)", action);
	}
}
