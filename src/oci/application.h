/*
 * What is done with a model: entries that contradict each other or have no effect are reported, a filter context is
 * made through the public interface, and it is written as text.
 */
#ifndef CALLGATE_OCI_APPLICATION_H
#define CALLGATE_OCI_APPLICATION_H

#include "base/diag.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "oci/messages.h"
#include "oci/model.h"

/* ---- review: what is wrong beyond the words ---- */

/* A name in an entry that has an effect. */
struct reference {
	const struct named *named;
	const struct entry *entry;
	size_t order; /* in the profile */
};

/* Sorted by name, those of one name in the order of the profile. */
struct references {
	struct reference *list;
	size_t count;
};

/* In the arena; false when memory is out. */
bool references_collect(const struct model *model, uint32_t default_errno, struct arena *arena,
                        struct references *ret_references);

/* How many, from index `first` on, have the same name. */
size_t references_same(const struct references *references, size_t first);

/* The index of the first reference with the name, or references->count. */
size_t references_find(const struct references *references, const char *name);

/* Does `outer` hold for every call for which `inner` does? Finds what each argument's condition shows by itself. */
bool conditions_contain(const struct entry *outer, const struct entry *inner);

/*
 * Two conditions on one argument: does no argument fulfil both? Does every argument fulfil one of them? As far as can
 * be seen.
 */
bool conditions_exclude(const struct scmp_arg_cmp *a, const struct scmp_arg_cmp *b);
bool conditions_cover(const struct scmp_arg_cmp *a, const struct scmp_arg_cmp *b);

/*
 * Which of two entries counts where both hold, as callgate-profile(5) has it: negative the first, positive the second;
 * 0 if one has all conditions of the other, and perhaps more. Both have conditions on different arguments only.
 */
int conditions_order(const struct entry *a, const struct entry *b);

/* Adds messages to those of reading. `options` by enum callgate_profile_option. */
void review_model(const struct model *model, const struct references *references, const uint32_t *options,
                  struct messages *messages);

/* ---- application: the filter ---- */

/* Which name in the profile, if any, made which rule: [id - 1], ids as callgate_simulate() gives them. */
struct origins {
	VEC(const struct named *) list;
	bool out_of_memory; /* one was lost */
};

struct application {
	const struct model *model;
	const uint32_t *options; /* by enum callgate_profile_option */
	/* What only the filter shows: contradictions, and conditions that socketcall(2) and ipc(2) evade. */
	struct messages *messages;
	struct diag *diag;
	struct origins *origins; /* to be filled */
	const struct references *references;
	scmp_filter_ctx ctx;
};

/* 0 and application->ctx, which the caller releases; or -errno, the diag says why, and ctx is NULL. */
int apply_model(struct application *application);

/* The kernel's values: of the default action, and of an entry's. */
static inline uint32_t application_default(const struct application *application)
{
	return verdict_value(&application->model->fallback, application->options[CALLGATE_PROFILE_DEFAULT_ERRNO]);
}

static inline uint32_t application_action(const struct application *application, const struct entry *entry)
{
	return verdict_value(&entry->verdict, application->options[CALLGATE_PROFILE_DEFAULT_ERRNO]);
}

/* Notes that the next rule_add call is made for this name; NULL: for none. */
static inline void application_note_origin(struct application *application, const struct named *named)
{
	if (!vec_push(&application->origins->list, named))
		application->origins->out_of_memory = true;
}

/*
 * ---- multiplexed calls ----
 *
 * Some architectures have a second way to the socket and the System V IPC calls: socketcall(2) and ipc(2). socketcall's
 * arguments are in memory and ipc's are in other places, so no condition on a call's arguments can hold there.
 */
struct multiplexed {
	const char *through;         /* "socketcall" or "ipc" */
	int nr;                      /* the number of that call */
	uint64_t number;             /* of the multiplexed call: its first argument */
	struct scmp_arg_cmp is_call; /* holds for the first argument where the multiplexed call is meant */
};

/* False where the architecture has only the direct call, or none. */
bool multiplexed_find(const struct callgate_arch *arch, const char *syscall, struct multiplexed *ret_multiplexed);

/* Is the call multiplexed on an architecture of the filter? */
bool multiplexed_anywhere(const struct model *model, const char *syscall);

/* Decides about the multiplexed way to calls of which conditions restrict the direct way. 0 or -errno. */
int multiplexed_restrict(struct application *application);

/*
 * Adds the messages that only the finished filter of `application->ctx` shows: comparisons that calls evade, calls with
 * the same effect, what a C library lacks. 0, or -errno of callgate_simulate().
 */
int review_filter(const struct application *application);

/* ---- the model as text ---- */

/* Further members of a profile's object: its flags, and its listener, if it has any. */
void write_flags(struct strbuf *out, const struct model *model);
void write_listener(struct strbuf *out, const struct model *model);

/* The plain OCI object for a runtime. `options` by enum callgate_profile_option. */
void write_resolved(struct strbuf *out, const struct model *model, const uint32_t *options);

/*
 * A table for a reader: per architecture, what each known call gets, by the model and the filter made of it. The arena
 * holds lists meanwhile. 0 or -errno.
 */
int write_table(struct strbuf *out, const struct application *application, struct arena *arena);

#endif
