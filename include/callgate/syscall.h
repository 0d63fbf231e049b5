/* callgate/syscall.h - the table of system calls. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_SYSCALL_H
#define CALLGATE_SYSCALL_H

#include <stddef.h>
#include <stdint.h>

#include <seccomp.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * The table is the same for every thread and never changes; names are static. `arch` is a SCMP_ARCH_* token, 0 for native.
 */

/* All names in alphabetical order, from index 0; NULL after the last. */
const char *callgate_syscall_name_at(size_t index);

/*
 * The number that seccomp_data.nr holds when the call is made directly, also where it can be made through
 * socketcall(2) or ipc(2) (seccomp_syscall_resolve_name_arch() gives a pseudo number there). __NR_SCMP_ERROR (-1) if the name or
 * the architecture is unknown or the architecture does not have the call.
 */
int callgate_syscall_number(uint32_t arch, const char *name);

/* The name of a call by the number that seccomp_data.nr holds, pseudo numbers included; NULL where there is none. Async-signal-safe. */
const char *callgate_syscall_name(uint32_t arch, int32_t nr);

/*
 * The highest number among the calls that kernels add to (those with numbers of their own, such as ARM's private calls, do not
 * count): callgate_rule_unknown() is about the numbers after it. -1 if the architecture is unknown.
 */
int callgate_syscall_newest(uint32_t arch);

/* The known name that is closest to `name`, or NULL if none is similar. */
const char *callgate_syscall_closest_name(const char *name);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
