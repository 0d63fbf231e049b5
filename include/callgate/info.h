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
 * Link with -lcallgate-info (pkg-config callgate-info). All functions look things up in constant tables; any thread may
 * call them, and names are static. `arch` is a SCMP_ARCH_* token, 0 for the native architecture. The functions that
 * find the closest name return the known name that was probably meant, or NULL if none is similar; they accept NULL.
 */

/* ---- sets of system calls ---- */

/*
 * One version of a set of calls that serve one purpose. The calls of a version never change. `syscalls` ends with NULL;
 * where the set contains other sets, it has their calls.
 */
struct callgate_group {
	const char *name; /* without the @ */
	const char *purpose;
	const char *const *syscalls;
};

/* Lists the newest version of each set in alphabetical order, from index 0; NULL after the last. */
const struct callgate_group *callgate_group_at(size_t index);
/*
 * Finds a set by name, with or without the @: "@file-read@1" for one version, "@file-read" for the newest; NULL if
 * there is none.
 */
const struct callgate_group *callgate_group_find(const char *name);
/* Finds the closest name of a set, without the @. */
const char *callgate_group_closest_name(const char *name);
/* The version of a set that one of these functions returned, from 1; 0 for NULL. */
unsigned int callgate_group_version_of(const struct callgate_group *group);
/* Why the call with this index belongs to the set; NULL after the last, and for NULL. */
const char *callgate_group_reason(const struct callgate_group *group, size_t index);
/* The version of the table, which increases with every new set and with every new version of a set. */
unsigned int callgate_group_version(void);

/*
 * Adds a rule with the action for each call of a set, on all architectures of the context that have the call, as
 * seccomp_rule_add() does; either all rules are added or none. `set` must name a version, such as "@file-read@1", so
 * that a new release of the library does not change the filter.
 *
 * Returns 0; -ENOENT (no such set or version), -EINVAL (a name without a version, or NULL), or what seccomp_rule_add()
 * returns, such as -EACCES for the default action. callgate_rule_set_diagnosis() says what is wrong; the text belongs
 * to the thread, until its next call.
 */
int callgate_rule_set(scmp_filter_ctx ctx, uint32_t action, const char *set);
/* Why the thread's last callgate_rule_set() failed; "" if it did not. */
const char *callgate_rule_set_diagnosis(void);

/*
 * Lists calls that can do everything that `call` does, from index 0; NULL after the last, and for calls that have none
 * or are unknown. A filter that denies the call but lets one of them pass denies little.
 */
const char *callgate_sibling_at(const char *call, size_t index);

/*
 * The kernel's name for an argument (0 to 5) of a call: "flags". NULL if the call has no such argument or is not
 * known.
 */
const char *callgate_argument_name(uint32_t arch, const char *call, unsigned int arg);

/*
 * Reports how an argument of a call uses a constant. If the constant is one of several values that exclude each other,
 * *ret_mask becomes the mask of the bits that hold the value: all 32 bits for AF_INET and socket's first argument,
 * O_ACCMODE for O_RDWR and openat's flags. If the constant is a flag, such as O_CLOEXEC, *ret_mask becomes 0. Returns
 * 0; -ENOENT: the argument is not known to use this constant; -EINVAL: NULL, unknown architecture.
 */
int callgate_argument_constant(uint32_t arch, const char *call, unsigned int arg, const char *constant,
                               uint64_t *ret_mask);

/*
 * The kernel's name for the mask of the bits in which an argument holds one of several values: "O_ACCMODE" of openat's
 * flags, "MAP_TYPE" of mmap's. *ret_mask becomes the mask. Returns NULL if no such mask has a name, or if an argument
 * of this function is NULL or not known.
 */
const char *callgate_argument_mask_name(uint32_t arch, const char *call, unsigned int arg, uint64_t *ret_mask);

/* ---- constants ---- */

/*
 * Stores the value that a kernel constant (errno, AF_*, AT_*, CLONE_*, MAP_*, O_*, PROT_*, SIG*, ...) has on an
 * architecture. A negative number of type int (AT_FDCWD) stays negative. Returns 0; -ENOENT: the name is unknown;
 * -EOPNOTSUPP: the architecture lacks it; -EINVAL: NULL, unknown architecture. After an error *ret_value is untouched.
 */
int callgate_constant(uint32_t arch, const char *name, int64_t *ret_value);
/* Lists the names of constants in alphabetical order, from index 0; NULL after the last. */
const char *callgate_constant_at(size_t index);
const char *callgate_constant_closest_name(const char *name);

/* ---- errors ---- */

/*
 * The name of an error number on an architecture: "EPERM". NULL if the number has no name there, or the architecture is
 * unknown. If a number has two names, such as EAGAIN and EWOULDBLOCK, the one that callgate_errno_at() lists first.
 */
const char *callgate_errno_name(uint32_t arch, uint32_t number);
/*
 * Returns the number of an error, which is positive, or -ENOENT, -EOPNOTSUPP or -EINVAL as callgate_constant() does.
 */
int callgate_errno_number(uint32_t arch, const char *name);
/* Lists the names of all errors, from index 0; NULL after the last. */
const char *callgate_errno_at(size_t index);
const char *callgate_errno_closest_name(const char *name);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
