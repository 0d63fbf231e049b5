/*
 * Normal form and matching order of comparisons (contract: rules 2 and 7 of what a rule means).
 */
#ifndef CALLGATE_POLICY_RULE_ORDER_H
#define CALLGATE_POLICY_RULE_ORDER_H

#include "policy/policy.h"

/*
 * Brings `count` conditions into normal form in place: cut to the architecture's word, those that always hold by a mask of
 * 0 left out, sorted by argument, none twice. Returns how many are left; 0 is a rule without conditions.
 */
uint32_t rule_order_normalize(struct policy_condition *conditions, uint32_t count, const struct arch *arch);

bool rule_order_is_same(const struct policy_condition *a, const struct policy_condition *b);

/*
 * Which of two rules of one system call is asked first: negative for a, positive for b. 0 only where one's conditions are the
 * beginning of the other's. A total order that does not depend on the order of insertion.
 */
int rule_order_compare(const struct policy_rule *a, const struct policy_rule *b);

#endif
