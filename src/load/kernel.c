#include "load/kernel.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int kernel_seccomp(unsigned operation, unsigned flags, void *argument)
{
	long result = syscall(SYS_seccomp, operation, flags, argument);

	return result < 0 ? -errno : (int)result;
}

int kernel_prctl(int option, unsigned long a, unsigned long b)
{
	int result = prctl(option, a, b, 0, 0);

	return result < 0 ? -errno : result;
}
