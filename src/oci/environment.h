/*
 * What a profile is resolved for: capabilities, kernel version, architectures. What nobody set comes from the running system.
 */
#ifndef CALLGATE_OCI_ENVIRONMENT_H
#define CALLGATE_OCI_ENVIRONMENT_H

#include <stdbool.h>
#include <stdint.h>

#include <callgate/arch.h>

#include "base/diag.h"
#include "base/vec.h"

struct kernel_version {
	unsigned int major, minor;
};

struct environment {
	bool has_capabilities; /* false: the process's */
	uint64_t capabilities; /* bit N: capability number N */
	bool has_kernel;
	struct kernel_version kernel;
	VEC(const struct callgate_arch *) archs; /* empty: the profile's own list on the running machine */
};

/* 0, -EINVAL (no such name; not a version), -ENOMEM; architectures also -EEXIST and -EDOM. The diag says why. */
int environment_add_capability(struct environment *environment, const char *name, struct diag *diag);
int environment_set_kernel(struct environment *environment, const char *version, struct diag *diag);
int environment_add_arch(struct environment *environment, uint32_t token, struct diag *diag);
void environment_finish(struct environment *environment);

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

#endif
