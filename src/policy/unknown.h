/*
 * Unknown calls: those newer than the tables.
 */
#ifndef CALLGATE_POLICY_UNKNOWN_H
#define CALLGATE_POLICY_UNKNOWN_H

#include "base/arena.h"
#include "policy/policy.h"

/*
 * Makes the architecture's calls behind the newest known one unknown calls that get `action`. Known calls with numbers behind it
 * (ARM's private ones, x32's second half) that have no rules get one with the default action, so that they stay what they
 * were. False when memory is out; *arch is then as before.
 */
bool policy_arch_set_unknown(struct policy_arch *arch, uint32_t action, uint32_t default_action,
                             struct arena *arena);

#endif
