#include "api/context.h"

#include <errno.h>
#include <stdlib.h>

#include <callgate/diagnosis.h>

#include "load/features.h"

struct diag *context_thread_diag(void)
{
	return diag_thread();
}

struct context *context_check_magic(const void *ctx)
{
	struct context *context = (struct context *)(uintptr_t)ctx;

	if (!context || context->magic != CONTEXT_MAGIC) {
		diag_set(diag_thread(), context ? "this is not a filter context, or it was released"
		                                : "the filter context is NULL");
		return NULL;
	}
	diag_clear(&context->diag);
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

void context_invalidate(struct context *context)
{
	compile_output_finish(&context->output);
	context->compiled = false;
}

const struct policy *context_policy(const struct context *context, struct arena *arena)
{
	struct ruleset_attributes attributes = {
	    .default_action = context->attributes[SCMP_FLTATR_ACT_DEFAULT],
	    .bad_arch_action = context->attributes[SCMP_FLTATR_ACT_BADARCH],
	    .optimize = context->attributes[SCMP_FLTATR_CTL_OPTIMIZE],
	    .skip_rules = context->attributes[SCMP_FLTATR_API_TSKIP],
	};

	return ruleset_freeze(context->rules, &attributes, arena);
}

int context_compile(struct context *context, bool single)
{
	struct arena arena = {0};

	if (context->compiled)
		return 0;
	const struct policy *policy = context_policy(context, &arena);
	int result = policy ? compile_policy(policy, single, NULL, &context->diag, &context->output)
	                    : diag_fail(&context->diag, -ENOMEM, "out of memory for the rules");
	arena_finish(&arena);
	context->compiled = result == 0;
	return result;
}

static void set_defaults(struct context *context, uint32_t def_action)
{
	static const uint32_t defaults[_SCMP_FLTATR_MAX] = {
	    [SCMP_FLTATR_ACT_BADARCH] = SCMP_ACT_KILL,
	    [SCMP_FLTATR_CTL_NNP] = 1,
	    [SCMP_FLTATR_CTL_OPTIMIZE] = 1,
	};

	for (int i = 0; i < _SCMP_FLTATR_MAX; i++)
		context->attributes[i] = defaults[i];
	context->attributes[SCMP_FLTATR_ACT_DEFAULT] = def_action;
	context->notify_used = def_action == SCMP_ACT_NOTIFY;
}

scmp_filter_ctx seccomp_init(uint32_t def_action)
{
	struct context *context = calloc(1, sizeof(*context));

	(void)load_level();
	if (!context || !(context->rules = ruleset_new()) ||
	    ruleset_arch_add(context->rules, arch_native(), NULL) < 0) {
		diag_set(diag_thread(), "out of memory for a context");
		if (context)
			ruleset_free(context->rules);
		free(context);
		return NULL;
	}
	context->magic = CONTEXT_MAGIC;
	context->listener = -1;
	set_defaults(context, def_action);
	return context;
}

void seccomp_release(scmp_filter_ctx ctx)
{
	struct context *context = context_check_magic(ctx);

	if (!context)
		return;
	context_invalidate(context);
	ruleset_free(context->rules);
	context->magic = 0;
	free(context);
}

const char *callgate_diagnosis(const scmp_filter_ctx ctx)
{
	const struct context *context = ctx;

	return context && context->magic == CONTEXT_MAGIC ? context->diag.text : diag_thread()->text;
}
