/*
 * A profile as it was read: words turned into numbers, includes and excludes decided. Lives in the profile's arena.
 */
#ifndef CALLGATE_OCI_MODEL_H
#define CALLGATE_OCI_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include <seccomp.h>
#include <callgate/action.h>
#include <callgate/arch.h>

#include "oci/names.h"
#include "oci/text.h"

struct named {
	const char *name;
	struct place place;
	bool is_known; /* some architecture has a call of this name */
};

struct condition {
	struct scmp_arg_cmp compare;
	struct place place;
};

/* An action with the number it gives back: the whole value is action | number. */
struct verdict {
	const struct callgate_action_kind *action; /* NULL: not given, or wrong */
	struct place place;
	bool has_number; /* the profile gives one, by errnoRet or by name */
	uint64_t number;
	const char *error; /* the name it was also, or only, given by; or NULL */
	struct place number_place;
};

/* One element of `syscalls`. */
struct entry {
	struct place place;
	size_t name_count;
	struct named *names;
	bool has_name, has_names; /* "name", "names" */
	struct place no_names;    /* of a list "names" without any; or line 0 */
	struct verdict verdict;
	size_t condition_count;
	struct condition *conditions;
	bool same_argument; /* two conditions look at one argument */
	bool excluded;      /* includes or excludes take it out in this environment */
	const char *comment;
};

struct model {
	struct verdict fallback; /* defaultAction */
	size_t entry_count;
	struct entry *entries;
	size_t arch_count; /* of the filter; the first is the machine */
	const struct callgate_arch **archs;
	bool flags[_SCMP_FLTATR_MAX]; /* by attribute */
	const char *listener_path;
	const char *listener_metadata;
	struct place listener_metadata_place;
};

/* The kernel's value; default_errno is for verdicts that need a number and have none. */
uint32_t verdict_value(const struct verdict *verdict, uint32_t default_errno);

/* Does this action give a number back? */
static inline bool action_takes_number(uint32_t action)
{
	return action == SCMP_ACT_ERRNO(0) || action == SCMP_ACT_TRACE(0);
}

#endif
