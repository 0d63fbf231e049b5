#include "load/features.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/seccomp.h>

#include "base/raw.h"

/*
 * PROBED is set in the word of a process that has probed, so that the word of a kernel without any feature is not zero.
 */
enum { PROBED = 1 << 30, FAKED = 1 << 29 };
static _Atomic unsigned known, found; /* what is believed, or 0; all that was ever probed */

/* In the order of their levels, and a flag after those that it needs. */
static const struct load_feature_facts facts[] = {
    {LOAD_SECCOMP, 2, 0, 0, "seccomp(2)", "3.17"},
    {LOAD_TSYNC, 2, SECCOMP_FILTER_FLAG_TSYNC, SECCOMP_FILTER_FLAG_TSYNC, "CTL_TSYNC", "3.17"},
    {LOAD_LOG, 3, SECCOMP_FILTER_FLAG_LOG, SECCOMP_FILTER_FLAG_LOG, "CTL_LOG", "4.14"},
    {LOAD_ACTION_LOG, 3, 0, 0, "action LOG", "4.14"},
    {LOAD_ACTION_KILL_PROCESS, 3, 0, 0, "action KILL_PROCESS", "4.14"},
    {LOAD_SPEC_ALLOW, 4, SECCOMP_FILTER_FLAG_SPEC_ALLOW, SECCOMP_FILTER_FLAG_SPEC_ALLOW, "CTL_SSB", "4.17"},
    {LOAD_NEW_LISTENER, 5, SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_FILTER_FLAG_NEW_LISTENER, "NOTIFY", "5.0"},
    {LOAD_ACTION_NOTIFY, 5, 0, 0, "action NOTIFY", "5.0"},
    {LOAD_TSYNC_ESRCH, 6, SECCOMP_FILTER_FLAG_TSYNC_ESRCH, SECCOMP_FILTER_FLAG_TSYNC_ESRCH, "TSYNC_ESRCH", "5.7"},
    {LOAD_WAIT_KILLABLE, 7, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
     SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV | SECCOMP_FILTER_FLAG_NEW_LISTENER, "CTL_WAITKILL", "5.19"},
};
enum { FACTS = sizeof(facts) / sizeof(facts[0]), LEVEL_MIN = 1, LEVEL_MAX = 7 };

const struct load_feature_facts *load_feature_facts(enum load_feature feature)
{
	size_t i = 0;

	while (i < FACTS && facts[i].feature != feature)
		i++;
	assert(i < FACTS);
	return &facts[i];
}

/* A flag that the kernel knows gets as far as the missing program: EFAULT. */
static bool is_flag_known(unsigned flags)
{
	return raw_seccomp(SECCOMP_SET_MODE_FILTER, flags, NULL) == -EFAULT;
}

const struct load_feature_facts *load_refused_flag(unsigned flags)
{
	/* Where no flag at all is taken, it is no flag that is refused. */
	if (!flags || !is_flag_known(0))
		return NULL;
	for (size_t i = 0; i < FACTS; i++)
		if (flags & facts[i].flag && !is_flag_known(facts[i].together))
			return &facts[i];
	return NULL;
}

/* Flags that need one which is not there are not asked about. */
static unsigned probe_flags(void)
{
	unsigned features = 0, refused = 0;

	for (size_t i = 0; i < FACTS; i++) {
		if (!facts[i].flag)
			continue;
		if (!(facts[i].together & refused) && is_flag_known(facts[i].together))
			features |= facts[i].feature;
		else
			refused |= facts[i].flag;
	}
	return features;
}

static unsigned probe_by(unsigned operation, void *argument, unsigned feature)
{
	return raw_seccomp(operation, 0, argument) == 0 ? feature : 0;
}

static unsigned probe(void)
{
	uint32_t log = SECCOMP_RET_LOG, kill_process = SECCOMP_RET_KILL_PROCESS;
	struct seccomp_notif_sizes sizes;
	int strict = raw_seccomp(SECCOMP_SET_MODE_STRICT, 1, NULL);

	/*
	 * Strict mode takes no flags, so this asks without doing anything. The second question is for a filter around
	 * us that answers EINVAL to every seccomp(2): filters then load through prctl(2).
	 */
	if (strict >= 0)
		return FAKED | PROBED;
	if (strict != -EINVAL || !is_flag_known(0))
		return PROBED;
	return PROBED | LOAD_SECCOMP | probe_flags() | probe_by(SECCOMP_GET_ACTION_AVAIL, &log, LOAD_ACTION_LOG) |
	       probe_by(SECCOMP_GET_ACTION_AVAIL, &kill_process, LOAD_ACTION_KILL_PROCESS) |
	       probe_by(SECCOMP_GET_NOTIF_SIZES, &sizes, LOAD_ACTION_NOTIFY);
}

/* Threads that probe at once find the same; a level forced in between wins. */
static unsigned known_word(void)
{
	unsigned word = atomic_load(&known), unknown = 0;

	if (word)
		return word;
	word = probe();
	assert(word & PROBED);
	/* The kernel still has what a filter hides by now. */
	word |= atomic_fetch_or(&found, word & ~(unsigned)FAKED);
	return atomic_compare_exchange_strong(&known, &unknown, word) ? word : unknown;
}

bool load_has(unsigned features)
{
	return (known_word() & features) == features;
}

bool load_is_faked(void)
{
	return known_word() & FAKED;
}

/* All that the levels up to this one need. */
static unsigned needed_by(unsigned level)
{
	unsigned features = 0;

	for (size_t i = 0; i < FACTS; i++)
		if (facts[i].level <= level)
			features |= facts[i].feature;
	return features;
}

unsigned load_level(void)
{
	unsigned level = LEVEL_MIN, word = known_word();

	while (level < LEVEL_MAX && (word & needed_by(level + 1)) == needed_by(level + 1))
		level++;
	assert(level >= LEVEL_MIN && level <= LEVEL_MAX);
	return level;
}

bool load_level_force(unsigned level)
{
	if (level < LEVEL_MIN || level > LEVEL_MAX)
		return false;
	atomic_store(&known, PROBED | needed_by(level));
	return true;
}

void load_level_forget(void)
{
	atomic_store(&known, 0);
}
