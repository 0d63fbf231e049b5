#include <stdlib.h>
#include <string.h>

#include <seccomp.h>

#include "api/context.h"

/* The number, or __NR_SCMP_ERROR with a text in the thread's diagnosis. */
static int number(const struct arch *arch, const char *name)
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
	return number(arch_by_token(arch_token), name);
}

int seccomp_syscall_resolve_name_rewrite(uint32_t arch_token, const char *name)
{
	const struct arch *arch = arch_by_token(arch_token);
	int nr = number(arch, name);

	return nr == __NR_SCMP_ERROR ? nr : arch_syscall_rewrite(arch, nr);
}

int seccomp_syscall_resolve_name(const char *name)
{
	return number(arch_native(), name);
}

char *seccomp_syscall_resolve_num_arch(uint32_t arch_token, int num)
{
	const struct arch *arch = arch_by_token(arch_token);
	const char *name = arch ? arch_syscall_name(arch, num) : NULL;

	if (!name)
		diag_set(diag_thread(), arch ? "no system call has this number on this architecture"
		                             : "not an architecture (SCMP_ARCH_*)");
	return name ? strdup(name) : NULL;
}
