/*
 * Pseudo filter code of one rule: comparisons of 32-bit words, nested.
 */
#ifndef CALLGATE_API_PFC_RULE_H
#define CALLGATE_API_PFC_RULE_H

#include "base/strbuf.h"
#include "policy/policy.h"

/* One line at an indent level of two blanks each. */
__attribute__((format(printf, 3, 4))) void pfc_line(struct strbuf *text, int indent, const char *format, ...);

void pfc_write_action(struct strbuf *text, int indent, uint32_t action);
void pfc_write_rule(struct strbuf *text, int indent, const struct policy_rule *rule, const struct arch *arch);

/* How many words a comparison looks at, a word that is compared in two ways counted twice. */
uint32_t pfc_condition_words(const struct policy_condition *condition, const struct arch *arch);

/* How many comparisons two rules have in common before they part. */
uint32_t pfc_shared_conditions(const struct policy_rule *a, const struct policy_rule *b);

#endif
