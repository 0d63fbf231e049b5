/*
 * Actions of filters: what they are called, and which is stricter. <callgate/action.h> has the types, and says more.
 */
#ifndef CALLGATE_ARCH_ACTIONS_H
#define CALLGATE_ARCH_ACTIONS_H

#include <callgate/action.h>

#include "base/diag.h"

/* The strictest first; NULL from the end on. */
const struct callgate_action_kind *action_kind_at(size_t i);

/* NULL: no action, and no name of one (with or without "SCMP_ACT_"). */
const struct callgate_action_kind *action_kind(uint32_t action);
const struct callgate_action_kind *action_kind_by_name(const char *name);

/* "ERRNO(EPERM)" */
void action_text(uint32_t action, char text[CALLGATE_ACTION_TEXT]);

/* The way back: 0, or -EINVAL with a text. */
int action_parse(const char *text, uint32_t *ret_action, struct diag *diag);

/* The action of several stacked filters: the strictest, and of equals the first; `newest` is what the newest returned. */
uint32_t action_strictest(uint32_t newest, uint32_t older);

#endif
