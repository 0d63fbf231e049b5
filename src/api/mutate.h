/*
 * Policies that are wrong in one place.
 */
#ifndef CALLGATE_API_MUTATE_H
#define CALLGATE_API_MUTATE_H

#include "api/simulator.h"

/* Fills mutations and mutation_count. 0 or -ENOMEM. */
int mutate_list(struct callgate_simulator *simulator, struct diag *diag);

#endif
