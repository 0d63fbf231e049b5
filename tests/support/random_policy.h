/*
 * Random policies and calls that are near their edges, for property tests.
 */
#ifndef CALLGATE_TESTS_RANDOM_POLICY_H
#define CALLGATE_TESTS_RANDOM_POLICY_H

#include "base/arena.h"
#include "policy/policy.h"
#include "support/random.h"

/*
 * A policy on one to three architectures of one byte order with up to `syscalls` numbers each and up to `rules` rules
 * on a number, conditions on any arguments (several on one included), overlapping at will. In the arena; NULL without
 * memory.
 */
const struct policy *random_policy(struct random *random, struct arena *arena, uint32_t syscalls, uint32_t rules);

/* One number with so many rules, of one to three conditions each: all of them count. */
const struct policy *random_long_policy(struct random *random, struct arena *arena, uint32_t rules);

/* A call whose number, architecture and arguments are mostly those the policy looks at, or one off, or one bit off. */
struct seccomp_data random_call(struct random *random, const struct policy *policy);

/* The policy and call as text on stdout, for a failing test. */
void random_policy_print(const struct policy *policy);
void random_call_print(const struct seccomp_data *call);

#endif
