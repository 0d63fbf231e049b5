#include <errno.h>

#include <seccomp.h>

#include "api/context.h"

int seccomp_transaction_start(const scmp_filter_ctx ctx)
{
	struct context *context = context_check(ctx);

	return context ? context_error(ruleset_start(context->rules, &context->diag)) : -EINVAL;
}

int seccomp_transaction_commit(const scmp_filter_ctx ctx)
{
	struct context *context = context_check(ctx);

	if (!context)
		return -EINVAL;
	ruleset_commit(context->rules);
	return 0;
}

/* Also where every architecture was removed since the start: going back is what makes the context valid again. */
void seccomp_transaction_reject(const scmp_filter_ctx ctx)
{
	struct context *context = context_check_magic(ctx);

	if (context && ruleset_reject(context->rules))
		context_invalidate(context);
}
