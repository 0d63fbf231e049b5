/*
 * What a struct callgate_simulator is: a frozen copy of a filter, and counters.
 */
#ifndef CALLGATE_ANALYSIS_SIMULATOR_H
#define CALLGATE_ANALYSIS_SIMULATOR_H

#include <callgate/simulate.h>

#include "base/vec.h"
#include "compile/compile.h"
#include "policy/policy.h"

/* Counters of a program: how often the jump at each instruction did not hold [0], and did [1]. */
typedef unsigned long simulator_sides[2];

/* `rules` has all of the policy's, by architecture, number, and order of matching. */
struct callgate_simulator {
	struct arena arena;          /* everything below but the programs */
	const struct policy *policy; /* NULL for a program that came without rules */
	struct compile_output output;
	simulator_sides **sides; /* one array per program */
	ARENA_VEC(struct callgate_rule) rules;
	ARENA_VEC(struct callgate_edge) edges;               /* `hits` is in `sides` */
	unsigned long reasons[CALLGATE_REASON_BAD_ARCH + 1]; /* calls by enum callgate_reason */
};

/* A call as the kernel's record, and back. */
struct seccomp_data simulator_data_of(const struct callgate_call *call);
struct callgate_call simulator_call_of(const struct seccomp_data *data);

/* Runs a call and counts what it comes to. */
struct callgate_verdict simulator_count(struct callgate_simulator *simulator, const struct seccomp_data *data);

#endif
