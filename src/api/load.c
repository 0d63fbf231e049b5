#include "load/load.h"

#include <errno.h>

#include <seccomp.h>

#include "api/context.h"
#include "load/features.h"

/* What failed at the system's end: its errno for those who asked for it, else one value. */
static int system_error(const struct context *context, int result)
{
	return context_error(context->attributes[SCMP_FLTATR_API_SYSRAWRC] ? result : -ECANCELED);
}

int seccomp_load(const scmp_filter_ctx ctx)
{
	struct context *context = context_check(ctx);

	if (!context)
		return -EINVAL;
	int result = context_compile(context, false);
	if (result == -E2BIG)
		return system_error(context, result);
	if (result < 0)
		return context_error(result);
	struct load_request request = {
	    .programs = context->output.programs,
	    .count = context->output.count,
	    .no_new_privileges = context->attributes[SCMP_FLTATR_CTL_NNP],
	    .synchronise_threads = context->attributes[SCMP_FLTATR_CTL_TSYNC],
	    .log = context->attributes[SCMP_FLTATR_CTL_LOG],
	    .allow_speculation = context->attributes[SCMP_FLTATR_CTL_SSB],
	    .has_listener = context->listener >= 0,
	    .wants_listener = context->notify_used && context->listener < 0 && load_has(LOAD_ACTION_NOTIFY),
	    .wait_killable = context->attributes[SCMP_FLTATR_CTL_WAITKILL],
	};
	result = load_programs(&request, &context->diag, &context->listener);
	if (result == 0 && context->notify_used && !request.wants_listener)
		diag_add(&context->diag,
		         request.has_listener
		             ? "note: the context has a listener already, which hears nothing of "
		               "this copy of the filter: calls with NOTIFY fail with ENOSYS"
		             : "note: no listener was asked for, as the API level in force has "
		               "none: calls with NOTIFY fail with ENOSYS");
	return result < 0 && result != -ESRCH ? system_error(context, result) : result;
}

int seccomp_precompute(const scmp_filter_ctx ctx)
{
	struct context *context = context_check(ctx);

	return context ? context_error(context_compile(context, false)) : -EINVAL;
}

int seccomp_notify_fd(const scmp_filter_ctx ctx)
{
	struct context *context = context_check(ctx);

	if (!context)
		return -EINVAL;
	if (context->listener < 0)
		return diag_fail(
		    &context->diag, -EFAULT,
		    "the context has no listener: none before seccomp_load(), nor without a NOTIFY rule");
	return context->listener;
}
