/*
 * From a policy to its program, or to several. The table of passes in compile.c is the table of contents.
 */
#ifndef CALLGATE_COMPILE_COMPILE_H
#define CALLGATE_COMPILE_COMPILE_H

#include "base/diag.h"
#include "bpf/program.h"
#include "policy/policy.h"

/* The programs of a policy, in the order of loading; count is 1 unless the policy had to be stacked. */
struct compile_output {
	size_t count;
	struct callgate_program **programs;
};

/*
 * 0; -ENOMEM; -E2BIG when it fits no stack of programs. With `single`, -E2BIG where it does not fit one program. diag
 * may be NULL. The caller calls compile_output_finish().
 */
int compile_policy(const struct policy *policy, bool single, struct diag *diag, struct compile_output *ret_output);
void compile_output_finish(struct compile_output *output);

#endif
