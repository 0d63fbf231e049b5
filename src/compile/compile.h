/*
 * Policy -> program(s): the driver is the table of contents of the compiler.
 */
#ifndef CALLGATE_COMPILE_COMPILE_H
#define CALLGATE_COMPILE_COMPILE_H

#include "base/diag.h"
#include "base/strbuf.h"
#include "bpf/program.h"
#include "policy/policy.h"

/* The programs of a policy, in the order in which they are to be loaded; count is 1 unless the policy had to be stacked. */
struct compile_output {
	size_t count;
	struct callgate_program **programs;
};

/* Where to write what a pass made; all zero for none. */
struct compile_dump {
	const char *after; /* name of a pass */
	bool dot;          /* Graphviz instead of text */
	struct strbuf *out;
};

/*
 * 0; -ENOMEM; -E2BIG when it fits no stack of programs. With `single`, -E2BIG where it does not fit one program.
 * -EINVAL if dump names no pass. dump and diag may be NULL. The caller calls compile_output_finish().
 */
int compile_policy(const struct policy *policy, bool single, const struct compile_dump *dump,
                   struct diag *diag, struct compile_output *ret_output);
void compile_output_finish(struct compile_output *output);

/* The names of the passes in order, NULL at the end. */
const char *const *compile_pass_names(void);

#endif
