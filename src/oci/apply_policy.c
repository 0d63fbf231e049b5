/* The statements of a policy as rules in an order. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/diagnosis.h>
#include <callgate/rule.h>
#include <callgate/syscall.h>

#include "base/arena.h"
#include "grammar/scanner.h"
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

static int add_rule(struct application *application, const struct statement *statement, uint32_t arch, uint32_t action,
                    int nr, const struct callgate_expression *expression, struct applied *applied)
{
	application_note_origin(application, &statement->origin);
	int result = callgate_rule_match(application->ctx, arch, action, nr, expression);
	if (result < 0 && result != -ENOMEM)
		messages_error(application->messages, statement->place, "%s", callgate_diagnosis(application->ctx));
	if (result < 0)
		return diag_fail(application->diag, result, "%s:%u:%u: %s", statement->file, statement->place.line,
		                 statement->place.column, callgate_diagnosis(application->ctx));
	applied->rules++;
	applied->dead += is_dead(application->ctx, applied);
	return 0;
}

/* ---- the arguments of a line as an expression, whose parts are in the arena ---- */

/* The values of an argument on an architecture. */
struct evaluated_argument {
	struct evaluated second, mask;
	size_t count;
	struct evaluated values[FILE_VALUES_MAX];
};

/* False: the architecture lacks *ret_missing, a constant. */
static bool evaluate_argument(const struct file_argument *argument, uint32_t arch, struct evaluated_argument *ret,
                              const char **ret_missing)
{
	*ret = (struct evaluated_argument){.count = argument->other_count + 1};
	for (size_t i = 0; i < argument->other_count; i++)
		if (cases_evaluate(&argument->others[i], arch, &ret->values[i + 1], ret_missing) < 0)
			return false;
	return cases_evaluate(&argument->value, arch, &ret->values[0], ret_missing) == 0 &&
	       cases_evaluate(&argument->second, arch, &ret->second, ret_missing) == 0 &&
	       cases_evaluate(&argument->mask, arch, &ret->mask, ret_missing) == 0;
}

/* One of the values; negative ones in both ways in which compilers pass such an int. */
static bool set_values(struct callgate_expression *expression, const struct evaluated_argument *argument,
                       struct arena *arena)
{
	uint64_t *values = ARENA_ARRAY(arena, uint64_t, 2 * argument->count);

	if (!values)
		return false;
	expression->kind = CALLGATE_EXPRESSION_VALUES;
	expression->values = values;
	for (size_t i = 0; i < argument->count; i++) {
		values[expression->count++] = argument->values[i].bits;
		if (argument->values[i].is_negative_int && expression->width == CALLGATE_BITS_64)
			values[expression->count++] = (uint32_t)argument->values[i].bits;
	}
	return true;
}

/* The bits under the mask are those of one of the values. */
static bool set_bits(struct callgate_expression *expression, const struct evaluated_argument *argument,
                     struct arena *arena)
{
	struct callgate_expression *parts = ARENA_ARRAY(arena, struct callgate_expression, argument->count);

	if (!parts)
		return false;
	for (size_t i = 0; i < argument->count; i++) {
		parts[i] = *expression;
		parts[i].op = SCMP_CMP_MASKED_EQ;
		parts[i].datum_a = argument->mask.bits;
		parts[i].datum_b = argument->values[i].bits;
	}
	expression->kind = CALLGATE_EXPRESSION_ANY;
	expression->count = argument->count;
	expression->parts = parts;
	return true;
}

static bool negate(struct callgate_expression *expression, struct arena *arena)
{
	struct callgate_expression *part = ARENA_ARRAY(arena, struct callgate_expression, 1);

	if (!part)
		return false;
	*part = *expression;
	*expression = (struct callgate_expression){.kind = CALLGATE_EXPRESSION_NOT, .count = 1, .parts = part};
	return true;
}

/* More than 32 bits, and no 32 bits that are extended with ones. */
static bool is_wide(const struct evaluated *value)
{
	return value->bits > UINT32_MAX && value->bits < (uint64_t)INT32_MIN;
}

/* Has the argument a value, a bound or a mask that 32 bits can't hold? */
static bool is_too_wide(const struct evaluated_argument *argument)
{
	bool result = is_wide(&argument->second) || is_wide(&argument->mask);

	for (size_t i = 0; i < argument->count; i++)
		result = result || is_wide(&argument->values[i]);
	return result;
}

/* False: memory is out. */
static bool argument_expression(const struct file_argument *argument, unsigned index, bool is_narrow,
                                const struct evaluated_argument *evaluated, struct arena *arena,
                                struct callgate_expression *ret)
{
	static const enum scmp_compare operators[] = {[FILE_LESS] = SCMP_CMP_LT,
	                                              [FILE_LESS_EQUAL] = SCMP_CMP_LE,
	                                              [FILE_GREATER] = SCMP_CMP_GT,
	                                              [FILE_GREATER_EQUAL] = SCMP_CMP_GE};

	*ret = (struct callgate_expression){.kind = CALLGATE_EXPRESSION_COMPARE,
	                                    .argument = index,
	                                    .width = is_narrow ? CALLGATE_BITS_32 : CALLGATE_BITS_64,
	                                    .datum_a = evaluated->values[0].bits};
	switch (argument->op) {
	case FILE_EQUAL:
		return set_values(ret, evaluated, arena);
	case FILE_NOT_EQUAL:
		return set_values(ret, evaluated, arena) && negate(ret, arena);
	case FILE_BITS:
		return set_bits(ret, evaluated, arena);
	case FILE_BITS_NOT:
		return set_bits(ret, evaluated, arena) && negate(ret, arena);
	case FILE_RANGE:
		ret->kind = CALLGATE_EXPRESSION_RANGE;
		ret->datum_b = evaluated->second.bits;
		return true;
	default:
		ret->op = operators[argument->op];
		return true;
	}
}

/*
 * Through socketcall(2) or ipc(2): what denies is there for all such calls, and what allows for none if it looks at
 * arguments.
 */
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

/* All arguments of a call that are compared, as parts of *ret_all. */
static int arguments_expression(struct application *application, const struct statement *statement,
                                const struct callgate_arch *arch, const char *name,
                                const struct file_argument *arguments, struct arena *arena,
                                struct callgate_expression *ret_all)
{
	struct callgate_expression *parts = ARENA_ARRAY(arena, struct callgate_expression, FILE_ARGUMENTS);

	*ret_all = (struct callgate_expression){.kind = CALLGATE_EXPRESSION_ALL, .parts = parts};
	for (unsigned i = 0; parts && arguments && i < FILE_ARGUMENTS; i++) {
		struct evaluated_argument evaluated;
		const char *missing;
		if (arguments[i].op == FILE_ANY)
			continue;
		if (!evaluate_argument(&arguments[i], arch->token, &evaluated, &missing)) {
			messages_error(application->messages, statement->place, "%s does not have the constant %s",
			               arch->name, missing);
			return diag_fail(application->diag, -EINVAL, "a constant is missing");
		}
		/* What the kernel reads of the argument, unless the line says how many bits. */
		unsigned int bits = name ? callgate_argument_bits(arch->token, name, i) : 64;
		bool is_narrow = arguments[i].bits ? arguments[i].bits == 32 : bits <= 32;
		if (is_narrow && is_too_wide(&evaluated)) {
			messages_error(
			    application->messages, statement->place,
			    "argument %u has 32 bits on %s, and this value has more; (u64) compares all bits of "
			    "the register",
			    i, arch->name);
			return diag_fail(application->diag, -EINVAL, "a value is too large");
		}
		if (!argument_expression(&arguments[i], i, is_narrow, &evaluated, arena, &parts[ret_all->count++]))
			parts = NULL;
	}
	return parts ? 0 : diag_fail(application->diag, -ENOMEM, "out of memory for a statement");
}

static int add_call(struct application *application, const struct statement *statement,
                    const struct callgate_arch *arch, uint32_t action, const char *name, int nr,
                    const struct file_argument *arguments, struct applied *applied)
{
	struct arena arena = {0};
	struct callgate_expression all;
	int result = arguments_expression(application, statement, arch, name, arguments, &arena, &all);

	if (result == 0 && name)
		result = add_multiplexed_rule(application, statement, arch, action, name, all.count > 0, applied);
	if (result == 0 && nr >= 0)
		result = add_rule(application, statement, arch->token, action, nr, all.count ? &all : NULL, applied);
	arena_finish(&arena);
	return result;
}

/* What the arguments of a call by number mean, which on this architecture has this name. */
static int read_arguments(struct application *application, const struct statement *statement,
                          const struct callgate_arch *arch, const char *name, const struct file_calls *calls,
                          struct scan_output *output, struct file_argument arguments[FILE_ARGUMENTS])
{
	struct scan scan = {.output = output, .start = "", .line = statement->place.line, .has_alternatives = true};

	scan.at = scan.end = scan.start;
	memcpy(arguments, calls->arguments, FILE_ARGUMENTS * sizeof(arguments[0]));
	for (unsigned i = 0; i < FILE_ARGUMENTS; i++) {
		if (!arguments[i].words || parse_joined(&scan, scan.start, name, i, &arguments[i]))
			continue;
		if (scan.no_memory)
			return diag_fail(application->diag, -ENOMEM, "out of memory for a statement");
		messages_error(application->messages, statement->place, "call %d is %s on %s: %s", (int)calls->number,
		               name, arch->name, output->messages.items[0].text);
		return diag_fail(application->diag, -EINVAL, "an argument is wrong");
	}
	return 0;
}

/* A call by number is what its name is on the architecture, if it has one there. */
static int add_number(struct application *application, const struct statement *statement,
                      const struct callgate_arch *arch, uint32_t action, const struct file_calls *calls,
                      struct applied *applied)
{
	const char *name = callgate_syscall_name(arch->token, calls->number);
	struct file_argument arguments[FILE_ARGUMENTS];
	struct scan_output output = {0};
	const bool is_read = name && calls->arguments;
	int result = is_read ? read_arguments(application, statement, arch, name, calls, &output, arguments) : 0;

	if (result == 0)
		result = add_call(application, statement, arch, action, name, calls->number,
		                  is_read ? arguments : calls->arguments, applied);
	vec_finish(&output.messages);
	arena_finish(&output.arena);
	return result;
}

static int add_calls(struct application *application, const struct statement *statement,
                     const struct callgate_arch *arch, const struct file_calls *calls, struct applied *applied)
{
	uint32_t action;
	int result = 0;

	if (!policy_action_on(&statement->action, arch->token, &action)) {
		messages_error(application->messages, statement->place, "%s does not have this error", arch->name);
		return diag_fail(application->diag, -EINVAL, "an error is missing");
	}
	if (!calls->group && !calls->name)
		return add_number(application, statement, arch, action, calls, applied);
	if (!calls->group)
		return add_call(application, statement, arch, action, calls->name,
		                callgate_syscall_number(arch->token, calls->name), calls->arguments, applied);
	for (size_t i = 0; calls->group->syscalls[i] && result == 0; i++)
		result = add_call(application, statement, arch, action, calls->group->syscalls[i],
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

int policy_newest_named(const struct policy_text *policy, const struct callgate_arch *arch)
{
	int newest = -1;

	for (size_t i = 0; i < policy->statements.count; i++) {
		const struct statement *statement = &policy->statements.items[i];
		for (size_t j = 0; is_meant(statement, arch) && j < statement->calls.count; j++) {
			const struct file_calls *calls = &statement->calls.items[j];
			const char *const single[] = {calls->name, NULL};
			const char *const *names = calls->group ? calls->group->syscalls : single;
			int nr = !calls->group && !calls->name ? calls->number : -1;
			newest = nr > newest ? nr : newest;
			for (size_t k = 0; names[k]; k++) {
				nr = callgate_syscall_number(arch->token, names[k]);
				newest = nr > newest ? nr : newest;
			}
		}
	}
	return newest;
}

/* A statement of which nothing ever decides. */
static void report(struct application *application, const struct statement *statement, const struct applied *applied)
{
	struct messages *messages = application->messages;
	const struct statement *other = applied->other && applied->other <= application->origins->list.count
	                                    ? (const void *)application->origins->list.items[applied->other - 1]
	                                    : NULL;

	if (applied->rules == 0 && statement->archs.count)
		return;
	if (applied->rules == 0)
		messages_find(messages, "dead", statement->place, "no architecture of the filter has the call");
	else if (applied->dead == applied->rules && applied->other == 0)
		messages_find(messages, "dead", statement->place, "this can never decide: no call is like this");
	else if (applied->dead == applied->rules && other && strcmp(other->file, statement->file) == 0)
		messages_find(messages, "dead", statement->place, "this can never decide: line %u already covers it%s",
		              other->place.line, applied->example);
	else if (applied->dead == applied->rules && other)
		messages_find(messages, "dead", statement->place, "this can never decide: %s:%u already covers it%s",
		              other->file, other->place.line, applied->example);
}

int policy_apply(struct application *application)
{
	const struct policy_text *policy = application->model->policy;
	const struct model *model = application->model;
	const char *outer = application->messages->file;
	int result = 0;

	for (size_t i = 0; i < policy->statements.count && result == 0; i++) {
		const struct statement *statement = &policy->statements.items[i];
		struct applied applied = {0};
		application->messages->file = statement->file; /* which may be included */
		for (size_t j = 0; j < statement->calls.count && result == 0; j++)
			for (size_t k = 0; k < model->arch_count && result == 0; k++)
				if (is_meant(statement, model->archs[k]))
					result = add_calls(application, statement, model->archs[k],
					                   &statement->calls.items[j], &applied);
		if (result == 0)
			report(application, statement, &applied);
	}
	application->messages->file = outer;
	return result;
}
