/*
 * callgate/load_only.h - loads a filter that was compiled before. SPDX-License-Identifier: MIT
 *
 * For programs that can't afford a library: static tools, early boot, children after vfork(2). The filter is what
 * `callgate compile --format header` wrote: proved when it was compiled, one program for each architecture. This header
 * needs syscall(2) and the kernel's headers and nothing else; it allocates nothing, opens nothing (no /proc), and may
 * be used in signal handlers and after vfork(2), as errno is left as it was.
 */
#ifndef CALLGATE_LOAD_ONLY_H
#define CALLGATE_LOAD_ONLY_H

#include <errno.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Flags of callgate_load_only(). The first two are the kernel's own SECCOMP_FILTER_FLAG_*; see seccomp(2). */
#define CALLGATE_LOAD_TSYNC (1u << 0) /* all threads of the process, not the calling one only; Linux 3.17 */
#define CALLGATE_LOAD_LOG   (1u << 1) /* actions other than ALLOW are logged; Linux 4.14 */
/* no_new_privs is not set: for processes that have it already, or have CAP_SYS_ADMIN. */
#define CALLGATE_LOAD_KEEP_PRIVS (1u << 31)

/* A system call's result as the kernel returns it: negative error numbers, and errno left alone. */
static inline long callgate_load_only_call(long nr, long a, long b, long c)
{
	/* syscall(2). <unistd.h> declares it for some standards only, so it has another name here. */
	extern long callgate_load_only_syscall(long, ...) __asm__("syscall");
	const int saved = errno;
	/* prctl(2) wants zeros in what it does not use. */
	const long result = callgate_load_only_syscall(nr, a, b, c, 0L, 0L);
	const long answer = result == -1 ? -(long)errno : result;

	errno = saved;
	return answer;
}

/*
 * Sets no_new_privs and loads `program`, which has `length` instructions, for the calling thread.
 *
 * Returns 0 when the kernel has the filter. Otherwise no filter was loaded, the caller must not go on as if there were
 * one, and the result is a negative error number:
 * - -EOPNOTSUPP: there is no program (length 0); the header has none for this architecture.
 * - -EINVAL: a flag is unknown here or to the kernel, or the kernel does not accept the program.
 * - -ECANCELED: success is faked: an earlier filter answers prctl(2) or seccomp(2) in the kernel's place.
 * - -ESRCH, with CALLGATE_LOAD_TSYNC: another thread has filters that this thread does not have.
 * - -EACCES, with CALLGATE_LOAD_KEEP_PRIVS: the caller has neither no_new_privs nor CAP_SYS_ADMIN.
 * - -ENOSYS: the kernel is older than Linux 3.17 or was built without filters.
 * - Whatever else seccomp(2) gives.
 *
 * no_new_privs stays set after a failure.
 *
 * A filter that was loaded earlier can make seccomp(2) return 0 without doing anything. So the same call is made with
 * length 0 first, which the kernel refuses with EINVAL, and which no filter can tell from the real one: a filter sees
 * only the pointer.
 */
static inline int callgate_load_only(const struct sock_filter *program, size_t length, unsigned int flags)
{
	struct sock_fprog description;
	long result;

	if (!program || length == 0)
		return -EOPNOTSUPP;
	if (length > BPF_MAXINSNS ||
	    (flags & ~(CALLGATE_LOAD_TSYNC | CALLGATE_LOAD_LOG | CALLGATE_LOAD_KEEP_PRIVS)) != 0)
		return -EINVAL;
	if (!(flags & CALLGATE_LOAD_KEEP_PRIVS)) {
		result = callgate_load_only_call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0);
		if (result < 0)
			return (int)result;
		if (callgate_load_only_call(__NR_prctl, PR_GET_NO_NEW_PRIVS, 0, 0) != 1)
			return -ECANCELED;
	}
	flags &= ~CALLGATE_LOAD_KEEP_PRIVS;
	description.filter = (struct sock_filter *)(size_t)program; /* The kernel only reads it. */
	description.len = 0;
	result = callgate_load_only_call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, (long)flags, (long)&description);
	if (result >= 0)
		return -ECANCELED;
	description.len = (unsigned short)length;
	result = callgate_load_only_call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, (long)flags, (long)&description);
	return result > 0 ? -ESRCH : (int)result;
}

/*
 * Loads the `count` programs of a policy that is too long for one, in their order: `lengths[0]` instructions, then
 * `lengths[1]`, and so on. `callgate compile` divides a policy so that only the last program may deny seccomp(2).
 *
 * Returns what callgate_load_only() does. Lengths and flags are looked at before anything is loaded. When the kernel
 * refuses a program after the first, for want of memory or because of another thread, those before it stay: the caller
 * must not go on.
 */
static inline int callgate_load_only_stack(const struct sock_filter *programs, const unsigned short *lengths,
                                           size_t count, unsigned int flags)
{
	int result = -EOPNOTSUPP;
	size_t i;

	if (!programs || !lengths)
		return -EOPNOTSUPP;
	for (i = 0; i < count; i++)
		if (lengths[i] == 0 || lengths[i] > BPF_MAXINSNS)
			return -EINVAL;
	for (i = 0; i < count; i++) {
		result = callgate_load_only(programs, lengths[i], flags);
		if (result < 0)
			return result;
		programs += lengths[i];
		flags |= CALLGATE_LOAD_KEEP_PRIVS; /* no_new_privs is set, or was not wanted. */
	}
	return result;
}

#ifdef __cplusplus
}
#endif

#endif
