#include <callgate/strict.h>

#include <errno.h>
#include <string.h>

#include <seccomp.h>
#include <callgate/arch.h>

#include "base/confine.h"
#include "base/diag.h"
#include "sandbox/raw.h"
#include "base/unchecked.h"

int callgate_strict_enter(void)
{
	int result = confine_strictly();

	if (result == 0)
		return 0;
	if (result == CONFINE_FAKED)
		return diag_fail(diag_thread(), result,
		                 "strict mode: the thread is not in strict mode, and " CONFINE_FAKED_TEXT);
	if (result == -EINVAL)
		return diag_fail(
		    diag_thread(), -EINVAL,
		    "strict mode: this kernel has no seccomp, or the thread already has a filter");
	return diag_fail(diag_thread(), result, "strict mode: %s", strerror(-result));
}

UNCHECKED void callgate_strict_exit(int status)
{
	raw_exit(status);
}

UNCHECKED long callgate_strict_read(int fd, void *buffer, size_t size)
{
	return raw_read(fd, buffer, size);
}

UNCHECKED long callgate_strict_write(int fd, const void *buffer, size_t size)
{
	return raw_write(fd, buffer, size);
}

int callgate_strict_list(uint32_t arch, int ret_syscalls[CALLGATE_STRICT_CALLS])
{
	const struct callgate_arch *facts = callgate_arch_find(arch);
	int numbers[CALLGATE_STRICT_CALLS];

	if (!ret_syscalls)
		return diag_fail(diag_thread(), -EINVAL, "strict list: the place for the numbers is NULL");
	if (!facts)
		return diag_fail(diag_thread(), -EINVAL, "strict list: unknown architecture 0x%x", arch);
	if (!facts->strict_sigreturn)
		return diag_fail(diag_thread(), -EOPNOTSUPP, "strict mode lets no call of an %s program pass",
		                 facts->name);
	const char *names[CALLGATE_STRICT_CALLS] = {"read", "write", "exit", facts->strict_sigreturn};
	for (int i = 0; i < CALLGATE_STRICT_CALLS; i++)
		numbers[i] = seccomp_syscall_resolve_name_arch(facts->token, names[i]);
	memcpy(ret_syscalls, numbers, sizeof(numbers));
	return 0;
}
