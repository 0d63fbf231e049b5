/*
 * The verdict of the prover's own function of the input, to be held against the simulator and the kernel.
 */
#ifndef CALLGATE_TESTS_PROVED_VERDICT_H
#define CALLGATE_TESTS_PROVED_VERDICT_H

#include <stdbool.h>

#include "prove/filter_model.h"

/*
 * What the diagrams of the subject say for each call. false if they grow beyond a small budget, which arithmetic on
 * several words can do, or memory is out.
 */
bool proved_verdicts(const struct filter *subject, const struct seccomp_data *calls, size_t count,
                     uint32_t *ret_verdicts);

#endif
