#include <errno.h>

#include "api/context.h"
#include "load/load.h"

void context_invalidate(struct context *context)
{
	if (!context->compiled)
		return;
	compile_output_finish(&context->output);
	context->compiled = false;
}

const struct policy *context_policy(const struct context *context, bool everything, struct arena *arena)
{
	struct ruleset_attributes attributes = {
	    .default_action = context->attributes[SCMP_FLTATR_ACT_DEFAULT],
	    .bad_arch_action = context->attributes[SCMP_FLTATR_ACT_BADARCH],
	    .optimize = context->attributes[SCMP_FLTATR_CTL_OPTIMIZE],
	    .skip_rules = context->attributes[SCMP_FLTATR_API_TSKIP],
	    .everything = everything,
	};

	return ruleset_freeze(context->rules, &attributes, arena);
}

static int compile(struct context *context)
{
	struct arena arena = {0};
	const struct policy *policy = context_policy(context, false, &arena);
	int result = policy ? compile_policy(policy, false, NULL, &context->diag, &context->output)
	                    : diag_fail(&context->diag, -ENOMEM, "out of memory for the rules");

	arena_finish(&arena);
	if (result == 0) {
		result = load_check(context->output.programs, context->output.count, &context->diag);
		if (result < 0)
			compile_output_finish(&context->output);
	}
	context->compiled = result == 0;
	return result;
}

int context_compile(struct context *context, bool single)
{
	int result = context->compiled ? 0 : compile(context);

	if (result == 0 && single && context->output.count > 1)
		return diag_fail(
		    &context->diag, -E2BIG,
		    "the policy needs %zu stacked programs of up to %d instructions; only seccomp_load() "
		    "can use them",
		    context->output.count, BPF_PROGRAM_MAX);
	return result;
}
