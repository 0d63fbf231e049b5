#include <errno.h>

#include <seccomp.h>

#include "api/context.h"
#include "api/support.h"

static struct context *check(const void *ctx, enum scmp_filter_attr attr)
{
	struct context *context = context_check(ctx);

	if (context && ((int)attr <= _SCMP_FLTATR_MIN || attr >= _SCMP_FLTATR_MAX)) {
		diag_set(&context->diag, "%d is not an attribute (SCMP_FLTATR_*)", (int)attr);
		return NULL;
	}
	return context;
}

static int set_bad_arch_action(struct context *context, uint32_t action)
{
	int result = action_check(action, &context->diag);

	if (result == 0 && action == SCMP_ACT_NOTIFY)
		result = context_check_notify(context);
	if (result < 0)
		return result;
	context->attributes[SCMP_FLTATR_ACT_BADARCH] = action;
	context_invalidate(context);
	if (action == SCMP_ACT_NOTIFY && !context->notify_used)
		diag_set(&context->diag,
		         "note: NOTIFY for other architectures asks for no listener: without a NOTIFY "
		         "rule these calls fail with ENOSYS");
	return 0;
}

static int set_synchronisation(struct context *context, bool on)
{
	int result = feature_check(LOAD_TSYNC, -EOPNOTSUPP, &context->diag);

	if (result == 0 && on && context->notify_used)
		result = context_check_synchronised_notify(context);
	if (result == 0)
		context->attributes[SCMP_FLTATR_CTL_TSYNC] = on;
	return result;
}

static int set_optimize(struct context *context, uint32_t value)
{
	if (value != 1 && value != 2)
		return diag_fail(&context->diag, -EOPNOTSUPP, "CTL_OPTIMIZE %u: there are 1 and 2", value);
	context->attributes[SCMP_FLTATR_CTL_OPTIMIZE] = value;
	context_invalidate(context);
	return 0;
}

static int set_flag(struct context *context, enum scmp_filter_attr attr, bool on)
{
	context->attributes[attr] = on;
	if (attr == SCMP_FLTATR_API_TSKIP)
		context_invalidate(context);
	return 0;
}

static int set_flag_of(enum load_feature feature, struct context *context, enum scmp_filter_attr attr,
                       bool on)
{
	int result = feature_check(feature, -EOPNOTSUPP, &context->diag);

	return result < 0 ? result : set_flag(context, attr, on);
}

int seccomp_attr_set(scmp_filter_ctx ctx, enum scmp_filter_attr attr, uint32_t value)
{
	struct context *context = check(ctx, attr);

	if (!context)
		return -EINVAL;
	switch (attr) {
	case SCMP_FLTATR_ACT_DEFAULT:
		return diag_fail(&context->diag, -EACCES,
		                 "ACT_DEFAULT is read-only: seccomp_reset() begins anew with another action");
	case SCMP_FLTATR_ACT_BADARCH:
		return set_bad_arch_action(context, value);
	case SCMP_FLTATR_CTL_TSYNC:
		return set_synchronisation(context, value);
	case SCMP_FLTATR_CTL_LOG:
		return set_flag_of(LOAD_LOG, context, attr, value);
	case SCMP_FLTATR_CTL_SSB:
		return set_flag_of(LOAD_SPEC_ALLOW, context, attr, value);
	case SCMP_FLTATR_CTL_OPTIMIZE:
		return set_optimize(context, value);
	default:
		return set_flag(context, attr, value);
	}
}

int seccomp_attr_get(const scmp_filter_ctx ctx, enum scmp_filter_attr attr, uint32_t *value)
{
	struct context *context = check(ctx, attr);

	if (!context)
		return -EINVAL;
	if (!value)
		return diag_fail(&context->diag, -EINVAL, "no place for the attribute's value: NULL");
	*value = context->attributes[attr];
	return 0;
}
