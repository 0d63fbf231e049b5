/*
 * What the functions of <callgate/prove.h> are asked about.
 */
#ifndef CALLGATE_API_QUESTIONS_H
#define CALLGATE_API_QUESTIONS_H

#include <callgate/prove.h>

#include "base/arena.h"
#include "prove/equivalence.h"

/* A side as the prover sees it; a context's rules are frozen in the arena. 0, -EINVAL, -ENOMEM; callgate_diagnosis(NULL) says why. */
int question_filter(const struct callgate_filter *side, struct arena *arena, struct filter *ret_filter);

/* `count` comparisons as conditions. 0 or -EINVAL; callgate_diagnosis(NULL) says why. */
int question_conditions(const struct scmp_arg_cmp *comparisons, size_t count,
                        struct policy_condition *conditions);

#endif
