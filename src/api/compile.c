#include <errno.h>

#include "api/context.h"
#include "load/load.h"
#include "query/proof.h"

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

/* Nothing is handed out that was disproved; what was not proved, only to who asked for it. */
static int prove(struct context *context, const struct policy *policy)
{
	const struct compile_output *output = &context->output;
	struct prove_result result;

	if (context->proof == CALLGATE_PROOF_OFF_FOR_TIMING)
		return 0;
	int failed = proof_policy(policy, output->programs, output->count, NULL, &context->diag, &result);
	if (failed < 0)
		return failed;
	bool exhausted = result.outcome == PROVE_UNPROVED && result.failure.error == -EDQUOT;
	if (exhausted && context->proof == CALLGATE_PROOF_ATTEMPTED) {
		diag_clear(&context->diag);
		return 0;
	}
	return result.outcome == PROVE_EQUAL ? 0 : -EFAULT;
}

static int check(struct context *context, const struct policy *policy)
{
	int result = load_check(context->output.programs, context->output.count, &context->diag);

	if (result == 0)
		result = prove(context, policy);
	if (result < 0)
		compile_output_finish(&context->output);
	return result;
}

static int compile(struct context *context)
{
	struct arena_room room;
	struct arena arena;

	arena_start(&arena, &room);
	const struct policy *policy = context_policy(context, false, &arena);
	int result = policy ? compile_policy(policy, false, &context->diag, &context->output)
	                    : diag_fail(&context->diag, -ENOMEM, "out of memory for the rules");

	if (result == 0)
		result = check(context, policy);
	arena_finish(&arena);
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
