/*
 * The model as text: JSON for a runtime, a table for a reader.
 */
#ifndef CALLGATE_OCI_WRITE_H
#define CALLGATE_OCI_WRITE_H

#include "base/strbuf.h"
#include "oci/application.h"

/* The plain OCI object. `options` by enum callgate_profile_option. */
void write_resolved(struct strbuf *out, const struct model *model, const uint32_t *options);

/* Per architecture, what each known call gets, by the model and the filter made of it; the arena holds lists meanwhile. 0 or -errno. */
int write_table(struct strbuf *out, const struct application *application, struct arena *arena);

#endif
