#include "base/raw.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/unchecked.h"

UNCHECKED long raw_read(int fd, void *buffer, size_t size)
{
	size_t done = 0;

	while (done < size) {
		long count = syscall(SYS_read, fd, (char *)buffer + done, size - done);
		if (count == 0)
			break;
		if (count > 0)
			done += (size_t)count;
		else if (errno != EINTR)
			return -errno;
	}
	return (long)done;
}

UNCHECKED long raw_write(int fd, const void *buffer, size_t size)
{
	size_t done = 0;

	while (done < size) {
		long count = syscall(SYS_write, fd, (const char *)buffer + done, size - done);
		if (count >= 0)
			done += (size_t)count;
		else if (errno != EINTR)
			return -errno;
	}
	return (long)done;
}

UNCHECKED void raw_exit(int status)
{
	for (;;)
		syscall(SYS_exit, status);
}
