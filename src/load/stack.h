/*
 * Several programs for one policy.
 */
#ifndef CALLGATE_LOAD_STACK_H
#define CALLGATE_LOAD_STACK_H

#include <stddef.h>

#include "base/diag.h"
#include "bpf/program.h"

/*
 * Would the kernel take all of them, one after the other? 0; -EINVAL (not a program it accepts), -ENOMEM (with the
 * filters that this thread has already, longer than the kernel's limit). Async-signal-safe.
 */
int stack_check(struct callgate_program *const *programs, size_t count, struct diag *diag);

/* Puts "partly confined" before the text of a failure after `loaded` of `count` programs; returns `result`. */
int stack_explain(size_t loaded, size_t count, int result, struct diag *diag);

#endif
