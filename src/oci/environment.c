#include "oci/environment.h"

#include <assert.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <seccomp.h>

#include "base/similar.h"

#define CAPABILITY_PREFIX "CAP_"
enum { PREFIX_LENGTH = sizeof(CAPABILITY_PREFIX) - 1 };

/* By number (capabilities(7), Linux 6.18). */
static const char *const capabilities[] = {"CAP_CHOWN",
                                           "CAP_DAC_OVERRIDE",
                                           "CAP_DAC_READ_SEARCH",
                                           "CAP_FOWNER",
                                           "CAP_FSETID",
                                           "CAP_KILL",
                                           "CAP_SETGID",
                                           "CAP_SETUID",
                                           "CAP_SETPCAP",
                                           "CAP_LINUX_IMMUTABLE",
                                           "CAP_NET_BIND_SERVICE",
                                           "CAP_NET_BROADCAST",
                                           "CAP_NET_ADMIN",
                                           "CAP_NET_RAW",
                                           "CAP_IPC_LOCK",
                                           "CAP_IPC_OWNER",
                                           "CAP_SYS_MODULE",
                                           "CAP_SYS_RAWIO",
                                           "CAP_SYS_CHROOT",
                                           "CAP_SYS_PTRACE",
                                           "CAP_SYS_PACCT",
                                           "CAP_SYS_ADMIN",
                                           "CAP_SYS_BOOT",
                                           "CAP_SYS_NICE",
                                           "CAP_SYS_RESOURCE",
                                           "CAP_SYS_TIME",
                                           "CAP_SYS_TTY_CONFIG",
                                           "CAP_MKNOD",
                                           "CAP_LEASE",
                                           "CAP_AUDIT_WRITE",
                                           "CAP_AUDIT_CONTROL",
                                           "CAP_SETFCAP",
                                           "CAP_MAC_OVERRIDE",
                                           "CAP_MAC_ADMIN",
                                           "CAP_SYSLOG",
                                           "CAP_WAKE_ALARM",
                                           "CAP_BLOCK_SUSPEND",
                                           "CAP_AUDIT_READ",
                                           "CAP_PERFMON",
                                           "CAP_BPF",
                                           "CAP_CHECKPOINT_RESTORE"};
enum { CAPABILITIES = sizeof(capabilities) / sizeof(capabilities[0]) };
_Static_assert(CAPABILITIES <= 64, "struct environment has one bit for each");

static bool has_prefix(const char *name)
{
	return strncasecmp(name, CAPABILITY_PREFIX, PREFIX_LENGTH) == 0;
}

int capability_find(const char *name)
{
	for (int i = 0; i < CAPABILITIES; i++)
		if (strcasecmp(capabilities[i] + PREFIX_LENGTH,
		               has_prefix(name) ? name + PREFIX_LENGTH : name) == 0)
			return i;
	return -1;
}

const char *capability_name(int number)
{
	assert(number >= 0 && number < CAPABILITIES);
	return capabilities[number];
}

const char *capability_closest(const char *name)
{
	size_t skipped = has_prefix(name) ? 0 : PREFIX_LENGTH;
	struct similar similar = similar_start(name);

	if (capability_find(name) >= 0)
		return capability_name(capability_find(name));
	for (int i = 0; i < CAPABILITIES; i++)
		similar_offer(&similar, capabilities[i] + skipped);
	return similar.best ? similar.best - skipped : NULL;
}

int environment_add_capability(struct environment *environment, const char *name, struct diag *diag)
{
	int capability = name ? capability_find(name) : -1;
	const char *closest = name && capability < 0 ? capability_closest(name) : NULL;

	if (closest)
		return diag_fail(diag, -EINVAL, "there is no capability \"%s\"; did you mean \"%s\"?", name,
		                 closest);
	if (name && capability < 0)
		return diag_fail(diag, -EINVAL, "there is no capability \"%s\"", name);
	environment->has_capabilities = true;
	if (name)
		environment->capabilities |= UINT64_C(1) << capability;
	return 0;
}

/* Decimal digits, nothing else; at most six of them, so that no number overflows. */
static const char *parse_number(const char *text, unsigned int *ret_number)
{
	unsigned int number = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 6)
		return NULL;
	for (size_t i = 0; i < digits; i++)
		number = number * 10 + (unsigned int)(text[i] - '0');
	*ret_number = number;
	return text + digits;
}

bool kernel_version_parse(const char *text, bool rest, struct kernel_version *ret_version)
{
	struct kernel_version version;
	const char *at = parse_number(text, &version.major);

	if (!at || *at != '.')
		return false;
	at = parse_number(at + 1, &version.minor);
	if (!at || (*at && !rest))
		return false;
	*ret_version = version;
	return true;
}

int environment_set_kernel(struct environment *environment, const char *version, struct diag *diag)
{
	if (!version || !kernel_version_parse(version, true, &environment->kernel))
		return diag_fail(diag, -EINVAL, "\"%s\" is not a kernel version such as \"6.1\"",
		                 version ? version : "NULL");
	environment->has_kernel = true;
	return 0;
}

int environment_add_arch(struct environment *environment, uint32_t token, struct diag *diag)
{
	const struct callgate_arch *arch = callgate_arch_find(token);

	if (!arch)
		return diag_fail(diag, -EINVAL, "there is no architecture 0x%08x", token);
	for (size_t i = 0; i < environment->archs.count; i++) {
		if (environment->archs.items[i] == arch)
			return diag_fail(diag, -EEXIST, "architecture %s is given twice", arch->name);
		if (environment->archs.items[i]->big_endian != arch->big_endian)
			return diag_fail(diag, -EDOM,
			                 "%s has another byte order than %s: one filter can't hold both",
			                 arch->name, environment->archs.items[i]->name);
	}
	if (!vec_push(&environment->archs, arch))
		return diag_fail(diag, -ENOMEM, "out of memory for an architecture");
	return 0;
}

void environment_finish(struct environment *environment)
{
	vec_finish(&environment->archs);
}

/* The permitted set: what the process can use now, and under no_new_privs all that it can ever have. */
static bool ask_capabilities(uint64_t *ret_capabilities)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	*ret_capabilities = (uint64_t)data[1].permitted << 32 | data[0].permitted;
	return true;
}

int environment_complete(struct environment *environment, struct diag *diag)
{
	struct utsname name;

	if (!environment->has_capabilities && !ask_capabilities(&environment->capabilities))
		return diag_fail(diag, -EIO, "the process's capabilities are unknown: %s", strerror(errno));
	environment->has_capabilities = true;
	if (environment->has_kernel)
		return 0;
	if (uname(&name) < 0 || !kernel_version_parse(name.release, true, &environment->kernel))
		return diag_fail(diag, -EIO, "the kernel's version is unknown: give one");
	environment->has_kernel = true;
	return 0;
}

const struct callgate_arch *environment_machine(const struct environment *environment)
{
	return environment->archs.count ? environment->archs.items[0] : callgate_arch_find(SCMP_ARCH_NATIVE);
}
