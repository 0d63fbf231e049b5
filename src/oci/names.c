#include "oci/names.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include <seccomp.h>

#include "base/similar.h"

const struct names_word names_comparisons[] = {
    {"SCMP_CMP_NE", SCMP_CMP_NE},
    {"SCMP_CMP_LT", SCMP_CMP_LT},
    {"SCMP_CMP_LE", SCMP_CMP_LE},
    {"SCMP_CMP_EQ", SCMP_CMP_EQ},
    {"SCMP_CMP_GE", SCMP_CMP_GE},
    {"SCMP_CMP_GT", SCMP_CMP_GT},
    {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
    {NULL, 0},
};

const struct names_word names_flags[] = {
    {"SECCOMP_FILTER_FLAG_TSYNC", SCMP_FLTATR_CTL_TSYNC},
    {"SECCOMP_FILTER_FLAG_LOG", SCMP_FLTATR_CTL_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SCMP_FLTATR_CTL_SSB},
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SCMP_FLTATR_CTL_WAITKILL},
    {NULL, 0},
};

const struct names_word names_errors[] = {
#define ERROR(name) {#name, name},
#include "base/errors.inc"
#undef ERROR
    {NULL, 0},
};

#define CAPABILITY_PREFIX "CAP_"

const struct names_word names_capabilities[] = {
    {"CAP_CHOWN", 0},
    {"CAP_DAC_OVERRIDE", 1},
    {"CAP_DAC_READ_SEARCH", 2},
    {"CAP_FOWNER", 3},
    {"CAP_FSETID", 4},
    {"CAP_KILL", 5},
    {"CAP_SETGID", 6},
    {"CAP_SETUID", 7},
    {"CAP_SETPCAP", 8},
    {"CAP_LINUX_IMMUTABLE", 9},
    {"CAP_NET_BIND_SERVICE", 10},
    {"CAP_NET_BROADCAST", 11},
    {"CAP_NET_ADMIN", 12},
    {"CAP_NET_RAW", 13},
    {"CAP_IPC_LOCK", 14},
    {"CAP_IPC_OWNER", 15},
    {"CAP_SYS_MODULE", 16},
    {"CAP_SYS_RAWIO", 17},
    {"CAP_SYS_CHROOT", 18},
    {"CAP_SYS_PTRACE", 19},
    {"CAP_SYS_PACCT", 20},
    {"CAP_SYS_ADMIN", 21},
    {"CAP_SYS_BOOT", 22},
    {"CAP_SYS_NICE", 23},
    {"CAP_SYS_RESOURCE", 24},
    {"CAP_SYS_TIME", 25},
    {"CAP_SYS_TTY_CONFIG", 26},
    {"CAP_MKNOD", 27},
    {"CAP_LEASE", 28},
    {"CAP_AUDIT_WRITE", 29},
    {"CAP_AUDIT_CONTROL", 30},
    {"CAP_SETFCAP", 31},
    {"CAP_MAC_OVERRIDE", 32},
    {"CAP_MAC_ADMIN", 33},
    {"CAP_SYSLOG", 34},
    {"CAP_WAKE_ALARM", 35},
    {"CAP_BLOCK_SUSPEND", 36},
    {"CAP_AUDIT_READ", 37},
    {"CAP_PERFMON", 38},
    {"CAP_BPF", 39},
    {"CAP_CHECKPOINT_RESTORE", 40},
    {NULL, 0},
};

const struct names_word *names_find(const struct names_word *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

const struct names_word *names_find_value(const struct names_word *table, uint32_t value)
{
	for (; table->name; table++)
		if (table->value == value)
			return table;
	return NULL;
}

const char *names_closest(const struct names_word *table, const char *name)
{
	struct similar similar = similar_start(name);

	for (; table->name; table++)
		similar_offer(&similar, table->name);
	return similar.best;
}

const char *names_closest_capability(const char *name)
{
	struct similar similar = similar_start(name);
	size_t prefix =
	    strncasecmp(name, CAPABILITY_PREFIX, strlen(CAPABILITY_PREFIX)) ? strlen(CAPABILITY_PREFIX) : 0;
	const char *best = NULL;

	for (const struct names_word *word = names_capabilities; word->name; word++) {
		similar_offer(&similar, word->name + prefix);
		if (similar.best == word->name + prefix)
			best = word->name;
	}
	return best;
}

const struct names_word *names_capability(const char *name)
{
	size_t prefix = strlen(CAPABILITY_PREFIX);

	if (strncasecmp(name, CAPABILITY_PREFIX, prefix) == 0)
		name += prefix;
	for (const struct names_word *word = names_capabilities; word->name; word++)
		if (strcasecmp(word->name + prefix, name) == 0)
			return word;
	return NULL;
}
