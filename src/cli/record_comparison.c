/* `callgate record --against`: calls that a profile denies, and what it allows that was never seen. */
#include <stdlib.h>
#include <string.h>

#include <callgate/arch.h>
#include <callgate/diagnosis.h>
#include <callgate/syscall.h>

#include "base/strbuf.h"
#include "cli/addition.h"
#include "cli/explain.h"
#include "cli/record.h"

enum { REFUSED_MAX = 400 };

bool comparison_start(struct comparison *comparison, const struct filter *known)
{
	comparison->known = known;
	if (callgate_simulator_new(known->ctx, &comparison->simulator) == 0)
		return true;
	cli_error("%s", callgate_diagnosis(known->ctx));
	return false;
}

/* Each text is kept once, and belongs to the comparison. */
static void add_refused(struct comparison *comparison, char *text)
{
	for (size_t i = 0; i < comparison->refused.count; i++)
		if (strcmp(comparison->refused.items[i], text) == 0) {
			free(text);
			return;
		}
	if (comparison->refused.count == REFUSED_MAX)
		comparison->has_more = true;
	else if (vec_push(&comparison->refused, text))
		return;
	else
		comparison->out_of_memory = true;
	free(text);
}

/* A call without a name is none that a profile can allow. */
void comparison_add(struct comparison *comparison, const struct callgate_call *call, bool has_arguments)
{
	const char *name = call_name(call);
	struct callgate_verdict verdict;

	if (callgate_simulator_run(comparison->simulator, call, &verdict) < 0) {
		comparison->out_of_memory = true;
		return;
	}
	if (!name || verdict.action == SCMP_ACT_ALLOW || verdict.action == SCMP_ACT_LOG)
		return;
	char *text = has_arguments ? addition_of(comparison->simulator, call) : strdup(name);
	if (text)
		add_refused(comparison, text);
	else
		comparison->out_of_memory = true;
}

/* "- socket if family == AF_INET  never seen" */
static void print_unseen(const char *name, const struct callgate_arch *arch, const struct callgate_rule *rule)
{
	struct strbuf text = {0};

	for (size_t i = 0; rule && i < rule->condition_count; i++) {
		const struct callgate_condition condition = explain_comparison(&rule->conditions[i], arch);
		strbuf_append(&text, i ? " and " : " if ");
		explain_condition(&text, arch, name, &condition);
	}
	print_safely(stdout, "- %s%s  never seen\n", name, text_of(&text, ""));
	strbuf_finish(&text);
}

/*
 * Do the calls of a rule get to an earlier one, which was seen? In a policy two statements can name a call, and the
 * first one decides.
 */
static bool is_covered(const struct comparison *comparison, const struct callgate_rule *rule, size_t index)
{
	struct callgate_rule earlier;

	for (size_t i = 0; i < index && callgate_simulator_rule(comparison->simulator, i, &earlier) == 0; i++) {
		if (earlier.arch != rule->arch || earlier.nr != rule->nr || earlier.hits == 0)
			continue;
		bool is_same = earlier.condition_count == 0 || earlier.condition_count == rule->condition_count;
		for (size_t j = 0; is_same && j < earlier.condition_count; j++) {
			const struct scmp_arg_cmp *a = &earlier.conditions[j], *b = &rule->conditions[j];
			is_same =
			    a->arg == b->arg && a->op == b->op && a->datum_a == b->datum_a && a->datum_b == b->datum_b;
		}
		if (is_same)
			return true;
	}
	return false;
}

/* A call that was never seen is named once; of one that was seen with other arguments, each rule. */
static void print_unseen_rules(const struct comparison *comparison, const struct callgate_arch *arch, const char *name,
                               bool is_seen)
{
	const struct callgate_call call = {.arch = arch->audit, .nr = callgate_syscall_number(arch->token, name)};
	bool is_allowed = record_allows(comparison->known, &call);
	struct callgate_rule rule;

	for (size_t i = 0; callgate_simulator_rule(comparison->simulator, i, &rule) == 0; i++) {
		if (rule.arch != arch->token || rule.nr != call.nr ||
		    (rule.action != SCMP_ACT_ALLOW && rule.action != SCMP_ACT_LOG))
			continue;
		is_allowed = true;
		if (is_seen && rule.hits == 0 && !is_covered(comparison, &rule, i))
			print_unseen(name, arch, &rule);
	}
	if (is_allowed && !is_seen)
		print_unseen(name, arch, NULL);
}

int comparison_print(const struct comparison *comparison, const struct learned *learned)
{
	const struct callgate_arch *arch = callgate_arch_find(SCMP_ARCH_NATIVE);
	const char *name;

	for (size_t i = 0; i < comparison->refused.count; i++)
		print_safely(stdout, "+ %s  not allowed by %s\n", comparison->refused.items[i],
		             comparison->known->path);
	if (comparison->has_more)
		cli_error("more than %d kinds of calls are not allowed: the others are not listed", REFUSED_MAX);
	for (size_t i = 0; (name = callgate_syscall_name_at(i)); i++)
		if (callgate_syscall_number(arch->token, name) >= 0)
			print_unseen_rules(comparison, arch, name, learned_has(learned, name));
	return comparison->refused.count > 0 ? CLI_NO : CLI_OK;
}

void comparison_finish(struct comparison *comparison)
{
	for (size_t i = 0; i < comparison->refused.count; i++)
		free(comparison->refused.items[i]);
	vec_finish(&comparison->refused);
	callgate_simulator_free(comparison->simulator);
}
