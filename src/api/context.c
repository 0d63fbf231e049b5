#include "api/context.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/action.h"
#include "api/feature.h"

static const uint32_t default_attributes[_SCMP_FLTATR_MAX] = {
    [SCMP_FLTATR_ACT_BADARCH] = SCMP_ACT_KILL,
    [SCMP_FLTATR_CTL_NNP] = 1,
    [SCMP_FLTATR_CTL_OPTIMIZE] = 1,
};

struct context *context_check_magic(const void *ctx)
{
	struct context *context = (struct context *)(uintptr_t)ctx;

	if (!context || context->magic != CONTEXT_MAGIC) {
		diag_set(diag_thread(), context ? "this is not a filter context, or it was released"
		                                : "the filter context is NULL");
		return NULL;
	}
	diag_clear(&context->diag);
	context->note = (struct note){0};
	return context;
}

struct context *context_check(const void *ctx)
{
	struct context *context = context_check_magic(ctx);

	if (context && !ruleset_arch_count(context->rules)) {
		diag_set(&context->diag, "the context has no architecture: add one with seccomp_arch_add()");
		return NULL;
	}
	return context;
}

int context_check_synchronised_notify(struct context *context)
{
	return load_has(LOAD_TSYNC_ESRCH)
	           ? 0
	           : feature_missing(LOAD_TSYNC_ESRCH, "NOTIFY together with CTL_TSYNC", -EINVAL,
	                             &context->diag);
}

int context_check_notify(struct context *context)
{
	return context->attributes[SCMP_FLTATR_CTL_TSYNC] ? context_check_synchronised_notify(context) : 0;
}

int context_error(int result)
{
	switch (-result) {
	case EACCES:
	case ECANCELED:
	case EDOM:
	case EEXIST:
	case EINVAL:
	case ENOENT:
	case ENOMEM:
	case EOPNOTSUPP:
	case ERANGE:
	case ESRCH:
		return result;
	default:
		return result < 0 ? -EFAULT : result;
	}
}

/* No rules, the native architecture; NULL when memory is out. */
static struct ruleset *native_rules(struct diag *diag)
{
	struct ruleset *rules = ruleset_new();

	if (rules && ruleset_arch_add(rules, arch_native(), NULL) == 0)
		return rules;
	ruleset_free(rules);
	diag_set(diag, "out of memory for a context");
	return NULL;
}

static void begin(struct context *context, struct ruleset *rules, uint32_t def_action)
{
	context->rules = rules;
	context->rule_calls = 0;
	context->proof = CALLGATE_PROOF_REQUIRED;
	context->notify_used = def_action == SCMP_ACT_NOTIFY;
	memcpy(context->attributes, default_attributes, sizeof(default_attributes));
	context->attributes[SCMP_FLTATR_ACT_DEFAULT] = def_action;
}

scmp_filter_ctx seccomp_init(uint32_t def_action)
{
	struct diag *diag = diag_thread();

	/* Probes now: later a filter that the program loads by other means may forbid the questions. */
	(void)load_level();
	if (action_check(def_action, diag) < 0)
		return NULL;
	struct ruleset *rules = native_rules(diag);
	struct context *context = rules ? calloc(1, sizeof(*context)) : NULL;
	if (!context) {
		diag_set(diag, "out of memory for a context");
		ruleset_free(rules);
		return NULL;
	}
	context->magic = CONTEXT_MAGIC;
	context->listener = -1;
	begin(context, rules, def_action);
	return context;
}

int seccomp_reset(scmp_filter_ctx ctx, uint32_t def_action)
{
	/* The probe of the kernel stays: nothing that a later load needs is forgotten, and the listeners are not ours. */
	if (!ctx)
		return 0;
	struct context *context = context_check_magic(ctx);
	if (!context || action_check(def_action, &context->diag) < 0)
		return -EINVAL;
	struct ruleset *rules = native_rules(&context->diag);
	if (!rules)
		return -ENOMEM;
	ruleset_free(context->rules);
	context_invalidate(context);
	begin(context, rules, def_action);
	return 0;
}

void seccomp_release(scmp_filter_ctx ctx)
{
	struct context *context = ctx ? context_check_magic(ctx) : NULL;

	if (!context)
		return;
	context_invalidate(context);
	ruleset_free(context->rules);
	/* A plain store before free() would be dropped as dead. */
	explicit_bzero(&context->magic, sizeof(context->magic));
	free(context);
}
