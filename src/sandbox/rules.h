/*
 * The parts of callgate_strict_rules() that other filters use.
 */
#ifndef CALLGATE_WORKER_RULES_H
#define CALLGATE_WORKER_RULES_H

#include <seccomp.h>

/* Adds the rules for CALLGATE_ALLOW_* bits alone. 0, or -errno with the thread's diagnosis; rules may then be there in part. */
int rules_allow(scmp_filter_ctx ctx, unsigned allow);

/* The thread's diagnosis from the context's, behind `what`; returns `result`. */
int rules_fail(scmp_filter_ctx ctx, int result, const char *what);

#endif
