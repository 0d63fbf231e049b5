/*
 * Looks for a difference by trying calls, where the diagrams have become too large to tell.
 */
#ifndef CALLGATE_PROVE_SAMPLE_H
#define CALLGATE_PROVE_SAMPLE_H

#include "prove/side.h"

/*
 * A call on which the two sides differ, made of the constants that they compare with. The same calls are tried every time.
 * false if none was found, which proves nothing, or without memory.
 */
bool sample_difference(const struct prove_subject *a, const struct prove_subject *b,
                       struct seccomp_data *ret_call);

#endif
