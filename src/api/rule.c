#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include <callgate/rule.h>

#include "api/support.h"
#include "api/context.h"

enum { ARGUMENTS_MAX = 6 };

/* -1..-99 mean "no such call"; -1 itself is also what a tracer skips with, for those who asked for it. */
static int check_number(struct context *context, int nr)
{
	if (nr >= 0 || nr < ARCH_NR_RESERVED_LAST)
		return 0;
	if (nr == ARCH_NR_SKIP && context->attributes[SCMP_FLTATR_API_TSKIP])
		return 0;
	return diag_fail(&context->diag, -EINVAL,
	                 "system call number %d is reserved (a name that did not resolve gives -1)", nr);
}

static int check_action(struct context *context, uint32_t action)
{
	int result = action_check(action, &context->diag);

	if (result == 0 && action == SCMP_ACT_NOTIFY)
		result = context_check_notify(context);
	if (result == 0 && action == context->attributes[SCMP_FLTATR_ACT_DEFAULT]) {
		char text[CALLGATE_ACTION_TEXT];

		callgate_action_text(action, text);
		return diag_fail(&context->diag, -EACCES,
		                 "action %s is the default action already: the rule would change nothing",
		                 text);
	}
	return result;
}

/* Checks one comparison and hands it on; `seen` has a bit for each argument compared before; NULL: any number may. */
static int convert(const struct scmp_arg_cmp *from, unsigned *seen, struct policy_condition *to,
                   struct diag *diag)
{
	bool masked = from->op == SCMP_CMP_MASKED_EQ;

	if (from->arg >= ARGUMENTS_MAX)
		return diag_fail(diag, -EINVAL, "argument index %u: arguments are numbered 0 to 5",
		                 from->arg);
	if (seen && *seen & 1u << from->arg)
		return diag_fail(diag, -EINVAL,
		                 "argument %u is compared twice: a rule takes one comparison of each",
		                 from->arg);
	if ((int)from->op <= _SCMP_CMP_MIN || from->op >= _SCMP_CMP_MAX)
		return diag_fail(diag, -EINVAL, "argument %u: %d is not a comparison (SCMP_CMP_*)", from->arg,
		                 (int)from->op);
	if (seen)
		*seen |= 1u << from->arg;
	to->arg = (uint8_t)from->arg;
	to->op = (uint8_t)from->op;
	to->mask = masked ? from->datum_a : UINT64_MAX;
	to->value = masked ? from->datum_b : from->datum_a;
	return 0;
}

/* The conditions of the request are written to `conditions`, which has room for them. */
static int add(struct context *context, struct ruleset_request *request, const struct scmp_arg_cmp *args,
               struct policy_condition *conditions)
{
	unsigned seen = 0;
	int result;

	request->id = ++context->rule_calls;
	if ((result = check_number(context, request->nr)) < 0 ||
	    (result = check_action(context, request->action)) < 0)
		return result;
	if (request->arch && request->nr < ARCH_NR_RESERVED_LAST)
		return diag_fail(&context->diag, -EINVAL,
		                 "%d is a pseudo number: this takes the architecture's own numbers",
		                 request->nr);
	if (request->exact && ruleset_arch_count(context->rules) > 1)
		return diag_fail(&context->diag, -EOPNOTSUPP,
		                 "an exact rule is for a context with one architecture; this one has %zu",
		                 ruleset_arch_count(context->rules));
	for (unsigned i = 0; i < request->condition_count; i++)
		if ((result =
		         convert(&args[i], request->arch ? NULL : &seen, &conditions[i], &context->diag)) < 0)
			return result;
	request->conditions = conditions;
	if ((result = ruleset_add(context->rules, request, &context->diag, &context->note)) < 0)
		return result;
	if (request->action == SCMP_ACT_NOTIFY)
		context->notify_used = true;
	context_invalidate(context);
	return 0;
}

/* The text for a wrong count belongs to the context where there is one. */
static int refuse(const void *ctx, const char *why)
{
	struct context *context = context_check(ctx);

	return context ? diag_fail(&context->diag, -EINVAL, "%s", why) : -EINVAL;
}

/* An architecture that the context has, or NULL. */
static const struct callgate_arch *own_arch(struct context *context, uint32_t token)
{
	const struct callgate_arch *arch = arch_by_token(token);

	if (arch && ruleset_has_arch(context->rules, arch))
		return arch;
	diag_set(&context->diag, "architecture 0x%08x is not in the context", token);
	return NULL;
}

int callgate_rule_add(scmp_filter_ctx ctx, uint32_t arch, uint32_t action, int syscall, unsigned int count,
                      const struct scmp_arg_cmp *conditions)
{
	struct ruleset_request request = {.action = action, .nr = syscall, .condition_count = count};

	if (count > RULESET_DIRECT_CONDITIONS_MAX)
		return refuse(ctx, "too many comparisons in one rule");
	if (!conditions && count > 0)
		return refuse(ctx, "the array of comparisons is NULL");
	struct context *context = context_check(ctx);
	if (!context || !(request.arch = own_arch(context, arch)))
		return -EINVAL;
	struct policy_condition *converted = calloc((size_t)count + 1, sizeof(*converted));
	if (!converted)
		return diag_fail(&context->diag, -ENOMEM, "out of memory for a rule");
	int result = add(context, &request, conditions, converted);
	free(converted);
	return context_error(result);
}

static int set_unknown(scmp_filter_ctx ctx, uint32_t arch, uint32_t action, const int *newest)
{
	struct context *context = context_check(ctx);
	const struct callgate_arch *found = context ? own_arch(context, arch) : NULL;

	if (!found)
		return -EINVAL;
	if (newest && (*newest == ARCH_NR_SKIP || !callgate_arch_has_number(arch, *newest)))
		return diag_fail(&context->diag, -EINVAL, "%s has no number %d", found->name, *newest);
	int result = action_check(action, &context->diag);
	if (result == 0 && action == SCMP_ACT_NOTIFY)
		result = context_check_notify(context);
	if (result == 0)
		result = ruleset_set_unknown(context->rules, found, action, newest, &context->diag);
	if (result < 0)
		return context_error(result);
	if (action == SCMP_ACT_NOTIFY)
		context->notify_used = true;
	context_invalidate(context);
	return 0;
}

int callgate_rule_unknown(scmp_filter_ctx ctx, uint32_t arch, uint32_t action)
{
	return set_unknown(ctx, arch, action, NULL);
}

int callgate_rule_unknown_after(scmp_filter_ctx ctx, uint32_t arch, uint32_t action, int newest)
{
	return set_unknown(ctx, arch, action, &newest);
}

static int add_array(const void *ctx, uint32_t action, int nr, bool exact, unsigned count,
                     const struct scmp_arg_cmp *args)
{
	struct ruleset_request request = {
	    .action = action, .nr = nr, .exact = exact, .condition_count = count};
	struct policy_condition conditions[ARGUMENTS_MAX];

	if (count > ARGUMENTS_MAX)
		return refuse(ctx, "more than 6 comparisons: a system call has 6 arguments");
	if (!args && count > 0)
		return refuse(ctx, "the array of comparisons is NULL");
	struct context *context = context_check(ctx);
	return context ? context_error(add(context, &request, args, conditions)) : -EINVAL;
}

static int add_list(const void *ctx, uint32_t action, int nr, bool exact, unsigned count, va_list list)
{
	struct scmp_arg_cmp args[ARGUMENTS_MAX];

	for (unsigned i = 0; i < count && count <= ARGUMENTS_MAX; i++)
		args[i] = va_arg(list, struct scmp_arg_cmp);
	return add_array(ctx, action, nr, exact, count, args);
}

int seccomp_rule_add(scmp_filter_ctx ctx, uint32_t action, int syscall, unsigned int arg_cnt, ...)
{
	va_list list;

	va_start(list, arg_cnt);
	int result = add_list(ctx, action, syscall, false, arg_cnt, list);
	va_end(list);
	return result;
}

int seccomp_rule_add_exact(scmp_filter_ctx ctx, uint32_t action, int syscall, unsigned int arg_cnt, ...)
{
	va_list list;

	va_start(list, arg_cnt);
	int result = add_list(ctx, action, syscall, true, arg_cnt, list);
	va_end(list);
	return result;
}

int seccomp_rule_add_array(scmp_filter_ctx ctx, uint32_t action, int syscall, unsigned int arg_cnt,
                           const struct scmp_arg_cmp *arg_array)
{
	return add_array(ctx, action, syscall, false, arg_cnt, arg_array);
}

int seccomp_rule_add_exact_array(scmp_filter_ctx ctx, uint32_t action, int syscall, unsigned int arg_cnt,
                                 const struct scmp_arg_cmp *arg_array)
{
	return add_array(ctx, action, syscall, true, arg_cnt, arg_array);
}

int seccomp_syscall_priority(scmp_filter_ctx ctx, int syscall, uint8_t priority)
{
	struct context *context = context_check(ctx);

	if (!context)
		return -EINVAL;
	int result = check_number(context, syscall);
	if (result == 0)
		result =
		    ruleset_prioritize(context->rules, syscall, priority, &context->diag, &context->note);
	/* Also after a failure: architectures before and after the failing one have taken it. */
	context_invalidate(context);
	return context_error(result);
}
