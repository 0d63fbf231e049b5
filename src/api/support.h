/*
 * What the kernel, or the API level that was set, lacks: as a result and a text.
 */
#ifndef CALLGATE_API_SUPPORT_H
#define CALLGATE_API_SUPPORT_H

#include <stdint.h>

#include "base/diag.h"
#include "load/features.h"

/* The result, with the text that `what`, or with NULL the feature, needs a newer Linux. */
int feature_missing(enum load_feature feature, const char *what, int result, struct diag *diag);

/* 0 if the feature is there, else the result as above. */
int feature_check(enum load_feature feature, int result, struct diag *diag);

/* 0, or -EINVAL with a text: an action that is none, has data it must not have, or is not supported at the API level. */
int action_check(uint32_t action, struct diag *diag);

#endif
