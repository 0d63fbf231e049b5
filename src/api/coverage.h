/*
 * Which edges a program has: the two sides of each conditional jump, with a system call that leaves there.
 */
#ifndef CALLGATE_API_COVERAGE_H
#define CALLGATE_API_COVERAGE_H

#include "api/simulator.h"

/* Fills edges and edge_count, after the counters were made; their `hits` stay 0. 0 or -ENOMEM. */
int coverage_list_edges(struct callgate_simulator *simulator, struct diag *diag);

#endif
