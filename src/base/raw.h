/*
 * System calls without the library's state around them: for children that must not lock, allocate or make any call but the named one.
 *
 * Everything here is async-signal-safe and does not touch errno for its result.
 */
#ifndef CALLGATE_BASE_RAW_H
#define CALLGATE_BASE_RAW_H

#include <stddef.h>

/* Reads until `size` bytes are there or the stream ends, over interruptions: the number of bytes, or -errno of the first failed read(2). */
long raw_read(int fd, void *buffer, size_t size);

/* Writes all of it, over interruptions: `size`, or -errno of the first failed write(2). */
long raw_write(int fd, const void *buffer, size_t size);

/*
 * Calls that make a descriptor, close-on-exec, or -errno. An older filter can answer such a call with 0 in the kernel's place, which is then
 * somebody else's descriptor: -ECANCELED, where descriptor 0 was there before.
 */
int raw_pidfd_open(int pid);
/* openat2(2) of an absolute name (Linux 5.6), of which no component may be a symbolic link: then -ELOOP. */
int raw_open_exactly(const char *name, int flags);

/* exit(2) of this thread: exit_group(2), which the C library's _exit() makes, is not on the strict list. */
_Noreturn void raw_exit(int status);

#endif
