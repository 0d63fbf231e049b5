#include "oci/application.h"
#include "oci/read_policy.h"

#include <assert.h>
#include <errno.h>

#include <callgate/diagnosis.h>
#include <callgate/rule.h>
#include <callgate/syscall.h>

/* One rule of the filter before it is added. */
struct rule {
	const struct named *named;
	uint32_t action;
	unsigned int count;
	const struct scmp_arg_cmp *compares;
};

static int fail(struct application *application, const struct named *named, int result)
{
	if (result == -EEXIST) {
		messages_error(application->messages, named->place,
		               "contradicts an earlier entry for %s: the same condition, another action", named->name);
		return diag_fail(application->diag, -EINVAL, "the profile contradicts itself about %s", named->name);
	}
	return diag_fail(application->diag, result, "%s: %s", named->name, callgate_diagnosis(application->ctx));
}

/* By native number: the call, direct and multiplexed, on all architectures. */
static int add_everywhere(struct application *application, const struct rule *rule)
{
	int nr = seccomp_syscall_resolve_name(rule->named->name);

	application_note_origin(application, rule->named);
	int result = seccomp_rule_add_array(application->ctx, rule->action, nr, rule->count, rule->compares);

	return result < 0 ? fail(application, rule->named, result) : 0;
}

/* The direct call, where there is one. */
static int add_direct(struct application *application, const struct rule *rule)
{
	const struct model *model = application->model;

	for (size_t i = 0; i < model->arch_count; i++) {
		uint32_t arch = model->archs[i]->token;
		int nr = callgate_syscall_number(arch, rule->named->name), result = 0;
		if (nr < 0)
			continue;
		application_note_origin(application, rule->named);
		result = callgate_rule_add(application->ctx, arch, rule->action, nr, rule->count, rule->compares);
		if (result < 0)
			return fail(application, rule->named, result);
	}
	return 0;
}

static int add_rule(struct application *application, const struct rule *rule, bool same_argument)
{
	bool open = application->options[CALLGATE_PROFILE_OPEN_SOCKETCALL];

	if (multiplexed_anywhere(application->model, rule->named->name) &&
	    (rule->count == 0 || (open && !same_argument)))
		return add_everywhere(application, rule);
	return add_direct(application, rule);
}

/* Several conditions on one argument: each is a rule of its own, as in runc. */
static int add_alternatives(struct application *application, const struct rule *all)
{
	for (unsigned int i = 0; i < all->count; i++) {
		struct rule rule = {all->named, all->action, 1, &all->compares[i]};
		int result = add_rule(application, &rule, false);
		if (result < 0)
			return result;
	}
	return 0;
}

static int add_name(struct application *application, const struct entry *entry, const struct named *named,
                    const struct scmp_arg_cmp *compares)
{
	struct rule rule = {named, application_action(application, entry), (unsigned int)entry->condition_count,
	                    compares};

	if (!named->is_known)
		return 0;
	if (entry->same_argument && application->options[CALLGATE_PROFILE_SAME_ARGUMENT] == CALLGATE_SAME_ARGUMENT_OR)
		return add_alternatives(application, &rule);
	return add_rule(application, &rule, entry->same_argument);
}

static int add_entry(struct application *application, const struct entry *entry)
{
	struct scmp_arg_cmp compares[CALLGATE_RULE_CONDITIONS_MAX];
	int result = 0;

	if (entry->excluded || application_action(application, entry) == application_default(application))
		return 0;
	if (entry->condition_count > CALLGATE_RULE_CONDITIONS_MAX) {
		messages_error(application->messages, entry->place, "more than %d conditions in one entry",
		               CALLGATE_RULE_CONDITIONS_MAX);
		return diag_fail(application->diag, -EINVAL, "too many conditions in one entry");
	}
	for (size_t i = 0; i < entry->condition_count; i++)
		compares[i] = entry->conditions[i].compare;
	for (size_t i = 0; i < entry->name_count && result == 0; i++)
		result = add_name(application, entry, &entry->names[i], compares);
	return result;
}

/* Those of the model, in its order on every machine: the new context has the native one. */
static int set_archs(const struct application *application)
{
	const struct model *model = application->model;
	int result = seccomp_arch_remove(application->ctx, SCMP_ARCH_NATIVE);

	for (size_t i = 0; i < model->arch_count && result == 0; i++)
		result = seccomp_arch_add(application->ctx, model->archs[i]->token);
	return result;
}

static int set_flags(const struct application *application)
{
	int result = 0;

	for (int i = 0; i < _SCMP_FLTATR_MAX && result == 0; i++)
		if (application->model->flags[i])
			result = seccomp_attr_set(application->ctx, (enum scmp_filter_attr)i, 1);
	return result;
}

/*
 * Number -1, with which a tracer skips a call, belongs to the last architecture of an audit value, which may be
 * missing.
 */
static bool has_minus_one(const struct model *model, const struct callgate_arch *arch)
{
	const struct callgate_arch *other;

	for (size_t i = 0; (other = callgate_arch_at(i)); i++)
		if (other->audit == arch->audit && other->nr_first > arch->nr_first && !model_has_arch(model, other))
			return false;
	return true;
}

/* ENOSYS for what is newer than the newest call that the profile names. */
static int answer_above(struct application *application, const struct callgate_arch *arch, uint32_t enosys)
{
	const struct model *model = application->model;
	int result =
	    callgate_rule_unknown_after(application->ctx, arch->token, enosys, model_newest_named(model, arch));

	if (result < 0 || !has_minus_one(model, arch))
		return result;
	result = seccomp_attr_set(application->ctx, SCMP_FLTATR_API_TSKIP, 1);
	if (result < 0)
		return result;
	application_note_origin(application, NULL);
	return callgate_rule_add(application->ctx, arch->token, enosys, -1, 0, NULL);
}

static int set_unknown_calls(struct application *application)
{
	const struct model *model = application->model;
	int result = 0;

	if (model->unknown_calls == CALLGATE_UNKNOWN_CALLS_DEFAULT)
		return 0;
	for (size_t i = 0; i < model->arch_count && result == 0; i++) {
		uint32_t arch = model->archs[i]->token, enosys = SCMP_ACT_ERRNO(model->archs[i]->enosys);
		if (model->unknown_calls == CALLGATE_UNKNOWN_CALLS_ENOSYS)
			result = callgate_rule_unknown(application->ctx, arch, enosys);
		else if (model_newest_named(model, model->archs[i]) >= 0)
			result = answer_above(application, model->archs[i], enosys);
	}
	return result;
}

static int set_baseline(struct application *application)
{
	const struct kernel_version *baseline = &application->model->baseline;

	return baseline->major ? callgate_baseline(application->ctx, baseline->major, baseline->minor) : 0;
}

static int fill(struct application *application)
{
	const struct model *model = application->model;
	int result;

	if (model->policy) {
		result = callgate_order_set(application->ctx, CALLGATE_ORDER_FIRST_MATCH);
		if (result < 0)
			return diag_fail(application->diag, result, "%s", callgate_diagnosis(application->ctx));
	}
	if ((result = set_archs(application)) < 0 || (result = set_flags(application)) < 0 ||
	    (result = set_unknown_calls(application)) < 0 || (result = set_baseline(application)) < 0)
		return diag_fail(application->diag, result, "%s", callgate_diagnosis(application->ctx));
	for (size_t i = 0; i < model->entry_count && result == 0; i++)
		result = add_entry(application, &model->entries[i]);
	if (result == 0 && model->policy)
		return policy_apply(application);
	return result < 0 ? result : multiplexed_restrict(application);
}

/* seccomp_init() fails alike where the kernel lacks the action and where memory is out; every kernel has KILL. */
static int make_context(struct application *application)
{
	application->ctx = seccomp_init(SCMP_ACT_KILL);
	if (!application->ctx)
		return diag_fail(application->diag, -ENOMEM, "out of memory for the filter");
	int result = seccomp_reset(application->ctx, application_default(application));

	return result < 0 ? diag_fail(application->diag, result, "%s", callgate_diagnosis(application->ctx)) : 0;
}

int apply_model(struct application *application)
{
	int result = make_context(application);

	if (result == 0)
		result = fill(application);
	if (result == 0 && application->origins->out_of_memory)
		result = diag_fail(application->diag, -ENOMEM, "out of memory for the places of the rules");
	if (result == 0)
		return 0;
	seccomp_release(application->ctx);
	application->ctx = NULL;
	return result;
}
