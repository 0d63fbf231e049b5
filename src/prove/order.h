/*
 * An order of bits for a list of rules: those that one rule looks at stand near each other.
 */
#ifndef CALLGATE_PROVE_ORDER_H
#define CALLGATE_PROVE_ORDER_H

#include "base/arena.h"
#include "policy/policy.h"
#include "prove/input.h"

/* The levels of all bits, for diagram_adapt(), in the arena. NULL without memory. */
const uint16_t *order_levels(const struct policy_rule *rules, uint32_t count, struct arena *arena);

#endif
