#include <callgate/strict.h>

#include <errno.h>
#include <string.h>

#include "api/context.h"
#include "base/confine.h"
#include "base/raw.h"
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
