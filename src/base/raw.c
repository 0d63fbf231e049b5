#include "base/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
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

/* Since Linux 5.0 the numbers of new calls are the same everywhere, but for an offset. */
#define OPENAT2 (SYS_pidfd_open + 3)

UNCHECKED static bool has_descriptor_0(void)
{
	return syscall(SYS_fcntl, 0, F_GETFD) >= 0;
}

UNCHECKED static int new_descriptor(long result, bool had_0)
{
	if (result < 0)
		return -errno;
	return result == 0 && had_0 ? -ECANCELED : (int)result;
}

UNCHECKED int raw_pidfd_open(int pid)
{
	bool had_0 = has_descriptor_0();

	return new_descriptor(syscall(SYS_pidfd_open, pid, 0), had_0);
}

UNCHECKED int raw_open_exactly(const char *name, int flags)
{
	/* struct open_how and RESOLVE_NO_SYMLINKS of linux/openat2.h, which not all headers have. */
	const struct {
		uint64_t flags, mode, resolve;
	} how = {.flags = (uint64_t)(flags | O_CLOEXEC), .resolve = 0x04};
	bool had_0 = has_descriptor_0();

	return new_descriptor(syscall(OPENAT2, AT_FDCWD, name, &how, sizeof(how)), had_0);
}

UNCHECKED void raw_exit(int status)
{
	for (;;)
		syscall(SYS_exit, status);
}
