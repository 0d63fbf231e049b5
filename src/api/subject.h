/*
 * What the functions of <callgate/prove.h> are asked about.
 */
#ifndef CALLGATE_API_SUBJECT_H
#define CALLGATE_API_SUBJECT_H

#include <callgate/prove.h>

#include "base/arena.h"
#include "prove/prove.h"

/* A side as the prover sees it; a context's rules are frozen in the arena. 0, -EINVAL, -ENOMEM; callgate_diagnosis(NULL) says why. */
int subject_of(const struct callgate_side *side, struct arena *arena, struct prove_subject *ret_subject);

#endif
