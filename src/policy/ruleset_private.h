/*
 * What a ruleset is made of; for the files that make it up.
 */
#ifndef CALLGATE_POLICY_RULESET_PRIVATE_H
#define CALLGATE_POLICY_RULESET_PRIVATE_H

#include "policy/arch_rules.h"
#include "policy/journal.h"
#include "policy/ruleset.h"

struct ruleset {
	VEC(struct arch_rules *) archs; /* in order of addition, each once, of one byte order */
	struct journal journal;
};

#endif
