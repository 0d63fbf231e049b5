#include <errno.h>

#include <seccomp.h>

#include "api/action.h"
#include "api/context.h"
#include "load/features.h"

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
	if (!load_has(LOAD_TSYNC))
		return diag_fail(&context->diag, -EOPNOTSUPP,
		                 "CTL_TSYNC needs Linux 3.17 (API level %u is in force)", load_level());
	if (on && context->notify_used && !load_has(LOAD_TSYNC_ESRCH))
		return diag_fail(
		    &context->diag, -EINVAL,
		    "CTL_TSYNC together with NOTIFY rules needs Linux 5.7 (API level %u is in force)",
		    load_level());
	context->attributes[SCMP_FLTATR_CTL_TSYNC] = on;
	return 0;
}

static int set_optimize(struct context *context, uint32_t value)
{
	if (value != 1 && value != 2)
		return diag_fail(&context->diag, -EOPNOTSUPP, "CTL_OPTIMIZE %u: there are 1 and 2", value);
	context->attributes[SCMP_FLTATR_CTL_OPTIMIZE] = value;
	context_invalidate(context);
	return 0;
}

static int set_flag(struct context *context, enum scmp_filter_attr attr, bool on, unsigned feature,
                    const char *name)
{
	if (!load_has(feature))
		return diag_fail(&context->diag, -EOPNOTSUPP,
		                 "%s is not supported (API level %u is in force)", name, load_level());
	context->attributes[attr] = on;
	if (attr == SCMP_FLTATR_API_TSKIP)
		context_invalidate(context);
	return 0;
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
		return set_flag(context, attr, value, LOAD_LOG, "CTL_LOG (Linux 4.14)");
	case SCMP_FLTATR_CTL_SSB:
		return set_flag(context, attr, value, LOAD_SPEC_ALLOW, "CTL_SSB (Linux 4.17)");
	case SCMP_FLTATR_CTL_OPTIMIZE:
		return set_optimize(context, value);
	default:
		return set_flag(context, attr, value, 0, "");
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
