/* callgate/syscall.h - the table of system calls. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_SYSCALL_H
#define CALLGATE_SYSCALL_H

#include <stddef.h>
#include <stdint.h>

#include <seccomp.h>

#include <callgate/arch.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * The table never changes, and any thread may read it; names are static. `arch` is a SCMP_ARCH_* token, 0 for the
 * native architecture.
 */

/* Lists all names in alphabetical order, from index 0; NULL after the last. */
const char *callgate_syscall_name_at(size_t index);

/*
 * The number that seccomp_data.nr contains when the call is made directly, even if the call can also be made through
 * socketcall(2) or ipc(2), for which seccomp_syscall_resolve_name_arch() returns a pseudo number. __NR_SCMP_ERROR (-1)
 * if the name or the architecture is unknown, or the architecture does not have the call.
 */
int callgate_syscall_number(uint32_t arch, const char *name);

/*
 * The name of the call with a number, which is one that seccomp_data.nr can contain or a pseudo number; NULL if there
 * is none. The function is async-signal-safe.
 */
const char *callgate_syscall_name(uint32_t arch, int32_t nr);

/*
 * The highest number in the range to which kernels add calls; calls with numbers elsewhere, such as ARM's private
 * calls, do not count. callgate_rule_unknown() is about the numbers above it. -1 if the architecture is unknown.
 */
int callgate_syscall_newest(uint32_t arch);

/*
 * Stores when the call with this number was added to the architecture. For a call that can also be made through
 * socketcall(2) or ipc(2), the number is that of the direct call. Returns 0; -EINVAL (unknown architecture, or
 * ret_since is NULL), -ESRCH (the architecture has no such call). On failure *ret_since is untouched.
 */
int callgate_syscall_since(uint32_t arch, int32_t nr, struct callgate_since *ret_since);

/*
 * Writes the same as text: "5.6"; "3.17..4.0" for a version between these two; "never" if no kernel has implemented the
 * call; "" if there is no such call. If text is NULL, the function does nothing.
 */
enum { CALLGATE_SINCE_TEXT = 32 };
void callgate_syscall_since_text(uint32_t arch, int32_t nr, char text[CALLGATE_SINCE_TEXT]);

/*
 * Returns the version `by` of struct callgate_since as a constant of <seccomp-kvers.h>: SCMP_KV_UNDEF for versions
 * before 3.0 and for calls that no kernel has implemented, __SCMP_KV_NULL if there is no such call.
 */
enum scmp_kver callgate_syscall_kver(uint32_t arch, int32_t nr);

#define CALLGATE_ARGUMENTS 6 /* arguments that a call can have */

/*
 * How many low bits of an argument (0 to 5) the kernel reads; it ignores the others. The result is 64, 32 (for int,
 * unsigned int and similar types), 16 (umode_t), or 0 if the call has no such argument; on 32-bit architectures it is
 * at most 32. For unknown names and architectures it is the whole width. A call can evade a rule that compares more
 * bits, by setting bits that the kernel ignores.
 */
unsigned int callgate_argument_bits(uint32_t arch, const char *call, unsigned int arg);

/* The known name that is closest to `name`, or NULL if none is similar. */
const char *callgate_syscall_closest_name(const char *name);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
