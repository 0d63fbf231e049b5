#include "base/confine.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "base/kernel.h"
#include "base/unchecked.h"

enum { LOAD_BY_PRCTL = -1 };

UNCHECKED static int load(long flags, struct sock_fprog *program)
{
	if (flags == LOAD_BY_PRCTL)
		return kernel_prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (unsigned long)program);
	return kernel_seccomp(SECCOMP_SET_MODE_FILTER, (unsigned)flags, program);
}

/* Both calls go through one system call instruction of the C library. */
UNCHECKED static int load_unless_faked(long flags, struct sock_fprog *program)
{
	unsigned short length = program->len;

	program->len = 0;
	int result = load(flags, program);
	program->len = length;
	if (result >= 0)
		return CONFINE_FAKED;
	return result == -EINVAL ? load(flags, program) : result;
}

UNCHECKED int confine_by_seccomp(unsigned flags, struct sock_fprog *program)
{
	return load_unless_faked((long)flags, program);
}

UNCHECKED int confine_by_prctl(struct sock_fprog *program)
{
	return load_unless_faked(LOAD_BY_PRCTL, program);
}

UNCHECKED int confine_no_new_privileges(void)
{
	int result = kernel_prctl(PR_SET_NO_NEW_PRIVS, 1, 0);

	if (result == 0)
		result = kernel_prctl(PR_GET_NO_NEW_PRIVS, 0, 0);
	if (result < 0)
		return result;
	return result == 1 ? 0 : CONFINE_FAKED;
}

UNCHECKED static int open_status(void)
{
	return (int)syscall(SYS_openat, AT_FDCWD, "/proc/thread-self/status", O_RDONLY | O_CLOEXEC);
}

/*
 * A faked openat(2) can only return 0. A true 0, where descriptor 0 was closed, makes the next number another one. The descriptor, -ENOENT if
 * there is none to be had, or another error.
 */
UNCHECKED static int open_status_unless_faked(void)
{
	int fd = open_status();

	if (fd == 0) {
		int second = open_status(), error = errno;
		if (second == 0)
			return CONFINE_FAKED;
		syscall(SYS_close, 0);
		errno = error;
		fd = second;
	}
	if (fd > 0)
		return fd;
	return errno == ENOTDIR || errno == EACCES ? -ENOENT : -errno;
}

/* Reads in small pieces, as the stack may be small. The kernel makes the text when its first piece is read. */
UNCHECKED static bool status_says_strict(int fd)
{
	static const char line[] = "\nSeccomp:\t1\n";
	char piece[64];
	size_t matched = 0;
	long length;

	while ((length = syscall(SYS_read, fd, piece, sizeof(piece))) > 0)
		for (long i = 0; i < length; i++) {
			matched = piece[i] == line[matched] ? matched + 1 : piece[i] == '\n';
			if (!line[matched])
				return true;
		}
	return false;
}

/* Without a status to read: no filter that could fake may be there, as no thread that has one can enter strict mode. */
UNCHECKED static int require_no_filter(void)
{
	struct sock_fprog nothing = {0};
	int result = kernel_prctl(PR_GET_SECCOMP, 0, 0);

	if (result != 0)
		return result < 0 ? result : -EINVAL;
	result = load(LOAD_BY_PRCTL, &nothing);
	return result == -EINVAL || result == -EFAULT ? 0 : result < 0 ? result : CONFINE_FAKED;
}

UNCHECKED static int enter_strict_mode(void)
{
	int fd = open_status_unless_faked();

	if (fd < 0 && fd != -ENOENT)
		return fd;
	if (fd < 0) {
		int refused = require_no_filter();
		if (refused < 0)
			return refused;
	}
	int result = kernel_prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0);
	if (fd < 0 || (result == 0 && status_says_strict(fd)))
		return result;
	syscall(SYS_close, fd);
	return result < 0 ? result : CONFINE_FAKED;
}

UNCHECKED int confine_strictly(void)
{
	int saved_errno = errno, result = enter_strict_mode();

	errno = saved_errno;
	return result;
}
