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

/* SCMP_CMP_*: value is an enum scmp_compare. */
extern const struct names_word names_comparisons[];
/* SECCOMP_FILTER_FLAG_*: value is the enum scmp_filter_attr that turns it on. */
extern const struct names_word names_flags[];
/* Linux's errno names: "EPERM"; numbers of this machine, as everything that reaches the kernel of this machine. */
extern const struct names_word names_errors[];
/* CAP_*: value is the capability's number (capabilities(7), Linux 6.18). */
extern const struct names_word names_capabilities[];

const struct names_word *names_find(const struct names_word *table, const char *name);
/* The first word with this value, or NULL. */
const struct names_word *names_find_value(const struct names_word *table, uint32_t value);
/* The most similar word, or NULL if none is similar. */
const char *names_closest(const struct names_word *table, const char *name);

/* With or without "CAP_", in any case; NULL if there is none. */
const struct names_word *names_capability(const char *name);

/* The capability that is most similar, with or without the prefix; or NULL. */
const char *names_closest_capability(const char *name);

#endif
