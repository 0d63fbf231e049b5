/*
 * From the model to a filter context, through the public interface.
 */
#ifndef CALLGATE_OCI_APPLICATION_H
#define CALLGATE_OCI_APPLICATION_H

#include "base/diag.h"
#include "base/strbuf.h"
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
	/* What only the filter shows: contradictions, and conditions that socketcall(2) and ipc(2) evade. */
	struct messages *messages;
	struct diag *diag;
	struct origins *origins; /* to be filled */
	scmp_filter_ctx ctx;
};

/* 0 and application->ctx, which the caller releases; or -errno, the diag says why, and ctx is NULL. */
int apply_model(struct application *application);

/* The kernel's values: of the default action, and of an entry's. */
static inline uint32_t application_default(const struct application *application)
{
	return verdict_value(&application->model->fallback,
	                     application->options[CALLGATE_PROFILE_DEFAULT_ERRNO]);
}

static inline uint32_t application_action(const struct application *application, const struct entry *entry)
{
	return verdict_value(&entry->verdict, application->options[CALLGATE_PROFILE_DEFAULT_ERRNO]);
}

/* Notes that the next rule_add call is made for the text at this place. */
static inline void application_note_origin(struct application *application, struct place place)
{
	if (!vec_push(&application->origins->list, place))
		application->origins->out_of_memory = true;
}

/*
 * ---- multiplexed calls ----
 *
 * Some architectures have a second way to the socket and the System V IPC calls: socketcall(2) and ipc(2). socketcall's arguments
 * are in memory and ipc's are in other places, so no condition on a call's arguments can hold there.
 */
struct multiplexed {
	const char *through;         /* "socketcall" or "ipc" */
	int nr;                      /* the number of that call */
	struct scmp_arg_cmp is_call; /* holds for the first argument where the multiplexed call is meant */
};

/* False where the architecture has only the direct call, or none. */
bool multiplexed_find(const struct callgate_arch *arch, const char *syscall,
                      struct multiplexed *ret_multiplexed);

/* Is the call multiplexed on an architecture of the filter? */
bool multiplexed_anywhere(const struct model *model, const char *syscall);

/* Decides about the multiplexed way to calls of which conditions restrict the direct way. 0 or -errno. */
int multiplexed_restrict(struct application *application);

/* ---- the model as text ---- */

/* The plain OCI object for a runtime. `options` by enum callgate_profile_option. */
void write_resolved(struct strbuf *out, const struct model *model, const uint32_t *options);

/*
 * A table for a reader: per architecture, what each known call gets, by the model and the filter made of it. The arena holds
 * lists meanwhile. 0 or -errno.
 */
int write_table(struct strbuf *out, const struct application *application, struct arena *arena);

#endif
