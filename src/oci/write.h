/*
 * The model as text: JSON for a runtime, a table for a reader.
 */
#ifndef CALLGATE_OCI_WRITE_H
#define CALLGATE_OCI_WRITE_H

#include "base/arena.h"
#include "base/strbuf.h"
#include "oci/model.h"

/* The plain OCI object. `options` by enum callgate_profile_option. */
void write_resolved(struct strbuf *out, const struct model *model, const uint32_t *options);

/* Per architecture, what each known call gets; the arena holds lists meanwhile. */
void write_table(struct strbuf *out, const struct model *model, const uint32_t *options, struct arena *arena);

/* "ERRNO(1)" */
void write_action(struct strbuf *out, uint32_t action);

#endif
