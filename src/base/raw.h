/*
 * The system calls that the library makes itself. Each returns the kernel's result, or -errno; errno stays as it was.
 * Async-signal-safe: none of them locks or allocates anything, or makes a call but the named one, as a confined child
 * needs it.
 */
#ifndef CALLGATE_BASE_RAW_H
#define CALLGATE_BASE_RAW_H

#include <stddef.h>

#include <linux/seccomp.h>
#include <linux/types.h>

/* For functions that run confined: a sanitizer's own system calls there would be the end of the process. */
#define UNCHECKED __attribute__((no_sanitize("address", "thread")))

/* What headers of kernels before 5.0, 5.7 and 5.19 lack. */
#ifndef SECCOMP_FILTER_FLAG_NEW_LISTENER
#define SECCOMP_FILTER_FLAG_NEW_LISTENER (1UL << 3)
#define SECCOMP_GET_NOTIF_SIZES          3
struct seccomp_notif_sizes {
	__u16 seccomp_notif;
	__u16 seccomp_notif_resp;
	__u16 seccomp_data;
};
#endif
#ifndef SECCOMP_FILTER_FLAG_TSYNC_ESRCH
#define SECCOMP_FILTER_FLAG_TSYNC_ESRCH (1UL << 4)
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

int raw_seccomp(unsigned operation, unsigned flags, void *argument);
int raw_prctl(int option, unsigned long a, unsigned long b);

/* ioctl(2) with a pointer, which the requests made here only read where it is const. */
int raw_ioctl(int fd, unsigned long request, const void *argument);

/*
 * Reads until `size` bytes are there or the stream ends, over interruptions: the number of bytes, or -errno of the
 * first failed read(2).
 */
long raw_read(int fd, void *buffer, size_t size);

/* Writes all of it, over interruptions: `size`, or -errno of the first failed write(2); -EIO where nothing is taken. */
long raw_write(int fd, const void *buffer, size_t size);

/*
 * The number in the line of a file that begins with `name`, which itself begins with a newline: nowhere else in it can
 * a match begin. 0 without such a line.
 */
size_t raw_read_number(int fd, const char *name);

/* Moves to the end of the file; pipes and terminals have no such place, and that is fine. */
void raw_seek_end(int fd);

/*
 * Calls that make a descriptor, close-on-exec, above 0, which a program may have closed on purpose. An older filter can
 * answer such a call with 0 in the kernel's place, which is then somebody else's descriptor: -ECANCELED.
 */
int raw_pidfd_open(int pid);
int raw_open(const char *name, int flags);
/* openat2(2) of an absolute name (Linux 5.6), of which no component may be a symbolic link: then -ELOOP. */
int raw_open_exactly(const char *name, int flags);

/* close(2); nothing for what is no descriptor. */
void raw_close(int fd);

/* exit(2) of this thread: exit_group(2), which the C library's _exit() makes, is not on the strict list. */
_Noreturn void raw_exit(int status);

#endif
