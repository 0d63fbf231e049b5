#include "testing/names.h"

#include <callgate/syscall.h>

#include "testing/failure.h"
#include "testing/words.h"

bool names_is_call(const char *name)
{
	const char *closest = callgate_syscall_closest_name(name);

	if (seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR)
		return true;
	if (closest)
		return failure_set("there is no system call \"%s\"; did you mean \"%s\"?", name, closest);
	return failure_set("there is no system call \"%s\"", name);
}

bool names_find_call(uint32_t arch, const char *name, int *ret_nr)
{
	const char *arch_name = words_arch_name(arch == SCMP_ARCH_NATIVE ? seccomp_arch_native() : arch);

	if (!arch_name)
		return failure_set("there is no architecture 0x%x", arch);
	if (!names_is_call(name ? name : ""))
		return false;
	int nr = callgate_syscall_number(arch, name);
	if (nr == __NR_SCMP_ERROR)
		return failure_set("%s does not have the call %s", arch_name, name);
	*ret_nr = nr;
	return true;
}

bool names_fail_group(const char *name)
{
	const char *closest = callgate_group_closest_name(name);

	if (closest)
		return failure_set("there is no set \"%s\"; did you mean \"@%s\"?", name, closest);
	return failure_set("there is no set \"%s\"", name);
}
