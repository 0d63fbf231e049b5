/*
 * From the model to a filter context, through the public interface.
 */
#ifndef CALLGATE_OCI_APPLY_H
#define CALLGATE_OCI_APPLY_H

#include "base/diag.h"
#include "base/vec.h"
#include "oci/messages.h"
#include "oci/model.h"

/* Which place of the profile made which rule: [id - 1], ids as callgate_simulate() gives them. */
struct origins {
	VEC(struct place) list;
	bool out_of_memory; /* one was lost */
};

struct application {
	const struct model *model;
	const uint32_t *options; /* by enum callgate_profile_option */
	struct messages
	    *messages; /* what only the filter can tell: contradictions, doors that can't be watched */
	struct diag *diag;
	struct origins *origins; /* to be filled */
	scmp_filter_ctx ctx;
};

/* Notes that the next rule_add call is made for the text at this place. */
void apply_note_origin(struct application *application, struct place place);

/* 0 and application->ctx, which the caller releases; or -errno, the diag says why, and ctx is NULL. */
int apply_model(struct application *application);

/* The kernel's values: of the default action, and of an entry's. */
uint32_t apply_default(const struct application *application);
uint32_t apply_action(const struct application *application, const struct entry *entry);

/* Do calls that are newer than all known ones get ENOSYS? */
bool apply_newer_is_enosys(const struct model *model, const uint32_t *options);

/* A number of `arch` that stands for several calls, told apart by the first argument. */
struct door {
	const char *name; /* "socketcall" or "ipc" */
	int nr;
	struct scmp_arg_cmp call; /* the first argument, where this call is meant */
};

/* False where the architecture has only the direct call, or none. */
bool door_find(const struct callgate_arch *arch, const char *syscall, struct door *ret_door);

/* Decides what passes the doors of calls whose arguments are restricted. 0 or -errno. */
int door_apply(struct application *application);

#endif
