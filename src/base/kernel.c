#include "base/kernel.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/unchecked.h"

/* The result as -errno; errno itself becomes what it was, as no function here reports through it. */
UNCHECKED static int finish(long result, int saved_errno)
{
	int error = errno;

	errno = saved_errno;
	return result < 0 ? -error : (int)result;
}

UNCHECKED int kernel_seccomp(unsigned operation, unsigned flags, void *argument)
{
	int saved = errno;

	return finish(syscall(SYS_seccomp, operation, flags, argument), saved);
}

UNCHECKED int kernel_prctl(int option, unsigned long a, unsigned long b)
{
	int saved = errno;

	return finish(prctl(option, a, b, 0, 0), saved);
}

int kernel_ioctl(int fd, unsigned long request, const void *argument)
{
	int saved = errno;

	return finish(ioctl(fd, request, argument), saved);
}

int kernel_write(int fd, const void *bytes, size_t count)
{
	const unsigned char *next = bytes;
	int saved = errno;

	while (count > 0) {
		ssize_t written = write(fd, next, count);
		if (written < 0 && errno != EINTR)
			return finish(written, saved);
		if (written == 0)
			return -EIO;
		if (written > 0) {
			next += written;
			count -= (size_t)written;
		}
	}
	errno = saved;
	return 0;
}

void kernel_seek_end(int fd)
{
	int saved = errno;

	(void)lseek(fd, 0, SEEK_END);
	errno = saved;
}
