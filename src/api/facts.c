/* Facts that need no context: texts of actions, system calls, and the library's versions. */
#include <seccomp.h>
#include <callgate/syscall.h>
#include <callgate/version.h>

#include "api/context.h"
#include "arch/arch.h"

int callgate_action_parse(const char *text, uint32_t *ret_action)
{
	return action_parse(text, ret_action, diag_thread());
}

const char *callgate_syscall_name_at(size_t index)
{
	return index < arch_syscall_name_count() ? arch_syscall_name_at(index) : NULL;
}

int callgate_syscall_number(uint32_t arch, const char *name)
{
	const struct callgate_arch *found = arch_by_token(arch);

	return found ? arch_syscall_direct_number(found, name) : __NR_SCMP_ERROR;
}

const char *callgate_syscall_name(uint32_t arch, int32_t nr)
{
	const struct callgate_arch *found = arch_by_token(arch);

	return found ? arch_syscall_name(found, nr) : NULL;
}

int callgate_syscall_newest(uint32_t arch)
{
	const struct callgate_arch *found = arch_by_token(arch);

	return found ? arch_syscall_number_newest(found) : -1;
}

const char *callgate_syscall_closest_name(const char *name)
{
	return arch_syscall_closest_name(name);
}

const char *callgate_version(void)
{
	return "0.2.0";
}

const struct scmp_version *seccomp_version(void)
{
	static const struct scmp_version version = {SCMP_VER_MAJOR, SCMP_VER_MINOR, SCMP_VER_MICRO};

	return &version;
}
