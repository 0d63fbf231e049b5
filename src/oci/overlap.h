/*
 * Entries for one call whose conditions overlap: which one counts, and which never does.
 */
#ifndef CALLGATE_OCI_OVERLAP_H
#define CALLGATE_OCI_OVERLAP_H

#include "oci/model.h"

/* Does `outer` hold for every call for which `inner` does? Finds what each argument's condition shows by itself. */
bool overlap_contains(const struct entry *outer, const struct entry *inner);

/*
 * Which of two entries counts where both hold, as callgate-profile(5) has it: negative the first, positive the second; 0 if one
 * has all conditions of the other, and perhaps more. Both have conditions on different arguments only.
 */
int overlap_order(const struct entry *a, const struct entry *b);

#endif
