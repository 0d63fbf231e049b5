/* The statements of a policy as rules in an order. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/diagnosis.h>
#include <callgate/rule.h>
#include <callgate/syscall.h>

#include "oci/read_policy.h"

/* The rules that a statement made, and how many of them can never decide, and by which line that is known. */
struct applied {
	size_t rules, dead;
	unsigned int other; /* the rule that covers the last dead one; 0: none does */
	char example[200];
};

static bool is_dead(scmp_filter_ctx ctx, struct applied *applied)
{
	const char *text = callgate_diagnosis(ctx);
	const char *example = strstr(text, ", as for ");

	if (!strstr(text, "can never decide"))
		return false;
	applied->other = 0;
	(void)sscanf(text, "note: rule %*u can never decide: rule %u", &applied->other);
	snprintf(applied->example, sizeof(applied->example), "%s", example ? example : "");
	return true;
}

static int add_rule(struct application *application, const struct statement *statement, uint32_t arch,
                    uint32_t action, int nr, const struct callgate_expression *expression,
                    struct applied *applied)
{
	application_note_origin(application, &statement->origin);
	int result = callgate_rule_match(application->ctx, arch, action, nr, expression);
	if (result < 0)
		return diag_fail(application->diag, result, "%s:%u: %s", statement->file,
		                 statement->place.line, callgate_diagnosis(application->ctx));
	applied->rules++;
	applied->dead += is_dead(application->ctx, applied);
	return 0;
}

/* An argument of a line; width: what the kernel reads of it, unless the line says it. NULL, or a mistake. */
static const char *argument_expression(const struct file_argument *argument, unsigned index, uint32_t arch,
                                       unsigned int bits, struct callgate_expression *ret, uint64_t forms[2],
                                       struct callgate_expression *negated)
{
	static const enum scmp_compare operators[] = {
	    [FILE_EQUAL] = SCMP_CMP_EQ,       [FILE_NOT_EQUAL] = SCMP_CMP_EQ,
	    [FILE_LESS] = SCMP_CMP_LT,        [FILE_LESS_EQUAL] = SCMP_CMP_LE,
	    [FILE_GREATER] = SCMP_CMP_GT,     [FILE_GREATER_EQUAL] = SCMP_CMP_GE,
	    [FILE_BITS] = SCMP_CMP_MASKED_EQ, [FILE_BITS_NOT] = SCMP_CMP_MASKED_EQ};
	struct evaluated value = {0}, second = {0}, mask = {0};
	const char *missing;
	bool is_narrow = argument->bits == 32 || bits <= 32;

	if (cases_evaluate(&argument->value, arch, &value, &missing) < 0 ||
	    cases_evaluate(&argument->second, arch, &second, &missing) < 0 ||
	    cases_evaluate(&argument->mask, arch, &mask, &missing) < 0)
		return missing;
	*ret = (struct callgate_expression){.kind = CALLGATE_EXPRESSION_COMPARE,
	                                    .argument = index,
	                                    .width = is_narrow ? CALLGATE_BITS_32 : CALLGATE_BITS_64,
	                                    .datum_a = value.bits};
	if (argument->op == FILE_RANGE) {
		ret->kind = CALLGATE_EXPRESSION_RANGE;
		ret->datum_b = second.bits;
	} else {
		ret->op = operators[argument->op];
	}
	if (ret->op == SCMP_CMP_MASKED_EQ) {
		ret->datum_a = mask.bits;
		ret->datum_b = value.bits;
	} else if (ret->op == SCMP_CMP_EQ && value.is_negative_int && !is_narrow) {
		/* Both ways in which compilers pass such an int. */
		forms[0] = value.bits;
		forms[1] = (uint32_t)value.bits;
		ret->kind = CALLGATE_EXPRESSION_VALUES;
		ret->count = 2;
		ret->values = forms;
	}
	if (argument->op == FILE_NOT_EQUAL || argument->op == FILE_BITS_NOT) {
		*negated = *ret;
		*ret = (struct callgate_expression){
		    .kind = CALLGATE_EXPRESSION_NOT, .count = 1, .parts = negated};
	}
	return NULL;
}

/* Through socketcall(2) or ipc(2): what denies is there for all such calls, and what allows for none if it looks at arguments. */
static int add_multiplexed_rule(struct application *application, const struct statement *statement,
                                const struct callgate_arch *arch, uint32_t action, const char *name,
                                bool is_conditional, struct applied *applied)
{
	struct multiplexed multiplexed;

	if (!multiplexed_find(arch, name, &multiplexed) ||
	    (is_conditional && callgate_action_strictest(action, application_default(application)) != action))
		return 0;
	const struct callgate_expression is_call = {.kind = CALLGATE_EXPRESSION_COMPARE,
	                                            .argument = 0,
	                                            .width = CALLGATE_BITS_64,
	                                            .op = multiplexed.is_call.op,
	                                            .datum_a = multiplexed.is_call.datum_a,
	                                            .datum_b = multiplexed.is_call.datum_b};
	return add_rule(application, statement, arch->token, action, multiplexed.nr, &is_call, applied);
}

static int add_call(struct application *application, const struct statement *statement,
                    const struct callgate_arch *arch, uint32_t action, const char *name, int nr,
                    const struct file_argument *arguments, struct applied *applied)
{
	struct callgate_expression parts[FILE_ARGUMENTS], negated[FILE_ARGUMENTS];
	struct callgate_expression all = {.kind = CALLGATE_EXPRESSION_ALL, .parts = parts};
	uint64_t forms[FILE_ARGUMENTS][2];
	int result = 0;

	for (unsigned i = 0; arguments && i < FILE_ARGUMENTS; i++) {
		if (arguments[i].op == FILE_ANY)
			continue;
		unsigned int bits = name ? callgate_argument_bits(arch->token, name, i) : 64;
		const char *missing = argument_expression(&arguments[i], i, arch->token, bits,
		                                          &parts[all.count], forms[i], &negated[i]);
		if (missing) {
			messages_error(application->messages, statement->origin.place,
			               "%s does not have the constant %s", arch->name, missing);
			return diag_fail(application->diag, -EINVAL, "a constant is missing");
		}
		all.count++;
	}
	if (name)
		result =
		    add_multiplexed_rule(application, statement, arch, action, name, all.count > 0, applied);
	return result < 0 || nr < 0 ? result
	                            : add_rule(application, statement, arch->token, action, nr,
	                                       all.count ? &all : NULL, applied);
}

static int add_calls(struct application *application, const struct statement *statement,
                     const struct callgate_arch *arch, const struct file_calls *calls,
                     struct applied *applied)
{
	uint32_t action;
	int result = 0;

	if (!policy_action_on(&statement->action, arch->token, &action)) {
		messages_error(application->messages, statement->origin.place, "%s does not have this error",
		               arch->name);
		return diag_fail(application->diag, -EINVAL, "an error is missing");
	}
	if (!calls->group && !calls->name)
		return add_call(application, statement, arch, action, NULL, calls->number, calls->arguments,
		                applied);
	if (!calls->group)
		return add_call(application, statement, arch, action, calls->name,
		                callgate_syscall_number(arch->token, calls->name), calls->arguments, applied);
	for (size_t i = 0; calls->group->syscalls[i] && result == 0; i++)
		result =
		    add_call(application, statement, arch, action, calls->group->syscalls[i],
		             callgate_syscall_number(arch->token, calls->group->syscalls[i]), NULL, applied);
	return result;
}

static bool is_meant(const struct statement *statement, const struct callgate_arch *arch)
{
	bool is_named = statement->archs.count == 0;

	for (size_t i = 0; i < statement->archs.count; i++)
		is_named = is_named || statement->archs.tokens[i] == arch->token;
	return is_named;
}

/* A statement of which nothing ever decides. */
static void report(struct application *application, const struct statement *statement,
                   const struct applied *applied)
{
	const VEC(const struct named *) *origins = (const void *)&application->origins->list;

	if (applied->rules == 0 && statement->archs.count)
		return;
	if (applied->rules == 0)
		messages_warn(application->messages, statement->origin.place,
		              "no architecture of the filter has the call");
	else if (applied->dead == applied->rules && applied->other == 0)
		messages_warn(application->messages, statement->origin.place,
		              "this can never decide: no call is like this");
	else if (applied->dead == applied->rules && applied->other <= origins->count &&
	         origins->items[applied->other - 1])
		messages_warn(application->messages, statement->origin.place,
		              "this can never decide: line %u already covers it%s",
		              origins->items[applied->other - 1]->place.line, applied->example);
}

int policy_apply(struct application *application)
{
	const struct policy_text *policy = application->model->policy;
	const struct model *model = application->model;
	int result = callgate_order_set(application->ctx, CALLGATE_ORDER_FIRST_MATCH);

	for (size_t i = 0; i < policy->statements.count && result == 0; i++) {
		const struct statement *statement = &policy->statements.items[i];
		struct applied applied = {0};
		for (size_t j = 0; j < statement->calls.count && result == 0; j++)
			for (size_t k = 0; k < model->arch_count && result == 0; k++)
				if (is_meant(statement, model->archs[k]))
					result = add_calls(application, statement, model->archs[k],
					                   &statement->calls.items[j], &applied);
		if (result == 0)
			report(application, statement, &applied);
	}
	return result;
}
