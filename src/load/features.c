#include "load/features.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/seccomp.h>

#include "load/kernel.h"

static _Atomic unsigned known_level; /* 0: not probed yet */

/* A flag that the kernel knows gets as far as the missing program: EFAULT. */
static bool has_flag(unsigned flags)
{
	return kernel_seccomp(SECCOMP_SET_MODE_FILTER, flags, NULL) == -EFAULT;
}

static bool has_action(uint32_t action)
{
	return kernel_seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

static bool has_level(unsigned level)
{
	struct seccomp_notif_sizes sizes;

	switch (level) {
	case LOAD_LEVEL_TSYNC:
		return kernel_seccomp(SECCOMP_SET_MODE_STRICT, 1, NULL) == -EINVAL &&
		       has_flag(SECCOMP_FILTER_FLAG_TSYNC);
	case LOAD_LEVEL_LOG:
		return has_flag(SECCOMP_FILTER_FLAG_LOG) && has_action(SECCOMP_RET_LOG) &&
		       has_action(SECCOMP_RET_KILL_PROCESS);
	case LOAD_LEVEL_SPEC_ALLOW:
		return has_flag(SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	case LOAD_LEVEL_NOTIFY:
		return has_flag(SECCOMP_FILTER_FLAG_NEW_LISTENER) &&
		       kernel_seccomp(SECCOMP_GET_NOTIF_SIZES, 0, &sizes) == 0;
	case LOAD_LEVEL_TSYNC_ESRCH:
		return has_flag(SECCOMP_FILTER_FLAG_TSYNC_ESRCH);
	case LOAD_LEVEL_WAIT_KILLABLE:
		return has_flag(SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	default:
		return false;
	}
}

unsigned load_features_level(void)
{
	unsigned level = atomic_load(&known_level);

	if (level)
		return level;
	for (level = LOAD_LEVEL_PRCTL; has_level(level + 1);)
		level++;
	unsigned unknown = 0;
	return atomic_compare_exchange_strong(&known_level, &unknown, level) ? level : unknown;
}

bool load_features_force(unsigned level)
{
	if (level < LOAD_LEVEL_PRCTL || level > LOAD_LEVEL_WAIT_KILLABLE)
		return false;
	atomic_store(&known_level, level);
	return true;
}
