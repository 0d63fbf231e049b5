/*
 * The raw system calls that the library makes. Each returns its result, or -errno; errno is left alone.
 */
#ifndef CALLGATE_BASE_KERNEL_H
#define CALLGATE_BASE_KERNEL_H

#include <stddef.h>

#include <linux/seccomp.h>
#include <linux/types.h>

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

/* seccomp(2) */
int kernel_seccomp(unsigned operation, unsigned flags, void *argument);

/* prctl(2) */
int kernel_prctl(int option, unsigned long a, unsigned long b);

/* ioctl(2) with a pointer, which the requests made here only read where it is const */
int kernel_ioctl(int fd, unsigned long request, const void *argument);

/* write(2), again and again until all is written or it fails; EINTR is no failure. 0 or -errno. */
int kernel_write(int fd, const void *bytes, size_t count);

/* Moves to the end of the file; pipes and terminals have no such place, and that is fine. */
void kernel_seek_end(int fd);

#endif
