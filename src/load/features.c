#include "load/features.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/seccomp.h>

#include "load/kernel.h"

/* Set in the word of a process that has probed, so that the word of a kernel without any feature is not zero. */
enum { PROBED = 1 << 30 };
static _Atomic unsigned known;

/* Row i: what level i needs beyond level i - 1. */
static const unsigned levels[] = {
    [2] = LOAD_SECCOMP | LOAD_TSYNC, [3] = LOAD_LOG | LOAD_ACTION_LOG | LOAD_ACTION_KILL_PROCESS,
    [4] = LOAD_SPEC_ALLOW,           [5] = LOAD_NEW_LISTENER | LOAD_ACTION_NOTIFY,
    [6] = LOAD_TSYNC_ESRCH,          [7] = LOAD_WAIT_KILLABLE,
};
enum { LEVEL_MIN = 1, LEVEL_MAX = sizeof(levels) / sizeof(levels[0]) - 1 };

/* A flag that the kernel knows gets as far as the missing program: EFAULT. */
static unsigned probe_flag(unsigned feature, unsigned flags)
{
	return kernel_seccomp(SECCOMP_SET_MODE_FILTER, flags, NULL) == -EFAULT ? feature : 0;
}

static unsigned probe_action(unsigned feature, uint32_t action)
{
	return kernel_seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0 ? feature : 0;
}

static unsigned probe_notification(void)
{
	struct seccomp_notif_sizes sizes;

	return kernel_seccomp(SECCOMP_GET_NOTIF_SIZES, 0, &sizes) == 0 ? LOAD_ACTION_NOTIFY : 0;
}

static unsigned probe(void)
{
	/*
	 * Strict mode takes no flags, so this asks without doing anything. The second question is for a filter around us that
	 * answers EINVAL to every seccomp(2): filters then load through prctl(2).
	 */
	if (kernel_seccomp(SECCOMP_SET_MODE_STRICT, 1, NULL) != -EINVAL || !probe_flag(LOAD_SECCOMP, 0))
		return PROBED;
	unsigned features =
	    LOAD_SECCOMP | probe_flag(LOAD_TSYNC, SECCOMP_FILTER_FLAG_TSYNC) |
	    probe_flag(LOAD_LOG, SECCOMP_FILTER_FLAG_LOG) | probe_action(LOAD_ACTION_LOG, SECCOMP_RET_LOG) |
	    probe_action(LOAD_ACTION_KILL_PROCESS, SECCOMP_RET_KILL_PROCESS) |
	    probe_flag(LOAD_SPEC_ALLOW, SECCOMP_FILTER_FLAG_SPEC_ALLOW) |
	    probe_flag(LOAD_NEW_LISTENER, SECCOMP_FILTER_FLAG_NEW_LISTENER) | probe_notification() |
	    probe_flag(LOAD_TSYNC_ESRCH, SECCOMP_FILTER_FLAG_TSYNC_ESRCH);
	/* Alone the kernel refuses it whether it knows it or not. */
	if (features & LOAD_NEW_LISTENER)
		features |= probe_flag(LOAD_WAIT_KILLABLE, SECCOMP_FILTER_FLAG_NEW_LISTENER |
		                                               SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	return PROBED | features;
}

/* Threads that probe at once find the same; a level forced in between wins. */
static unsigned known_word(void)
{
	unsigned word = atomic_load(&known), unknown = 0;

	if (word)
		return word;
	word = probe();
	return atomic_compare_exchange_strong(&known, &unknown, word) ? word : unknown;
}

bool load_has(unsigned features)
{
	return (known_word() & features) == features;
}

unsigned load_level(void)
{
	unsigned level = LEVEL_MIN, word = known_word();

	while (level < LEVEL_MAX && (word & levels[level + 1]) == levels[level + 1])
		level++;
	return level;
}

bool load_level_force(unsigned level)
{
	unsigned word = PROBED;

	if (level < LEVEL_MIN || level > LEVEL_MAX)
		return false;
	for (unsigned i = LEVEL_MIN + 1; i <= level; i++)
		word |= levels[i];
	atomic_store(&known, word);
	return true;
}
