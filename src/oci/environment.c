#include "oci/profile_handle.h"

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

#include "base/strbuf.h"

#define CAPABILITY_PREFIX "CAP_"
enum { PREFIX_LENGTH = sizeof(CAPABILITY_PREFIX) - 1 };

#define CAP(name) CAPABILITY_PREFIX #name
/* By number (capabilities(7), Linux 6.18). */
#define BY_NUMBER                                                                                              \
	CAP(CHOWN), CAP(DAC_OVERRIDE), CAP(DAC_READ_SEARCH), CAP(FOWNER), CAP(FSETID), CAP(KILL), CAP(SETGID), \
	    CAP(SETUID), CAP(SETPCAP), CAP(LINUX_IMMUTABLE), CAP(NET_BIND_SERVICE), CAP(NET_BROADCAST),        \
	    CAP(NET_ADMIN), CAP(NET_RAW), CAP(IPC_LOCK), CAP(IPC_OWNER), CAP(SYS_MODULE), CAP(SYS_RAWIO),      \
	    CAP(SYS_CHROOT), CAP(SYS_PTRACE), CAP(SYS_PACCT), CAP(SYS_ADMIN), CAP(SYS_BOOT), CAP(SYS_NICE),    \
	    CAP(SYS_RESOURCE), CAP(SYS_TIME), CAP(SYS_TTY_CONFIG), CAP(MKNOD), CAP(LEASE), CAP(AUDIT_WRITE),   \
	    CAP(AUDIT_CONTROL), CAP(SETFCAP), CAP(MAC_OVERRIDE), CAP(MAC_ADMIN), CAP(SYSLOG), CAP(WAKE_ALARM), \
	    CAP(BLOCK_SUSPEND), CAP(AUDIT_READ), CAP(PERFMON), CAP(BPF), CAP(CHECKPOINT_RESTORE)
static const char *const capabilities[] = {BY_NUMBER};
enum { CAPABILITIES = sizeof(capabilities) / sizeof(capabilities[0]) };
_Static_assert(CAPABILITIES <= 64, "struct environment has one bit for each");

static bool has_prefix(const char *name)
{
	return strncasecmp(name, CAPABILITY_PREFIX, PREFIX_LENGTH) == 0;
}

int capability_find(const char *name)
{
	for (int i = 0; i < CAPABILITIES; i++)
		if (strcasecmp(capabilities[i] + PREFIX_LENGTH, has_prefix(name) ? name + PREFIX_LENGTH : name) == 0)
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
	if (!environment->has_kernel && environment->baseline.major) {
		environment->kernel = environment->baseline;
		environment->has_kernel = true;
	}
	if (environment->has_kernel)
		return 0;
	if (uname(&name) < 0 || !kernel_version_parse(name.release, true, &environment->kernel))
		return diag_fail(diag, -EIO, "the kernel's version is unknown: give one");
	environment->has_kernel = true;
	return 0;
}

const struct callgate_arch *environment_machine(const struct environment *environment)
{
	if (environment->machine)
		return environment->machine;
	return environment->archs.count ? environment->archs.items[0] : callgate_arch_find(SCMP_ARCH_NATIVE);
}

/* ---- the public setters ---- */

/* 0 if the environment may still be changed. */
static int start_change(struct callgate_profile *profile)
{
	if (!profile)
		return -EINVAL;
	diag_clear(&profile->diag);
	if (profile->was_read)
		return diag_fail(&profile->diag, -EBUSY, "the profile was read already: its environment is fixed");
	return 0;
}

int callgate_profile_set_option(struct callgate_profile *profile, enum callgate_profile_option option, uint32_t value)
{
	static const uint32_t largest[] = {
	    [CALLGATE_PROFILE_SAME_ARGUMENT] = CALLGATE_SAME_ARGUMENT_AND,
	    [CALLGATE_PROFILE_STRICT] = UINT32_MAX,
	    [CALLGATE_PROFILE_UNKNOWN_CALLS] = CALLGATE_UNKNOWN_CALLS_NAMED,
	    [CALLGATE_PROFILE_OPEN_SOCKETCALL] = UINT32_MAX,
	    [CALLGATE_PROFILE_DEFAULT_ERRNO] = ERRNO_MAX,
	    [CALLGATE_PROFILE_LIKE] = CALLGATE_PROFILE_LIKE_CRUN,
	};
	int result = start_change(profile);

	if (result < 0)
		return result;
	if ((int)option < CALLGATE_PROFILE_SAME_ARGUMENT || option > CALLGATE_PROFILE_LIKE)
		return diag_fail(&profile->diag, -EINVAL, "there is no option %d", (int)option);
	if (value > largest[option])
		return diag_fail(&profile->diag, -EINVAL, "option %d has no value %u", (int)option, value);
	profile->options[option] = value;
	return 0;
}

int callgate_profile_add_capability(struct callgate_profile *profile, const char *name)
{
	int result = start_change(profile);

	if (result < 0)
		return result;
	int capability = name ? capability_find(name) : -1;
	const char *closest = name && capability < 0 ? capability_closest(name) : NULL;
	if (closest)
		return diag_fail(&profile->diag, -EINVAL, "there is no capability \"%s\"; did you mean \"%s\"?", name,
		                 closest);
	if (name && capability < 0)
		return diag_fail(&profile->diag, -EINVAL, "there is no capability \"%s\"", name);
	profile->environment.has_capabilities = true;
	if (name)
		profile->environment.capabilities |= UINT64_C(1) << capability;
	return 0;
}

int callgate_profile_set_kernel(struct callgate_profile *profile, const char *version)
{
	int result = start_change(profile);

	if (result < 0)
		return result;
	bool is_baseline = version && strncmp(version, ">=", 2) == 0;
	struct kernel_version *place = is_baseline ? &profile->environment.baseline : &profile->environment.kernel;
	if (!version || !kernel_version_parse(is_baseline ? version + 2 : version, !is_baseline, place))
		return diag_fail(&profile->diag, -EINVAL,
		                 "\"%s\" is not a kernel version such as \"6.1\" or \">=5.10\"",
		                 version ? version : "NULL");
	if (is_baseline && place->major == 0)
		return diag_fail(&profile->diag, -EINVAL, "\"%s\": there is no Linux before 1.0", version);
	profile->environment.has_kernel |= !is_baseline;
	return 0;
}

int callgate_profile_set_machine(struct callgate_profile *profile, uint32_t token)
{
	const struct callgate_arch *machine = callgate_arch_find(token);
	int result = start_change(profile);

	if (result < 0)
		return result;
	if (!machine)
		return diag_fail(&profile->diag, -EINVAL, "there is no architecture 0x%08x", token);
	profile->environment.machine = machine;
	return 0;
}

int callgate_profile_add_arch(struct callgate_profile *profile, uint32_t token)
{
	const struct callgate_arch *arch = callgate_arch_find(token), *other;
	int result = start_change(profile);

	if (result < 0)
		return result;
	if (!arch)
		return diag_fail(&profile->diag, -EINVAL, "there is no architecture 0x%08x", token);
	for (size_t i = 0; i < profile->environment.archs.count; i++) {
		other = profile->environment.archs.items[i];
		if (other == arch)
			return diag_fail(&profile->diag, -EEXIST, "architecture %s is given twice", arch->name);
		if (other->big_endian != arch->big_endian)
			return diag_fail(&profile->diag, -EDOM,
			                 "%s has another byte order than %s: one filter can't hold both", arch->name,
			                 other->name);
	}
	if (!vec_push(&profile->environment.archs, arch))
		return diag_fail(&profile->diag, -ENOMEM, "out of memory for an architecture");
	return 0;
}
