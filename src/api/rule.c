#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include <callgate/rule.h>

#include "api/context.h"
#include "query/proof.h"
#include "query/reachable.h"

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

/* What a rule does to the context, but for the rule. */
static void take_action(struct context *context, uint32_t action)
{
	if (action == SCMP_ACT_NOTIFY)
		context->notify_used = true;
	context_invalidate(context);
}

int conditions_read(const struct scmp_arg_cmp *comparisons, size_t count, uint64_t word,
                    struct policy_condition *conditions, struct diag *diag)
{
	for (size_t i = 0; i < count; i++) {
		const struct scmp_arg_cmp *from = &comparisons[i];
		bool masked = from->op == SCMP_CMP_MASKED_EQ;
		uint64_t half = from->arg & CALLGATE_LOW_HALF ? UINT32_MAX : UINT64_MAX;
		uint64_t mask = masked ? from->datum_a & half : half;
		uint64_t value = masked ? from->datum_b : from->datum_a;
		unsigned arg = from->arg & ~CALLGATE_LOW_HALF;
		if (arg >= ARGUMENTS_MAX)
			return diag_fail(diag, -EINVAL, "argument index %u: arguments are numbered 0 to 5", from->arg);
		if ((int)from->op <= _SCMP_CMP_MIN || from->op >= _SCMP_CMP_MAX)
			return diag_fail(diag, -EINVAL, "argument %u: %d is not a comparison (SCMP_CMP_*)", arg,
			                 (int)from->op);
		conditions[i] = (struct policy_condition){
		    .arg = (uint8_t)arg,
		    .op = (uint8_t)from->op,
		    .mask = word ? mask & word : mask,
		    .value = word ? value & mask & word : value,
		};
	}
	return 0;
}

/* A rule for all architectures takes one comparison of each argument, of all of it. */
static int check_once(const struct scmp_arg_cmp *args, size_t count, struct diag *diag)
{
	unsigned seen = 0;

	for (size_t i = 0; i < count; i++) {
		if (args[i].arg & CALLGATE_LOW_HALF)
			return diag_fail(diag, -EINVAL,
			                 "argument index %u: arguments are numbered 0 to 5, and their low halves "
			                 "are for callgate_rule_add()",
			                 args[i].arg);
		if (seen & 1u << args[i].arg)
			return diag_fail(diag, -EINVAL,
			                 "argument %u is compared twice: a rule takes one comparison of each",
			                 args[i].arg);
		seen |= 1u << args[i].arg;
	}
	return 0;
}

static int check_rule(struct context *context, const struct ruleset_request *request)
{
	int result = check_number(context, request->nr);

	if (result == 0)
		result = context_check_action(context, request->action);
	if (result < 0)
		return result;
	if (request->action == context->attributes[SCMP_FLTATR_ACT_DEFAULT] &&
	    context->order == POLICY_ORDER_CONFLICTS) {
		char text[CALLGATE_ACTION_TEXT];

		callgate_action_text(request->action, text);
		return diag_fail(&context->diag, -EACCES,
		                 "action %s is the default action already: the rule would change nothing", text);
	}
	if (request->arch && request->nr < ARCH_NR_RESERVED_LAST)
		return diag_fail(&context->diag, -EINVAL,
		                 "%d is a pseudo number: this takes the architecture's own numbers", request->nr);
	if (request->exact && ruleset_arch_count(context->rules) > 1)
		return diag_fail(&context->diag, -EOPNOTSUPP,
		                 "an exact rule is for a context with one architecture; this one has %zu",
		                 ruleset_arch_count(context->rules));
	return 0;
}

/* ---- rules in an order ---- */

static void describe_dead(struct context *context, const struct reachable_rule *rule)
{
	struct strbuf call = {0};

	if (!rule->other) {
		diag_set(&context->diag, "note: rule %u can never decide: no call satisfies its expression", rule->id);
		return;
	}
	describe_call(&rule->call, rule->fields, &call);
	diag_set(&context->diag, "note: rule %u can never decide: rule %u already covers it, as for %s", rule->id,
	         rule->other, call.failed ? "all its calls" : call.text);
	strbuf_finish(&call);
}

/* The question costs more than in proportion to a call's rules: half a second for 128 of two comparisons each. */
enum { RULES_ASKED_MOST = 128 };

static bool has_many_rules(const struct policy *policy)
{
	const struct policy_arch *arch = policy->archs;

	for (size_t i = 0; i < arch->syscall_count; i++)
		if (arch->syscalls[i].rule_count > RULES_ASKED_MOST)
			return true;
	return false;
}

/* Leaves a note where the newest rule decides no call of any architecture; none where that isn't asked. */
static void report_dead(struct context *context)
{
	struct ruleset_attributes attributes = context_attributes(context, false);
	struct reachable_rule rule = {.id = context->rule_calls};
	struct arena arena = {0};
	int result = 0;

	for (size_t i = 0; i < ruleset_arch_count(context->rules) && result == 0 && !rule.decides; i++) {
		const struct policy *policy = ruleset_freeze_newest(context->rules, i, rule.id, &attributes, &arena);
		rule.decides = policy && has_many_rules(policy); /* as far as anybody knows */
		if (!rule.decides)
			result = policy ? reachable_find_rule(policy, &rule) : -ENOMEM;
	}
	if (result == 0 && !rule.decides)
		describe_dead(context, &rule);
	arena_finish(&arena);
}

/* Each conjunction by itself, as seccomp_rule_add() takes them: all or none. */
static int add_conjunctions(struct context *context, const struct ruleset_request *request)
{
	const uint32_t most = request->arch ? RULESET_DIRECT_CONDITIONS_MAX : RULESET_CONDITIONS_MAX;
	struct diag *diag = &context->diag;
	uint32_t first = 0;
	int result = 0;

	if (request->conjunction_count == 1 && request->condition_count <= most)
		return ruleset_add(context->rules, request, diag, &context->note);
	if ((result = ruleset_start(context->rules, diag)) < 0)
		return result;
	struct ruleset_request one = *request;
	for (uint32_t i = 0; i < request->conjunction_count && result == 0; first = request->ends[i++]) {
		one.conditions = request->conditions + first;
		one.condition_count = request->ends[i] - first;
		result = one.condition_count <= most
		             ? ruleset_add(context->rules, &one, diag, &context->note)
		             : diag_fail(diag, -EINVAL, "too many comparisons in one alternative");
	}
	if (result < 0)
		(void)ruleset_reject(context->rules);
	else
		ruleset_commit(context->rules);
	return result;
}

/* What every rule begins with: its number, and the checks of all but its conditions. */
static int begin(struct context *context, struct ruleset_request *request)
{
	request->id = ++context->rule_calls;
	request->default_action = context->attributes[SCMP_FLTATR_ACT_DEFAULT];
	return check_rule(context, request);
}

/* Adds a rule whose conditions are read. */
static int add_request(struct context *context, const struct ruleset_request *request)
{
	bool has_order = context->order != POLICY_ORDER_CONFLICTS;
	int result = has_order ? ruleset_add_ordered(context->rules, request, &context->diag, &context->note)
	                       : add_conjunctions(context, request);

	if (result == 0 && has_order)
		report_dead(context);
	if (result == 0)
		take_action(context, request->action);
	return result;
}

/* Comparisons are one conjunction. */
static int add_comparisons(struct context *context, struct ruleset_request *request, const struct scmp_arg_cmp *args)
{
	struct policy_condition usual[ARGUMENTS_MAX], *conditions = usual;
	unsigned count = request->condition_count;

	if (count > (request->arch ? CALLGATE_RULE_CONDITIONS_MAX : ARGUMENTS_MAX))
		return diag_fail(&context->diag, -EINVAL,
		                 request->arch ? "too many comparisons in one rule"
		                               : "more than 6 comparisons: a system call has 6 arguments");
	if (!args && count > 0)
		return diag_fail(&context->diag, -EINVAL, "the array of comparisons is NULL");
	int result = begin(context, request);
	if (result == 0 && count > ARGUMENTS_MAX && !(conditions = calloc(count, sizeof(*conditions))))
		result = diag_fail(&context->diag, -ENOMEM, "out of memory for a rule");
	if (result == 0)
		result = conditions_read(args, count, 0, conditions, &context->diag);
	if (result == 0 && !request->arch)
		result = check_once(args, count, &context->diag);
	request->conditions = conditions;
	request->conjunction_count = 1;
	request->ends = &request->condition_count;
	if (result == 0)
		result = add_request(context, request);
	if (conditions != usual)
		free(conditions);
	return context_error(result);
}

/* The context and an architecture that it has, or NULL. */
static struct context *check_arch(const void *ctx, uint32_t token, const struct callgate_arch **ret_arch)
{
	struct context *context = context_check(ctx);
	const struct callgate_arch *arch = callgate_arch_find(token);

	if (context && (!arch || !ruleset_has_arch(context->rules, arch))) {
		diag_set(&context->diag, "architecture 0x%08x is not in the context", token);
		return NULL;
	}
	*ret_arch = arch;
	return context;
}

int callgate_rule_add(scmp_filter_ctx ctx, uint32_t arch, uint32_t action, int syscall, unsigned int count,
                      const struct scmp_arg_cmp *conditions)
{
	struct ruleset_request request = {.action = action, .nr = syscall, .condition_count = count};
	struct context *context = check_arch(ctx, arch, &request.arch);

	return context ? add_comparisons(context, &request, conditions) : -EINVAL;
}

int callgate_rule_match(scmp_filter_ctx ctx, uint32_t arch, uint32_t action, int syscall,
                        const struct callgate_expression *expression)
{
	bool is_for_all = arch == CALLGATE_EVERY_ARCH;
	struct ruleset_request request = {.action = action, .nr = syscall};
	struct context *context = is_for_all ? context_check(ctx) : check_arch(ctx, arch, &request.arch);
	struct arena arena = {0};

	if (!context)
		return -EINVAL;
	int result = begin(context, &request);
	if (result == 0)
		result = expression_lower(expression, &arena, &context->diag, &request);
	if (result == 0)
		result = add_request(context, &request);
	arena_finish(&arena);
	return context_error(result);
}

int callgate_order_set(scmp_filter_ctx ctx, enum callgate_order order)
{
	struct context *context = context_check_magic(ctx);

	if (!context)
		return -EINVAL;
	if ((int)order < CALLGATE_ORDER_CONFLICTS || (int)order > CALLGATE_ORDER_STRICTEST)
		return diag_fail(&context->diag, -EINVAL, "%d is no order (CALLGATE_ORDER_*)", (int)order);
	if (context->order != (enum policy_order)order && ruleset_has_rules(context->rules))
		return diag_fail(&context->diag, -EEXIST,
		                 "the context has rules, or an open transaction: the order of rules is set "
		                 "before the first");
	context->order = (enum policy_order)order;
	return 0;
}

static int set_unknown(scmp_filter_ctx ctx, uint32_t arch, uint32_t action, const int *newest)
{
	const struct callgate_arch *found;
	struct context *context = check_arch(ctx, arch, &found);

	if (!context)
		return -EINVAL;
	if (newest && (*newest == ARCH_NR_SKIP || !callgate_arch_has_number(arch, *newest)))
		return diag_fail(&context->diag, -EINVAL, "%s has no number %d", found->name, *newest);
	int result = context_check_action(context, action);
	if (result == 0)
		result = ruleset_set_unknown(context->rules, found, action, newest, &context->diag);
	if (result == 0)
		take_action(context, action);
	return context_error(result);
}

int callgate_rule_unknown(scmp_filter_ctx ctx, uint32_t arch, uint32_t action)
{
	return set_unknown(ctx, arch, action, NULL);
}

int callgate_rule_unknown_after(scmp_filter_ctx ctx, uint32_t arch, uint32_t action, int newest)
{
	return set_unknown(ctx, arch, action, &newest);
}

/*
 * Is it as strict as ERRNO? A default that lets calls pass, or leaves them to a supervisor, is nothing that ENOSYS
 * could take the place of.
 */
static bool denies(uint32_t action)
{
	return callgate_action_strictest(action, SECCOMP_RET_ERRNO) == action;
}

int callgate_baseline(scmp_filter_ctx ctx, unsigned int major, unsigned int minor)
{
	struct context *context = context_check(ctx);
	char action[CALLGATE_ACTION_TEXT];

	if (!context)
		return -EINVAL;
	if (major == 0 || major > UINT8_MAX || minor > UINT8_MAX)
		return diag_fail(&context->diag, -EINVAL, "%u.%u is not a version of Linux", major, minor);
	callgate_action_text(context->attributes[SCMP_FLTATR_ACT_DEFAULT], action);
	if (!denies(context->attributes[SCMP_FLTATR_ACT_DEFAULT]))
		return diag_fail(&context->diag, -EINVAL,
		                 "a baseline is for contexts whose default action denies calls; this one's is %s",
		                 action);
	if (context->baseline_major && (context->baseline_major != major || context->baseline_minor != minor))
		return diag_fail(&context->diag, -EEXIST, "the baseline is Linux %u.%u already; %u.%u contradicts it",
		                 context->baseline_major, context->baseline_minor, major, minor);
	context->baseline_major = (uint8_t)major;
	context->baseline_minor = (uint8_t)minor;
	context_invalidate(context);
	return 0;
}

static int add_array(const void *ctx, uint32_t action, int nr, bool exact, unsigned count,
                     const struct scmp_arg_cmp *args)
{
	struct ruleset_request request = {.action = action, .nr = nr, .exact = exact, .condition_count = count};
	struct context *context = context_check(ctx);

	return context ? add_comparisons(context, &request, args) : -EINVAL;
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
		result = ruleset_prioritize(context->rules, syscall, priority, &context->diag, &context->note);
	/* Also after a failure: architectures before and after the failing one have taken it. */
	context_invalidate(context);
	return context_error(result);
}
