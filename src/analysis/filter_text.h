/*
 * What a proof is about, in the language of `callgate compile --format proof`, which an independent checker reads:
 * docs/verified-checker.md.
 */
#ifndef CALLGATE_ANALYSIS_FILTER_TEXT_H
#define CALLGATE_ANALYSIS_FILTER_TEXT_H

#include "base/strbuf.h"
#include "bpf/program.h"
#include "policy/policy.h"

/* The policy, with which a text begins. */
void filter_text_add_policy(struct strbuf *text, const struct policy *policy);

/* The bytes of a program, one line of 16 hexadecimal digits for each instruction. */
void filter_text_add_program(struct strbuf *text, const struct callgate_program *program);

#endif
