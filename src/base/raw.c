#include "base/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Since Linux 5.0 the numbers of new calls are the same everywhere, but for an offset. */
#define OPENAT2 (SYS_pidfd_open + 3)

/* syscall(2) for all: its result or -errno. */
UNCHECKED static long call(long nr, long a, long b, long c, long d, long e)
{
	int saved = errno;
	long result = syscall(nr, a, b, c, d, e);

	if (result < 0)
		result = -errno;
	errno = saved;
	return result;
}

UNCHECKED int raw_seccomp(unsigned operation, unsigned flags, void *argument)
{
	return (int)call(SYS_seccomp, (long)operation, (long)flags, (long)argument, 0, 0);
}

UNCHECKED int raw_prctl(int option, unsigned long a, unsigned long b)
{
	return (int)call(SYS_prctl, option, (long)a, (long)b, 0, 0);
}

UNCHECKED int raw_ioctl(int fd, unsigned long request, const void *argument)
{
	return (int)call(SYS_ioctl, fd, (long)request, (long)argument, 0, 0);
}

/* All of the buffer, unless `nr` fails or moves nothing. */
UNCHECKED static long transfer(long nr, int fd, char *buffer, size_t size)
{
	size_t done = 0;

	while (done < size) {
		long count = call(nr, fd, (long)(buffer + done), (long)(size - done), 0, 0);
		if (count == 0)
			break;
		if (count > 0)
			done += (size_t)count;
		else if (count != -EINTR)
			return count;
	}
	return (long)done;
}

UNCHECKED long raw_read(int fd, void *buffer, size_t size)
{
	return transfer(SYS_read, fd, buffer, size);
}

UNCHECKED long raw_write(int fd, const void *buffer, size_t size)
{
	long result = transfer(SYS_write, fd, (char *)(uintptr_t)buffer, size);

	return result >= 0 && (size_t)result < size ? -EIO : result;
}

UNCHECKED size_t raw_read_number(int fd, const char *name)
{
	char piece[128]; /* the stack of a signal handler may be small */
	size_t matched = 0, number = 0;
	long length;

	while ((length = raw_read(fd, piece, sizeof(piece))) > 0)
		for (const char *at = piece; at < piece + length; at++) {
			if (name[matched])
				matched = *at == name[matched] ? matched + 1 : *at == name[0];
			else if (*at == '\n')
				return number;
			else if (*at >= '0' && *at <= '9')
				number = number * 10 + (size_t)(*at - '0');
		}
	return 0;
}

void raw_seek_end(int fd)
{
	int saved = errno;

	(void)lseek(fd, 0, SEEK_END);
	errno = saved;
}

UNCHECKED void raw_close(int fd)
{
	if (fd >= 0)
		call(SYS_close, fd, 0, 0, 0, 0);
}

/*
 * A true 0, where there was no descriptor 0, makes the next number another one; a filter answers the same call with the
 * same 0.
 */
UNCHECKED static int new_descriptor(long nr, long a, long b, long c, long d)
{
	long first = call(nr, a, b, c, d, 0);

	if (first != 0)
		return (int)first;
	long second = call(nr, a, b, c, d, 0);
	if (second == 0)
		return -ECANCELED;
	raw_close(0);
	return (int)second;
}

UNCHECKED int raw_pidfd_open(int pid)
{
	return new_descriptor(SYS_pidfd_open, pid, 0, 0, 0);
}

UNCHECKED int raw_open(const char *name, int flags)
{
	return new_descriptor(SYS_openat, AT_FDCWD, (long)name, flags | O_CLOEXEC, 0);
}

UNCHECKED int raw_open_exactly(const char *name, int flags)
{
	/* struct open_how and RESOLVE_NO_SYMLINKS of linux/openat2.h, which not all headers have. */
	const struct {
		uint64_t flags, mode, resolve;
	} how = {.flags = (uint64_t)(flags | O_CLOEXEC), .resolve = 0x04};

	return new_descriptor(OPENAT2, AT_FDCWD, (long)name, (long)&how, sizeof(how));
}

UNCHECKED void raw_exit(int status)
{
	for (;;)
		syscall(SYS_exit, status);
}
