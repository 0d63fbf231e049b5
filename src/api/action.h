/*
 * Which actions a filter may have.
 */
#ifndef CALLGATE_API_ACTION_H
#define CALLGATE_API_ACTION_H

#include <stdint.h>

#include "base/diag.h"

/*
 * 0, or -EINVAL with a text: an action that is none, has data it must not have, or is not supported at the API level.
 */
int action_check(uint32_t action, struct diag *diag);

#endif
