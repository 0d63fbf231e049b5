#include <errno.h>
#include <stdlib.h>

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

static int check_attributes(struct context *to, const struct context *from)
{
	static const struct {
		enum scmp_filter_attr attr;
		const char *name;
	} shared[] = {
	    {SCMP_FLTATR_ACT_DEFAULT, "ACT_DEFAULT"},
	    {SCMP_FLTATR_CTL_NNP, "CTL_NNP"},
	    {SCMP_FLTATR_CTL_TSYNC, "CTL_TSYNC"},
	};

	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		if (to->attributes[shared[i].attr] != from->attributes[shared[i].attr])
			return diag_fail(&to->diag, -EINVAL, "the contexts differ in %s: 0x%x and 0x%x",
			                 shared[i].name, to->attributes[shared[i].attr],
			                 from->attributes[shared[i].attr]);
	return 0;
}

int seccomp_merge(scmp_filter_ctx ctx_dst, scmp_filter_ctx ctx_src)
{
	struct context *to = context_check(ctx_dst), *from = context_check(ctx_src);

	if (to && !from)
		return diag_fail(&to->diag, -EINVAL,
		                 "the context to merge is NULL, released, or without architecture");
	if (!to)
		return -EINVAL;
	int result = check_attributes(to, from);
	if (result == 0)
		result = ruleset_merge(to->rules, from->rules, &to->diag);
	if (result < 0)
		return context_error(result);
	to->notify_used |= from->notify_used;
	if (to->listener < 0)
		to->listener = from->listener;
	context_invalidate(to);
	seccomp_release(from);
	return 0;
}
