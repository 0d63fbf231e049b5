/*
 * The words of the format, as tables.
 */
#ifndef CALLGATE_OCI_NAMES_H
#define CALLGATE_OCI_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest number that the kernel lets an ERRNO action give back (MAX_ERRNO; linux/err.h). */
#define CALLGATE_ERRNO_MAX 4095

/* One word and its number in the kernel or in <seccomp.h>. Tables end with a NULL name. */
struct names_word {
	const char *name;
	uint32_t value;
};

/* SCMP_ACT_*: value is the action without data. KILL stands before its synonym KILL_THREAD. */
extern const struct names_word names_actions[];
/* SCMP_CMP_*: value is an enum scmp_compare. */
extern const struct names_word names_comparisons[];
/* SECCOMP_FILTER_FLAG_*: value is the enum scmp_filter_attr that turns it on. */
extern const struct names_word names_flags[];
/* Linux's errno names: "EPERM"; numbers of this machine, as everything that reaches the kernel of this machine. */
extern const struct names_word names_errors[];
/* CAP_*: value is the capability's number (capabilities(7), Linux 6.18). */
extern const struct names_word names_capabilities[];

/* All names of one architecture. */
struct names_arch {
	uint32_t token;
	bool big_endian;
	const char *oci;    /* the runtime spec's: "SCMP_ARCH_X86_64" */
	const char *scmp;   /* <seccomp.h>'s and uname(1)'s: "x86_64" */
	const char *docker; /* what profiles call it in includes.arches: "amd64" */
	uint16_t enosys;    /* its ENOSYS (asm/errno.h) */
};
extern const struct names_arch names_archs[]; /* ends with token 0 */

/* Do its calls have arguments of 32 bits? libseccomp's filters then compare the lower 32 bits of values, too. */
bool names_arch_is_narrow(const struct names_arch *arch);

const struct names_word *names_find(const struct names_word *table, const char *name);
/* The first word with this value, or NULL. */
const struct names_word *names_find_value(const struct names_word *table, uint32_t value);
/* The most similar word, or NULL if none is similar. */
const char *names_closest(const struct names_word *table, const char *name);

const struct names_arch *names_arch_by_token(uint32_t token);
const struct names_arch *names_arch_by_oci(const char *name);
const struct names_arch *names_arch_by_any(const char *name);

/* With or without "CAP_", in any case; NULL if there is none. */
const struct names_word *names_capability(const char *name);

/* The capability that is most similar, with or without the prefix; or NULL. */
const char *names_closest_capability(const char *name);

#endif
