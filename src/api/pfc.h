/*
 * Pseudo filter code: a policy as text that people diff.
 */
#ifndef CALLGATE_API_PFC_H
#define CALLGATE_API_PFC_H

#include "base/strbuf.h"
#include "policy/policy.h"

/*
 * The text of a policy frozen with everything in it, pseudo numbers too. With one rule for each system call it is what
 * libseccomp prints, byte for byte; with several, each is printed after the other in matching order. text->failed when memory
 * runs out.
 */
void pfc_write(const struct policy *policy, struct strbuf *text);

#endif
