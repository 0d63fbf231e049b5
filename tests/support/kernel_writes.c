/*
 * MemorySanitizer knows what the C library's functions write, but not what the kernel writes for syscall(2), nor all
 * the functions of a newer C library. Preloaded into what it watches (tests/run.sh --sanitize-memory), this says so.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

/* The sanitizer's; programs that it does not watch have none. */
extern void __msan_unpoison(const volatile void *at, size_t size) __attribute__((weak));

static void written(const volatile void *at, size_t size)
{
	if (__msan_unpoison)
		__msan_unpoison(at, size);
}

long syscall(long nr, ...)
{
	static long (*next)(long, ...);
	long arguments[6], result;
	va_list list;

	va_start(list, nr);
	for (int i = 0; i < 6; i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	if (!next)
		next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	result = next(nr, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
	if (nr == SYS_read && result > 0)
		written((const void *)arguments[1], (size_t)result);
	if (nr == SYS_capget && result == 0 && arguments[1])
		written((const void *)arguments[1], _LINUX_CAPABILITY_U32S_3 * sizeof(struct __user_cap_data_struct));
	return result;
}

/* The three as one call, which the C library has too. */
int fstatat(int folder, const char *name, struct stat *ret_status, int flags)
{
	static int (*next)(int, const char *, struct stat *, int);

	if (!next)
		next = (int (*)(int, const char *, struct stat *, int))dlsym(RTLD_NEXT, "fstatat");
	int result = next(folder, name, ret_status, flags);
	if (result == 0)
		written(ret_status, sizeof(*ret_status));
	return result;
}

int fstat(int fd, struct stat *ret_status)
{
	return fstatat(fd, "", ret_status, AT_EMPTY_PATH);
}

int stat(const char *name, struct stat *ret_status)
{
	return fstatat(AT_FDCWD, name, ret_status, 0);
}

int lstat(const char *name, struct stat *ret_status)
{
	return fstatat(AT_FDCWD, name, ret_status, AT_SYMLINK_NOFOLLOW);
}
