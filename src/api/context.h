/*
 * What a scmp_filter_ctx points to, and the checks of arguments and results that all of the interface shares.
 */
#ifndef CALLGATE_API_CONTEXT_H
#define CALLGATE_API_CONTEXT_H

#include <stdbool.h>

#include <seccomp.h>

#include <callgate/prove.h>
#include <callgate/rule.h>

#include "base/diag.h"
#include "compile/compile.h"
#include "load/features.h"
#include "policy/ruleset.h"

enum { CONTEXT_MAGIC = 0x63616c6c };

/* A context is valid while its magic is in place and it has an architecture. */
struct context {
	uint32_t magic; /* wiped at release */
	uint32_t attributes[_SCMP_FLTATR_MAX];
	enum policy_order order;
	uint8_t baseline_major, baseline_minor; /* 0.0: none */
	bool notify_used;                       /* the default action is NOTIFY, or a NOTIFY rule was ever added */
	uint32_t rule_calls;                    /* rule_add calls so far: the newest rule's id */
	int listener;                           /* -1 for none; closed by nobody but its owner, the caller */
	struct ruleset *rules;
	enum callgate_proof proof;
	bool compiled; /* `output` is the program of the present rules, proved as `proof` asks */
	struct compile_output output;
	struct diag diag;
	struct note note; /* of a call that succeeded; put into words when somebody asks */
};

/* The context, with its diagnosis and note cleared, or NULL with the thread's diagnosis saying why. */
struct context *context_check(const void *ctx);
/* context_check(), but a context without architectures will do. */
struct context *context_check_magic(const void *ctx);
/*
 * context_check(), for a call that needs something else too: where it is NULL, so is the result, and the text calls it
 * `name`.
 */
struct context *context_check_with(const void *ctx, const void *needed, const char *name);

/* Forgets the compiled program after a change of the rules. */
void context_invalidate(struct context *context);

/* What the attributes say about a policy. */
struct ruleset_attributes context_attributes(const struct context *context, bool everything);

/*
 * The policy that the rules mean now, in the arena; NULL when memory is out, with a text. `everything` is for reading
 * it, not for compiling: numbers that are in no program are in it too.
 */
const struct policy *context_policy(struct context *context, bool everything, struct arena *arena);

/*
 * Compiles and proves unless that is done already; 0, -ENOMEM, -E2BIG, -EFAULT. Only with `single` is a policy that
 * takes several programs too big.
 */
int context_compile(struct context *context, bool single);

/*
 * Writes out for the context: 0, or with a text the errno of the failed write for those who asked for it, else
 * -ECANCELED.
 */
int context_write(struct context *context, int fd, const void *bytes, size_t size);

/* Lets pass what the interface promises; every other negative value becomes -EFAULT. */
int context_error(int result);

/* The calling thread's text, for calls without a context: what callgate_diagnosis(NULL) shows. */
struct diag *diag_thread(void);

/* 0, or `result` with a text: `what`, or with NULL the feature, needs a newer Linux or a higher API level. */
int feature_check(enum load_feature feature, const char *what, int result, struct diag *diag);

/*
 * 0, or -EINVAL with a text: an action that is none, has data it must not have, or is not supported at the API level.
 */
int action_check(uint32_t action, struct diag *diag);
/* action_check(), for an action that the context is to give: NOTIFY does not go with CTL_TSYNC on every kernel. */
int context_check_action(struct context *context, uint32_t action);

/*
 * `count` comparisons as conditions: 0, or -EINVAL with a text. Data are reduced to `word`, the bits of an argument
 * that are looked at, and to the mask; with a word of 0 they are left as they are.
 */
int conditions_read(const struct scmp_arg_cmp *comparisons, size_t count, uint64_t word,
                    struct policy_condition *conditions, struct diag *diag);

/*
 * Fills in the request's conditions and conjunctions, which are the arena's; NULL is the expression that always holds.
 * 0, -EINVAL (not an expression, or a too large one), -ENOMEM.
 */
int expression_lower(const struct callgate_expression *expression, struct arena *arena, struct diag *diag,
                     struct ruleset_request *request);

#endif
