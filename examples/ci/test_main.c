/* The same assertions without a framework: each is 1 or 0, and prints where it stands if it does not hold. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include <callgate/testing.h>

#include "filter.h"

int main(void)
{
	scmp_filter_ctx filter = filter_new();
	int failures = 0;

	failures += !callgate_expect(filter, "openat", SCMP_ACT_ALLOW, AT_FDCWD, CALLGATE_ANY, O_RDONLY);
	failures += !callgate_expect(filter, "openat", SCMP_ACT_ERRNO(EACCES), AT_FDCWD, CALLGATE_ANY, O_RDWR);
	failures += !callgate_expect(filter, "execve", SCMP_ACT_KILL_PROCESS);
	seccomp_release(filter);
	printf("%d failures\n", failures);
	return failures != 0;
}
