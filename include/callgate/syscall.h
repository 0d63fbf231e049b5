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
 * The table is the same for every thread and never changes; names are static. `arch` is a SCMP_ARCH_* token, 0 for
 * native.
 */

/* All names in alphabetical order, from index 0; NULL after the last. */
const char *callgate_syscall_name_at(size_t index);

/*
 * The number that seccomp_data.nr holds when the call is made directly, also where it can be made through
 * socketcall(2) or ipc(2) (seccomp_syscall_resolve_name_arch() gives a pseudo number there). __NR_SCMP_ERROR (-1) if
 * the name or the architecture is unknown or the architecture does not have the call.
 */
int callgate_syscall_number(uint32_t arch, const char *name);

/*
 * The name of a call by the number that seccomp_data.nr holds, pseudo numbers included; NULL where there is none.
 * Async-signal-safe.
 */
const char *callgate_syscall_name(uint32_t arch, int32_t nr);

/*
 * The highest number among the calls that kernels add to (those with numbers of their own, such as ARM's private calls,
 * do not count): callgate_rule_unknown() is about the numbers after it. -1 if the architecture is unknown.
 */
int callgate_syscall_newest(uint32_t arch);

/*
 * When the call with this number came to the architecture; a call that is also made through socketcall(2) or ipc(2) by
 * its direct number. Returns 0; -EINVAL (unknown architecture, no place for the result), -ESRCH (the architecture has
 * no such call); the place is untouched then.
 */
int callgate_syscall_since(uint32_t arch, int32_t nr, struct callgate_since *ret_since);

/*
 * The same as text: "5.6"; "3.17..4.0", between the two; "never". Empty where there is no such call. NULL is let pass.
 */
enum { CALLGATE_SINCE_TEXT = 32 };
void callgate_syscall_since_text(uint32_t arch, int32_t nr, char text[CALLGATE_SINCE_TEXT]);

/*
 * `by` as the enumeration of <seccomp-kvers.h>: SCMP_KV_UNDEF before 3.0 and for calls that no kernel has implemented,
 * and __SCMP_KV_NULL where there is no such call.
 */
enum scmp_kver callgate_syscall_kver(uint32_t arch, int32_t nr);

#define CALLGATE_ARGUMENTS 6 /* arguments that a call can have */

/*
 * How many low bits of an argument (0 to 5) the kernel reads, whatever the others are: 64, 32 (int, unsigned int and
 * the like), 16 (umode_t), 0 if the call has no such argument. At most 32 on 32-bit architectures. For names that are
 * no calls or not in the table, and for unknown architectures, as much as there is. A rule that compares more is
 * evaded, or missed, by a call that sets other bits.
 */
unsigned int callgate_argument_bits(uint32_t arch, const char *call, unsigned int arg);

/* The known name that is closest to `name`, or NULL if none is similar. */
const char *callgate_syscall_closest_name(const char *name);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
