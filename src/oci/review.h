/*
 * What is right by itself and wrong together: entries that have no effect, repeat, cover or contradict others.
 */
#ifndef CALLGATE_OCI_REVIEW_H
#define CALLGATE_OCI_REVIEW_H

#include "base/arena.h"
#include "oci/messages.h"
#include "oci/model.h"

/* Messages about the entries that apply. `options` by enum callgate_profile_option. False when memory is out. */
bool review_model(const struct model *model, const uint32_t *options, struct messages *messages,
                  struct arena *arena);

#endif
