/* What the kernel and the API level that was set have, and the attributes of a context. */
#include <assert.h>
#include <errno.h>

#include <seccomp.h>
#include <callgate/action.h>

#include "api/context.h"

int feature_check(enum load_feature feature, const char *what, int result, struct diag *diag)
{
	const struct load_feature_facts *facts = load_feature_facts(feature);

	assert(result < 0);
	if (load_has(feature))
		return 0;
	return diag_fail(diag, result, "%s needs Linux %s (API level %u is in force)", what ? what : facts->name,
	                 facts->since, load_level());
}

int action_check(uint32_t action, struct diag *diag)
{
	const struct callgate_action_kind *kind = callgate_action_kind(action);
	uint32_t data = action & SECCOMP_RET_DATA;

	if (!kind || (data && kind->data_max == 0))
		return diag_fail(diag, -EINVAL, "0x%08x is not an action (SCMP_ACT_*)", action);
	if (data > kind->data_max)
		return diag_fail(diag, -EINVAL, "action ERRNO(%u): the kernel knows errno values up to %u", data,
		                 kind->data_max);
	switch (kind->action) {
	case SCMP_ACT_KILL_PROCESS:
		return feature_check(LOAD_ACTION_KILL_PROCESS, NULL, -EINVAL, diag);
	case SCMP_ACT_LOG:
		return feature_check(LOAD_ACTION_LOG, NULL, -EINVAL, diag);
	case SCMP_ACT_NOTIFY:
		return feature_check(LOAD_ACTION_NOTIFY, NULL, -EINVAL, diag);
	default:
		return 0;
	}
}

/* Threads are to be synchronised under a filter with NOTIFY. */
static int check_synchronised_notify(struct context *context)
{
	return feature_check(LOAD_TSYNC_ESRCH, "NOTIFY together with CTL_TSYNC", -EINVAL, &context->diag);
}

int context_check_action(struct context *context, uint32_t action)
{
	int result = action_check(action, &context->diag);

	if (result == 0 && action == SCMP_ACT_NOTIFY && context->attributes[SCMP_FLTATR_CTL_TSYNC])
		result = check_synchronised_notify(context);
	return result;
}

unsigned int seccomp_api_get(void)
{
	return load_level();
}

int seccomp_api_set(unsigned int level)
{
	if (!load_level_force(level))
		return diag_fail(diag_thread(), -EINVAL, "API level %u: there are 1 to 7", level);
	return 0;
}

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
	int result = context_check_action(context, action);

	if (result < 0)
		return result;
	context->attributes[SCMP_FLTATR_ACT_BADARCH] = action;
	context_invalidate(context);
	if (action == SCMP_ACT_NOTIFY && !context->notify_used)
		diag_set(&context->diag, "note: NOTIFY for other architectures asks for no listener: without a NOTIFY "
		                         "rule these calls fail with ENOSYS");
	return 0;
}

/* What setting an attribute takes: a feature of the kernel, or 0; and whether the program is another one then. */
static const struct {
	enum load_feature needs;
	bool compiles;
} facts[_SCMP_FLTATR_MAX] = {
    [SCMP_FLTATR_CTL_TSYNC] = {.needs = LOAD_TSYNC},    [SCMP_FLTATR_CTL_LOG] = {.needs = LOAD_LOG},
    [SCMP_FLTATR_CTL_SSB] = {.needs = LOAD_SPEC_ALLOW}, [SCMP_FLTATR_API_TSKIP] = {.compiles = true},
    [SCMP_FLTATR_CTL_OPTIMIZE] = {.compiles = true},
};

static int check_value(struct context *context, enum scmp_filter_attr attr, uint32_t value)
{
	if (attr == SCMP_FLTATR_ACT_DEFAULT)
		return diag_fail(&context->diag, -EACCES,
		                 "ACT_DEFAULT is read-only: seccomp_reset() begins anew with another action");
	if (attr == SCMP_FLTATR_CTL_OPTIMIZE && value != 1 && value != 2)
		return diag_fail(&context->diag, -EOPNOTSUPP, "CTL_OPTIMIZE %u: there are 1 and 2", value);
	int result = facts[attr].needs ? feature_check(facts[attr].needs, NULL, -EOPNOTSUPP, &context->diag) : 0;
	if (result == 0 && attr == SCMP_FLTATR_CTL_TSYNC && value && context->notify_used)
		result = check_synchronised_notify(context);
	return result;
}

int seccomp_attr_set(scmp_filter_ctx ctx, enum scmp_filter_attr attr, uint32_t value)
{
	struct context *context = check(ctx, attr);

	if (!context)
		return -EINVAL;
	if (attr == SCMP_FLTATR_ACT_BADARCH)
		return set_bad_arch_action(context, value);
	int result = check_value(context, attr, value);
	if (result < 0)
		return result;
	context->attributes[attr] = attr == SCMP_FLTATR_CTL_OPTIMIZE ? value : value != 0;
	if (facts[attr].compiles)
		context_invalidate(context);
	return 0;
}

int seccomp_attr_get(const scmp_filter_ctx ctx, enum scmp_filter_attr attr, uint32_t *value)
{
	struct context *context = check(ctx, attr);

	if (!context || !context_check_with(ctx, value, "place for the attribute's value"))
		return -EINVAL;
	*value = context->attributes[attr];
	return 0;
}
