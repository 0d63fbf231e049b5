/*
 * What is wrong with a profile beyond its words: entries that contradict each other, or have no effect.
 */
#ifndef CALLGATE_OCI_REVIEW_H
#define CALLGATE_OCI_REVIEW_H

#include "oci/model.h"

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
 * Which of two entries counts where both hold, as callgate-profile(5) has it: negative the first, positive the second; 0 if one
 * has all conditions of the other, and perhaps more. Both have conditions on different arguments only.
 */
int conditions_order(const struct entry *a, const struct entry *b);

/* Adds messages to those of reading. `options` by enum callgate_profile_option. False when memory is out. */
bool review_model(const struct model *model, const uint32_t *options, struct messages *messages,
                  struct arena *arena);

#endif
