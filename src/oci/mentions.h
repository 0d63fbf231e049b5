/*
 * Which entries that apply name a call.
 */
#ifndef CALLGATE_OCI_MENTIONS_H
#define CALLGATE_OCI_MENTIONS_H

#include "base/arena.h"
#include "oci/model.h"

struct mention {
	const struct named *named;
	const struct entry *entry;
	size_t order; /* in the profile */
};

/* Sorted by name, those of one name in the order of the profile. */
struct mentions {
	struct mention *list;
	size_t count;
};

/* It applies, and its action is not the default one. */
bool entry_has_effect(const struct model *model, const struct entry *entry, uint32_t default_errno);

/* The mentions in entries that have an effect, in the arena; false when memory is out. */
bool mentions_collect(const struct model *model, uint32_t default_errno, struct arena *arena,
                      struct mentions *ret_mentions);

/* How many, from index `first` on, have the same name. */
size_t mentions_same(const struct mentions *mentions, size_t first);

/* The index of the first mention of the name, or mentions->count. */
size_t mentions_find(const struct mentions *mentions, const char *name);

#endif
