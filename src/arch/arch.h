/*
 * Architectures and their system call numbers: facts, generated from data/ by gen.py. The room also defines the
 * functions of <callgate/arch.h> and <callgate/action.h>, which are the same inside and outside.
 *
 * Nothing outside src/arch may ask which architecture it is on; whoever needs to know something about an
 * architecture reads a field here, or gets one added.
 */
#ifndef CALLGATE_ARCH_ARCH_H
#define CALLGATE_ARCH_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <callgate/action.h>
#include <callgate/arch.h>

#include "base/diag.h"

enum { ARCH_ARGUMENTS = 6 /* that a call can have */ };

/* Reserved numbers of the <seccomp.h> ABI. */
#define ARCH_NR_ERROR         (-1)  /* the name is not known at all */
#define ARCH_NR_SKIP          (-1)  /* as a number in seccomp_data: a tracer skipped the call */
#define ARCH_NR_RESERVED_LAST (-99) /* -1..-99 are reserved, everything below is a pseudo number */

/*
 * An architecture is a struct callgate_arch of the generated table: constant, static, compared by address.
 *
 * Two architectures may share an audit value (x86_64 and x32); then number ranges distinguish them:
 * a call belongs to the one with nr_first <= (uint32_t)nr <= nr_last.
 */

/* Number of architectures: callgate_arch_at(i) for i in [0, arch_count()), in the order of the table in the docs. */
size_t arch_count(void);

/* The architecture this library was compiled for. Never NULL. */
const struct callgate_arch *arch_native(void);

/*
 * Here, and nowhere else, x86_64 and x32 are distinguished. arch_has_number(): may a call of the architecture have this
 * number? -1, a call that a tracer skips, may be any architecture's. arch_of_call(): whose call it is, -1 being that of
 * the first one with the audit value, which is the one with a kernel of its own; NULL if no architecture has the audit
 * value.
 */
bool arch_has_number(const struct callgate_arch *arch, uint32_t nr);
const struct callgate_arch *arch_of_call(uint32_t audit, uint32_t nr);

/*
 * Name -> number as seccomp_syscall_resolve_name_arch() says: base included; the pseudo number when the name is known
 * but absent there; -101.. / -201.. for the socket and ipc families on multiplexed architectures; ARCH_NR_ERROR if the
 * name is unknown or NULL. Takes less than 100 ns.
 */
int32_t arch_syscall_number(const struct callgate_arch *arch, const char *name);

/* The direct number of a name on this architecture, base included, also where the family is multiplexed; -1 if none. */
int32_t arch_syscall_direct_number(const struct callgate_arch *arch, const char *name);

/*
 * How many low bits of an argument (0 to 5) the kernel reads: 64, 32 or 16, and no more than the architecture's word; 0
 * if the call has no such argument. A whole word for names that are unknown, or NULL.
 */
unsigned arch_argument_bits(const struct callgate_arch *arch, const char *name, unsigned arg);

/*
 * Number -> name, static, NULL if unknown. Pseudo numbers resolve where this architecture's table holds them, and
 * -101..-120/-201..-224 always do on multiplexed ones; x32 takes numbers with and without bit 30; MIPS takes
 * numbers with and without the base.
 */
const char *arch_syscall_name(const struct callgate_arch *arch, int32_t nr);

/* -101..-120 -> socketcall_nr, -201..-224 -> ipc_nr where multiplexed; everything else comes back unchanged. */
int32_t arch_syscall_rewrite(const struct callgate_arch *arch, int32_t nr);

/*
 * Translates a native number (or pseudo number) to `to`, by name. For the native architecture, and for -1, the number
 * comes back unchanged. Returns 0, or -EFAULT if the native table has no name for it; *ret_nr is untouched then.
 */
int arch_syscall_translate(const struct callgate_arch *to, int32_t native_nr, int32_t *ret_nr);

/* Numbers that the kernel takes for negative are no system calls on any architecture; a tracer skips a call by -1. */
static inline bool arch_nr_is_no_call(uint32_t nr)
{
	return nr > INT32_MAX && nr != (uint32_t)ARCH_NR_SKIP;
}

/* The call number that socketcall(2) / ipc(2) takes for a pseudo number of the family: 101 % 100, 221 % 200. */
static inline bool arch_nr_is_socket_pseudo(int32_t nr)
{
	return nr <= -100 && nr >= -120;
}
static inline bool arch_nr_is_ipc_pseudo(int32_t nr)
{
	return nr <= -200 && nr >= -224;
}

/* Every name of the table in alphabetical order, from index 0; NULL after the last. */
const char *arch_syscall_name_at(size_t i);

/* Highest number of the table on this architecture, base included. */
int32_t arch_syscall_number_max(const struct callgate_arch *arch);

/*
 * The highest number that is handed out to all architectures alike (since Linux 5.1 new calls get one number, plus the
 * base, everywhere). Smaller than the maximum where an architecture has calls of its own after the common range: x32's
 * from 512, ARM's from 0xf0000.
 */
int32_t arch_syscall_number_newest(const struct callgate_arch *arch);

/* The architecture's own numbers, base included, ascending: i in [0, arch_syscall_number_count()). */
size_t arch_syscall_number_count(const struct callgate_arch *arch);
int32_t arch_syscall_number_at(const struct callgate_arch *arch, size_t i);

/*
 * When the call with that place among the numbers, or with that number (pseudo numbers are none), came to the
 * architecture. The second is NULL where there is no such call.
 */
const struct callgate_since *arch_syscall_since_at(const struct callgate_arch *arch, size_t i);
const struct callgate_since *arch_syscall_since(const struct callgate_arch *arch, int32_t nr);

/* May the call be newer than Linux `major`.`minor`? What is not known exactly may be, and what never came is. */
bool arch_since_may_be_after(const struct callgate_since *since, unsigned major, unsigned minor);

/*
 * Adds to *count how many calls there are from the `from`-th one by number on, as far as their numbers are not above
 * `last`, and to *share (may be NULL) how often ordinary programs make them: their part of all calls, in 1/100000, as
 * measured for arch/data/ordinary_work.inc. Returns where it ended: `from` for what is above.
 */
size_t arch_syscall_tally(const struct callgate_arch *arch, size_t from, uint32_t last, uint32_t *count,
                          uint32_t *share);

/* callgate_action_text() of any machine: "ERRNO(1)". */
void action_text_in_numbers(uint32_t action, char text[CALLGATE_ACTION_TEXT]);

/* callgate_action_parse() with a place for the text of -EINVAL. */
int action_parse(const char *text, uint32_t *ret_action, struct diag *diag);

/* The known name that is closest to `name` (edit distance), or NULL if nothing is close. For diagnostics. */
const char *arch_syscall_closest_name(const char *name);

#endif
