/*
 * What the kernel, or the API level that was set, lacks: as a result and a text.
 */
#ifndef CALLGATE_API_FEATURE_H
#define CALLGATE_API_FEATURE_H

#include "base/diag.h"
#include "load/features.h"

/* The result, with the text that `what`, or with NULL the feature, needs a newer Linux. */
int feature_missing(enum load_feature feature, const char *what, int result, struct diag *diag);

/* 0 if the feature is there, else the result as above. */
int feature_check(enum load_feature feature, int result, struct diag *diag);

#endif
