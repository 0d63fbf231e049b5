/*
 * Where one rule_add call goes: per architecture no, one or two rules under the numbers of that architecture.
 */
#ifndef CALLGATE_POLICY_PLACEMENT_H
#define CALLGATE_POLICY_PLACEMENT_H

#include "policy/arch_rules.h"
#include "policy/ruleset.h"

/* A rule for one number of one architecture, conditions in normal form, and what it will do there. */
struct placement {
	struct arch_rules *rules;
	int32_t nr;
	uint32_t count;
	bool is_multiplexed;                       /* of socketcall(2) or ipc(2), for one of its sub-calls */
	const struct policy_condition *conditions; /* own[], or memory of the caller's */
	struct policy_condition own[RULESET_CONDITIONS_MAX];
	struct rule_plan plan;
};

enum { PLACEMENTS_PER_ARCH = 2 };

/*
 * Fills placements[] (all but the plans) and says how many they are, 0 where the rule has no meaning on this architecture.
 * -EFAULT (the native number has no name), -EDOM (exact, and no such call), -EINVAL (exact, and comparisons get lost).
 */
int placement_make(struct arch_rules *rules, const struct ruleset_request *request,
                   struct placement placements[PLACEMENTS_PER_ARCH], struct diag *diag);

#endif
