/* callgate/strict.h - the kernel's strict mode, and functions run in it. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_STRICT_H
#define CALLGATE_STRICT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * Puts the calling thread into seccomp mode 1, strict mode, for good: from now on the kernel lets it read, write, exit and
 * return from a signal handler (callgate_strict_list()), and kills it with SIGKILL, without a reason, at any other call.
 * Linux 2.6.23 (prctl(2), PR_SET_SECCOMP). callgate_strict(3) tells what breaks in it: exit(), malloc() when it has to grow,
 * the clock.
 *
 * Returns 0; -EINVAL when the kernel has no seccomp or the thread already has a filter; -EPERM or another -errno where
 * something refuses the call. On failure the thread is as before and callgate_diagnosis(NULL) says why.
 */
int callgate_strict_enter(void);

/*
 * Ends the calling thread with exit(2), with the low 8 bits of `status`: of a process with one thread, the process. Nothing is
 * flushed. _exit() would not do: it calls exit_group(2), which strict mode kills. Async-signal-safe.
 */
__attribute__((noreturn)) void callgate_strict_exit(int status);

/*
 * Reads until `size` bytes are there or the stream ends, over interruptions and short reads. No other call is made, and
 * errno may be changed. Async-signal-safe.
 *
 * Returns the number of bytes, less than `size` only at the end of the stream; -errno of a failed read(2), and what came
 * before it is in the buffer.
 */
long callgate_strict_read(int fd, void *buffer, size_t size);

/*
 * Writes all `size` bytes, over interruptions and short writes. Async-signal-safe. A pipe that nobody reads any more also
 * raises SIGPIPE, as ever.
 *
 * Returns `size`; -errno of a failed write(2), and it is unknown how much went out before it.
 */
long callgate_strict_write(int fd, const void *buffer, size_t size);

/* How many calls strict mode lets pass. */
#define CALLGATE_STRICT_CALLS 4

/*
 * The system call numbers that strict mode lets pass for programs of the architecture `arch` (a SCMP_ARCH_* token, 0: native):
 * read, write, exit and the architecture's return from a signal handler, in this order, into `ret_syscalls`. That last one is
 * sigreturn on x86 (i386), s390, s390x and 32-bit ppc programs on a 64-bit kernel, rt_sigreturn elsewhere
 * (include/asm-generic/seccomp.h and the architectures' asm/seccomp.h of Linux). Kernels for x86_64 from 6.14 on also let pass
 * the calls that their own user probes make, uretprobe and uprobe, which no program makes by itself.
 *
 * Returns 0; -EINVAL (unknown architecture, NULL); -EOPNOTSUPP for x32, whose calls strict mode compares with i386's numbers,
 * so that none passes. On failure nothing is written and callgate_diagnosis(NULL) says why.
 */
int callgate_strict_list(uint32_t arch, int ret_syscalls[CALLGATE_STRICT_CALLS]);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
