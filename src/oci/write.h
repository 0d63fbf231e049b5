/*
 * The model as text: JSON for a runtime, a table for a reader.
 */
#ifndef CALLGATE_OCI_WRITE_H
#define CALLGATE_OCI_WRITE_H

#include "base/arena.h"
#include "base/strbuf.h"
#include "oci/apply.h"
#include "oci/model.h"

/* The plain OCI object. `options` by enum callgate_profile_option. */
void write_resolved(struct strbuf *out, const struct model *model, const uint32_t *options);

/* Per architecture, what each known call gets, by the model and the filter made of it; the arena holds lists meanwhile. 0 or -errno. */
int write_table(struct strbuf *out, const struct application *application, struct arena *arena);

/* A call that passes a door, or is kept from it, because of what entries say about the call itself. */
struct passage {
	const char *name;
	struct scmp_arg_cmp call; /* how it is told at the door */
	uint32_t action;
};

struct passages {
	struct passage *list;
	size_t count;
};

/* Those of a door ("socketcall", "ipc") that do not get the default action; none for other calls. 0 or -errno. */
int passages_find(const struct application *application, const struct callgate_arch *arch, const char *name,
                  struct arena *arena, struct passages *ret_passages);

/* As a JSON string, quotes included. */
void write_string(struct strbuf *out, const char *text);

/* "ERRNO(1)" */
void write_action(struct strbuf *out, uint32_t action);

#endif
