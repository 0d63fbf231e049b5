/*
 * What a scmp_filter_ctx points to.
 */
#ifndef CALLGATE_API_CONTEXT_H
#define CALLGATE_API_CONTEXT_H

#include <stdbool.h>

#include <seccomp.h>

#include "base/diag.h"
#include "compile/compile.h"
#include "policy/ruleset.h"

enum { CONTEXT_MAGIC = 0x63616c6c };

/* A context is valid while its magic is in place and it has an architecture. */
struct context {
	uint32_t magic; /* wiped at release */
	uint32_t attributes[_SCMP_FLTATR_MAX];
	bool notify_used;
	int listener; /* -1 for none; closed by nobody but its owner, the caller */
	struct ruleset *rules;
	bool compiled; /* `output` is the program of the present rules, and proved */
	struct compile_output output;
	struct diag diag;
};

/* The context, with its diagnosis cleared, or NULL with the thread's diagnosis saying why. */
struct context *context_check(const void *ctx);
/* The same, but a context without architectures will do. */
struct context *context_check_magic(const void *ctx);

/* The thread's text, for calls without a context. */
struct diag *context_thread_diag(void);

/* Forgets the compiled program after a change of the rules. */
void context_invalidate(struct context *context);

/* The policy that the rules mean now, in the arena; NULL when memory is out. */
const struct policy *context_policy(const struct context *context, struct arena *arena);

/* Compiles and proves unless that is done already; 0, -ENOMEM, -E2BIG, -EFAULT. */
int context_compile(struct context *context, bool single);

/* Lets pass what the interface promises; every other negative value becomes -EFAULT. */
int context_error(int result);

#endif
