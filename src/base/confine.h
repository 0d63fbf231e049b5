/*
 * Calls that confine the calling thread, and that are not believed when they claim success: an older filter, around
 * this thread, can answer in the kernel's place with ERRNO(0), and what follows would run unconfined. So each of them
 * is checked by something that such a filter cannot fake.
 *
 * Each function returns the kernel's result, or -errno. CONFINE_FAKED, which the kernel returns for none of these
 * calls, means that somebody fakes success; then nothing was done. Async-signal-safe; errno stays as it was; for
 * confined children, never instrumented.
 */
#ifndef CALLGATE_BASE_CONFINE_H
#define CALLGATE_BASE_CONFINE_H

#include <errno.h>
#include <stddef.h>

struct sock_fprog;

enum { CONFINE_FAKED = -ECANCELED };

/* For diagnoses: what CONFINE_FAKED says about the system. */
#define CONFINE_FAKED_TEXT "an older filter around this thread claims success in the kernel's place"

/*
 * Load a program, by seccomp(2) with these flags or by prctl(2). Each makes its call with a length of 0 first: the
 * kernel answers EINVAL, before anything else. A filter sees the number, the arguments, of which the pointer to the
 * program is one, and the address of the instruction; all these are equal, so it answers both calls alike, and success
 * of the first is fake. Another error of the first call is the second's too, which is then not made. *program is
 * restored. No call follows a successful load.
 */
int confine_by_seccomp(unsigned flags, struct sock_fprog *program);
int confine_by_prctl(struct sock_fprog *program);

/* Sets no_new_privs, and reads it back. */
int confine_no_new_privileges(void);

/*
 * Enters strict mode. /proc/thread-self/status is opened before and read afterwards, which strict mode allows; its
 * descriptor, above 0, stays open, as close(2) is not allowed. Where there is no such file, or it may not be opened,
 * strict mode is refused to a thread that has a filter, by the kernel's word about that, or whose filter answers for
 * loading another.
 */
int confine_strictly(void);

#endif
