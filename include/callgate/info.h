/* callgate/info.h - sets of calls, names and values of constants and errors. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_INFO_H
#define CALLGATE_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seccomp.h>
#include <callgate/syscall.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * Link with -lcallgate-info (pkg-config callgate-info). Everything here is a constant table: it is the same for every
 * thread, and names are static. `arch` is a SCMP_ARCH_* token, 0 for the native architecture. The functions that find
 * the closest name return the known name that was probably meant, or NULL if none is similar; they take NULL.
 */

/* ---- sets of system calls ---- */

/*
 * A set of calls by purpose, in one version, whose calls never change. `syscalls` ends with NULL; sets that the set
 * contains are expanded.
 */
struct callgate_group {
	const char *name; /* without the @ */
	const char *purpose;
	const char *const *syscalls;
};

/* The newest version of each set in alphabetical order, from index 0; NULL after the last. */
const struct callgate_group *callgate_group_at(size_t index);
/*
 * By name, with or without the @: "@file-read@1" for one version, "@file-read" for the newest; NULL if there is none.
 */
const struct callgate_group *callgate_group_find(const char *name);
/* The closest name of a set, without the @. */
const char *callgate_group_closest_name(const char *name);
/* The version of a set that one of these functions has given, from 1; 0 for NULL. */
unsigned int callgate_group_version_of(const struct callgate_group *group);
/* Why the call with this index belongs to it; NULL after the last, and for NULL. */
const char *callgate_group_reason(const struct callgate_group *group, size_t index);
/* The version of the table: higher whenever there is a new set, or a new version of one. */
unsigned int callgate_group_version(void);

/*
 * Adds a rule with the action for each call of a set, on all architectures of the context that have the call, as
 * seccomp_rule_add() does: all or none. The set is one version, such as "@file-read@1": a filter is not to change with
 * the library.
 *
 * Returns 0; -ENOENT (no such set, or not that version), -EINVAL (a set without a version, NULL, and as below), or what
 * seccomp_rule_add() returns, such as -EACCES for the default action. callgate_rule_set_diagnosis() says what is wrong:
 * a text of the thread, until its next call.
 */
int callgate_rule_set(scmp_filter_ctx ctx, uint32_t action, const char *set);
/* Why the thread's last callgate_rule_set() failed; "" if it did not. */
const char *callgate_rule_set_diagnosis(void);

/*
 * Calls that can do all that `call` does, from index 0; NULL after the last, and for calls that have none or are
 * unknown. A filter that denies the call and lets one of them pass denies little.
 */
const char *callgate_sibling_at(const char *call, size_t index);

/*
 * What the kernel calls an argument of a call (0 to 5): "flags". NULL where the call has no such argument, or is not
 * known.
 */
const char *callgate_argument_name(uint32_t arch, const char *call, unsigned int arg);

/*
 * How an argument of a call uses a constant. 0, and *ret_mask is the mask of the bits that hold the constant, if it is
 * one of several values that exclude each other: all 32 bits for AF_INET and socket's first argument, O_ACCMODE for
 * O_RDWR and openat's flags; and 0 if it is a flag, such as O_CLOEXEC. -ENOENT: the argument is not known to use this
 * constant. -EINVAL: NULL, unknown architecture.
 */
int callgate_argument_constant(uint32_t arch, const char *call, unsigned int arg, const char *constant,
                               uint64_t *ret_mask);

/*
 * The kernel's name for the mask of the bits in which an argument holds one of several values: "O_ACCMODE" of openat's
 * flags, "MAP_TYPE" of mmap's. The mask becomes *ret_mask. NULL: no such mask has a name, or an argument here is not
 * known or NULL.
 */
const char *callgate_argument_mask_name(uint32_t arch, const char *call, unsigned int arg, uint64_t *ret_mask);

/* ---- constants ---- */

/*
 * The value that a kernel constant (errno, AF_*, AT_*, CLONE_*, MAP_*, O_*, PROT_*, SIG*, ...) has on an architecture.
 * 0; -ENOENT: the name is unknown; -EOPNOTSUPP: not on this architecture; -EINVAL: NULL, unknown architecture. Values
 * that are negative numbers of type int (AT_FDCWD) come as such.
 */
int callgate_constant(uint32_t arch, const char *name, int64_t *ret_value);
/* The names in alphabetical order, from index 0; NULL after the last. */
const char *callgate_constant_at(size_t index);
const char *callgate_constant_closest_name(const char *name);

/* ---- errors ---- */

/*
 * "EPERM": the name of an error number on an architecture; NULL: the number has no name there, or the architecture is
 * unknown.
 */
const char *callgate_errno_name(uint32_t arch, uint32_t number);
/*
 * The (positive) number of an error, or a negative one: -ENOENT, -EOPNOTSUPP and -EINVAL as callgate_constant() has
 * them.
 */
int callgate_errno_number(uint32_t arch, const char *name);
/* The names of all errors, from index 0; NULL after the last. */
const char *callgate_errno_at(size_t index);
const char *callgate_errno_closest_name(const char *name);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
