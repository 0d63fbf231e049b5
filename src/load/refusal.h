/*
 * What a refusal of the kernel means and what to do about it.
 */
#ifndef CALLGATE_LOAD_REFUSAL_H
#define CALLGATE_LOAD_REFUSAL_H

#include "base/diag.h"

/* Sets the text for a failed SECCOMP_SET_MODE_FILTER with these flags, and returns `result`, the -errno. */
int refusal_explain(int result, unsigned flags, struct diag *diag);

#endif
