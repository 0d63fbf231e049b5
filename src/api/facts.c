/* Facts that need no context: names of architectures, texts of actions, system calls, and the library's versions. */
#include <stdlib.h>
#include <string.h>

#include <seccomp.h>
#include <callgate/syscall.h>
#include <callgate/version.h>

#include "api/context.h"
#include "arch/arch.h"

uint32_t seccomp_arch_resolve_name(const char *arch_name)
{
	const struct callgate_arch *arch = callgate_arch_find_name(arch_name);

	/* The names of other formats are none here. */
	return arch && strcmp(arch->name, arch_name) == 0 ? arch->token : 0;
}

uint32_t seccomp_arch_native(void)
{
	return arch_native()->token;
}

int callgate_action_parse(const char *text, uint32_t *ret_action)
{
	return action_parse(text, ret_action, diag_thread());
}

const char *callgate_syscall_name_at(size_t index)
{
	return arch_syscall_name_at(index);
}

int callgate_syscall_number(uint32_t arch, const char *name)
{
	const struct callgate_arch *found = callgate_arch_find(arch);

	return found ? arch_syscall_direct_number(found, name) : __NR_SCMP_ERROR;
}

const char *callgate_syscall_name(uint32_t arch, int32_t nr)
{
	const struct callgate_arch *found = callgate_arch_find(arch);

	return found ? arch_syscall_name(found, nr) : NULL;
}

int callgate_syscall_newest(uint32_t arch)
{
	const struct callgate_arch *found = callgate_arch_find(arch);

	return found ? arch_syscall_number_newest(found) : -1;
}

const char *callgate_syscall_closest_name(const char *name)
{
	return arch_syscall_closest_name(name);
}

/* The number, or __NR_SCMP_ERROR with a text in the thread's diagnosis. */
static int number_of_name(const struct callgate_arch *arch, const char *name)
{
	if (!arch) {
		diag_set(diag_thread(), "not an architecture (SCMP_ARCH_*)");
		return __NR_SCMP_ERROR;
	}
	int nr = arch_syscall_number(arch, name);
	if (nr == ARCH_NR_ERROR)
		diag_set(diag_thread(), "unknown system call: %s", name ? name : "NULL");
	return nr;
}

int seccomp_syscall_resolve_name_arch(uint32_t arch_token, const char *name)
{
	return number_of_name(callgate_arch_find(arch_token), name);
}

int seccomp_syscall_resolve_name_rewrite(uint32_t arch_token, const char *name)
{
	const struct callgate_arch *arch = callgate_arch_find(arch_token);
	int nr = number_of_name(arch, name);

	return nr == __NR_SCMP_ERROR ? nr : arch_syscall_rewrite(arch, nr);
}

int seccomp_syscall_resolve_name(const char *name)
{
	return number_of_name(arch_native(), name);
}

char *seccomp_syscall_resolve_num_arch(uint32_t arch_token, int num)
{
	const struct callgate_arch *arch = callgate_arch_find(arch_token);
	const char *name = arch ? arch_syscall_name(arch, num) : NULL;

	if (!name)
		diag_set(diag_thread(), arch ? "no system call has this number on this architecture"
		                             : "not an architecture (SCMP_ARCH_*)");
	return name ? strdup(name) : NULL;
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
