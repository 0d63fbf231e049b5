#include <callgate/syscall.h>

#include "arch/arch.h"

const char *callgate_syscall_name_at(size_t index)
{
	return index < arch_syscall_name_count() ? arch_syscall_name_at(index) : NULL;
}

int callgate_syscall_number(uint32_t arch, const char *name)
{
	const struct arch *found = arch_by_token(arch);

	return found ? arch_syscall_direct_number(found, name) : __NR_SCMP_ERROR;
}

int callgate_syscall_newest(uint32_t arch)
{
	const struct arch *found = arch_by_token(arch);

	return found ? arch_syscall_number_newest(found) : -1;
}

const char *callgate_syscall_closest_name(const char *name)
{
	return arch_syscall_closest_name(name);
}
