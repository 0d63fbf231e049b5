/*
 * What a scmp_filter_ctx points to.
 */
#ifndef CALLGATE_API_CONTEXT_H
#define CALLGATE_API_CONTEXT_H

#include <stdbool.h>

#include <seccomp.h>

#include <callgate/prove.h>

#include "base/diag.h"
#include "compile/compile.h"
#include "policy/ruleset.h"

enum { CONTEXT_MAGIC = 0x63616c6c };

/* A context is valid while its magic is in place and it has an architecture. */
struct context {
	uint32_t magic; /* wiped at release */
	uint32_t attributes[_SCMP_FLTATR_MAX];
	bool notify_used;    /* the default action is NOTIFY, or a NOTIFY rule was ever added */
	uint32_t rule_calls; /* rule_add calls so far: the newest rule's id */
	int listener;        /* -1 for none; closed by nobody but its owner, the caller */
	struct ruleset *rules;
	enum callgate_proof proof;
	bool compiled; /* `output` is the program of the present rules, proved as `proof` asks */
	struct compile_output output;
	struct diag diag;
	struct note note; /* of a call that succeeded; put into words when somebody asks */
};

/* The context, with its diagnosis and note cleared, or NULL with the thread's diagnosis saying why. */
struct context *context_check(const void *ctx);
/* The same, but a context without architectures will do. */
struct context *context_check_magic(const void *ctx);

/* Forgets the compiled program after a change of the rules. */
void context_invalidate(struct context *context);

/*
 * The policy that the rules mean now, in the arena; NULL when memory is out. `everything` is for reading it, not for
 * compiling: numbers that are in no program are in it too.
 */
const struct policy *context_policy(const struct context *context, bool everything, struct arena *arena);

/*
 * Compiles and proves unless that is done already; 0, -ENOMEM, -E2BIG, -EFAULT. Only with `single` is a policy that takes several
 * programs too big.
 */
int context_compile(struct context *context, bool single);

/* 0, or -EINVAL with a text: NOTIFY does not go with CTL_TSYNC on this kernel. */
int context_check_synchronised_notify(struct context *context);
/* Checks a context, which may have CTL_TSYNC or not, in the same way. */
int context_check_notify(struct context *context);

/* Lets pass what the interface promises; every other negative value becomes -EFAULT. */
int context_error(int result);

/* The calling thread's text, for calls without a context: what callgate_diagnosis(NULL) shows. */
struct diag *diag_thread(void);

#endif
