/*
 * A profile as it was read: words turned into numbers, includes and excludes decided for an environment. Lives in the
 * profile's arena.
 */
#ifndef CALLGATE_OCI_MODEL_H
#define CALLGATE_OCI_MODEL_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include <seccomp.h>

#include <callgate/arch.h>
#include <callgate/oci.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/vec.h"
#include "oci/json.h"

/* ---- what a profile is resolved for; what nobody set comes from the running system ---- */

struct kernel_version {
	unsigned int major, minor;
};

struct environment {
	bool has_capabilities; /* false: the process's */
	uint64_t capabilities; /* bit N: capability number N */
	bool has_kernel;
	struct kernel_version kernel;
	struct kernel_version baseline;          /* 0.0: none */
	const struct callgate_arch *machine;     /* NULL: the first of `archs`, or the running one */
	VEC(const struct callgate_arch *) archs; /* empty: the profile's own list */
};

/* The number of a capability, given with or without "CAP_" and in any case; -1 if there is none. */
int capability_find(const char *name);
/* "CAP_CHOWN" */
const char *capability_name(int number);
/* The name of the capability that was probably meant, or NULL. */
const char *capability_closest(const char *name);

/* Asks the running system for what is not set. -EIO if it does not answer. */
int environment_complete(struct environment *environment, struct diag *diag);

/* The machine that includes and excludes see. Never NULL. */
const struct callgate_arch *environment_machine(const struct environment *environment);

/* "4.8", and what follows the second number only with `rest`: "6.1.0-13-amd64". False if it is not a version. */
bool kernel_version_parse(const char *text, bool rest, struct kernel_version *ret_version);

static inline bool kernel_version_at_least(struct kernel_version version, struct kernel_version least)
{
	return version.major != least.major ? version.major > least.major : version.minor >= least.minor;
}

/* ---- the model ---- */

/* Words of the format and their numbers in <seccomp.h>. The tables end with a NULL name. */
struct word {
	const char *name;
	uint32_t value;
};
extern const struct word comparison_words[]; /* SCMP_CMP_*: enum scmp_compare, in its order */
extern const struct word flag_words[];       /* SECCOMP_FILTER_FLAG_*: the enum scmp_filter_attr that turns it on */

/* The largest number that the kernel lets an ERRNO action return (MAX_ERRNO; linux/err.h). */
enum { ERRNO_MAX = 4095 };

struct named {
	const char *name;
	struct place place;
	bool is_known; /* some architecture has a call of this name */
};

struct condition {
	struct scmp_arg_cmp compare;
	struct place place;
};

/* An action with the number it returns: the whole value is action | number. */
struct verdict {
	const char *name; /* of the action, as the profile writes it; NULL: not given, or wrong */
	uint32_t action;
	struct place place;
	bool has_number; /* the profile gives one, by errnoRet or by name */
	uint64_t number;
};

/* One element of `syscalls`. */
struct entry {
	struct place place;
	size_t name_count;
	struct named *names;
	struct verdict verdict;
	size_t condition_count;
	struct condition *conditions;
	bool same_argument; /* two conditions look at one argument */
	bool excluded;      /* includes or excludes take it out in this environment */
};

struct policy_text;
struct model {
	struct policy_text *policy; /* a policy, which has no entries; NULL: a profile */
	struct verdict fallback;    /* defaultAction */
	size_t entry_count;
	struct entry *entries;
	size_t arch_count; /* of the filter; the first is the machine */
	const struct callgate_arch **archs;
	struct kernel_version baseline;            /* 0.0: none */
	bool flags[_SCMP_FLTATR_MAX];              /* by attribute */
	enum callgate_profile_like like;           /* never AUTO */
	enum callgate_unknown_calls unknown_calls; /* never AUTO */
	const char *listener_path;
	const char *listener_metadata;
	bool asks_capabilities; /* includes or excludes of some entry do */
};

/*
 * Reads the whole profile, and reports what is wrong. `options` by enum callgate_profile_option. `model` is zeroed, and
 * points into the arena and the document. 0, -EINVAL after an error message, -ENOMEM.
 */
int model_read(struct model *model, const struct value *root, const struct environment *environment,
               const uint32_t *options, struct arena *arena, struct messages *messages);

/* Does this action return a number? */
static inline bool action_takes_number(uint32_t action)
{
	return action == SCMP_ACT_ERRNO(0) || action == SCMP_ACT_TRACE(0);
}

/* The kernel's value; default_errno is for verdicts that need a number and have none. */
static inline uint32_t verdict_value(const struct verdict *verdict, uint32_t default_errno)
{
	assert(verdict->name && default_errno <= ERRNO_MAX);
	if (!action_takes_number(verdict->action))
		return verdict->action;
	return verdict->action | (verdict->has_number ? (uint32_t)verdict->number : default_errno);
}

/* The entry applies, and its action is not the default one. */
static inline bool entry_has_effect(const struct model *model, const struct entry *entry, uint32_t default_errno)
{
	return !entry->excluded &&
	       verdict_value(&entry->verdict, default_errno) != verdict_value(&model->fallback, default_errno);
}

bool model_has_arch(const struct model *model, const struct callgate_arch *arch);

/* The largest number that a call of statements has on the architecture; -1 if there is none. */
int policy_newest_named(const struct policy_text *policy, const struct callgate_arch *arch);

/*
 * The largest number that a call of entries that apply, or of statements, has on the architecture; -1 if there is none.
 */
int model_newest_named(const struct model *model, const struct callgate_arch *arch);

#endif
