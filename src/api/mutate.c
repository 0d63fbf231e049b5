#include "api/mutate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/vec.h"
#include "bpf/disassemble.h"

enum mutation_kind {
	DEFAULT_ALLOWS,
	BAD_ARCH_ALLOWS,
	NEWER_ALLOWS,
	RULE_DROPPED,
	RULE_ALLOWS,
	CONDITION_DROPPED,
	CONDITION_WIDENED, /* by one value */
	LOW_BIT_IGNORED,
	HIGH_BIT_IGNORED,
};

struct mutation {
	enum mutation_kind kind;
	uint32_t rule;      /* id */
	uint32_t condition; /* index; of the architecture for NEWER_ALLOWS */
};

typedef VEC(struct mutation) mutation_vec;

static bool add(mutation_vec *mutations, enum mutation_kind kind, uint32_t rule, uint32_t condition)
{
	return vec_push(mutations, ((struct mutation){kind, rule, condition}));
}

static bool add_condition(mutation_vec *mutations, uint32_t rule, uint32_t i,
                          const struct scmp_arg_cmp *condition)
{
	if (!add(mutations, CONDITION_DROPPED, rule, i))
		return false;
	switch (condition->op) {
	case SCMP_CMP_LT:
	case SCMP_CMP_LE:
	case SCMP_CMP_GE:
	case SCMP_CMP_GT:
		return add(mutations, CONDITION_WIDENED, rule, i);
	case SCMP_CMP_EQ:
	case SCMP_CMP_MASKED_EQ:
		return add(mutations, LOW_BIT_IGNORED, rule, i) && add(mutations, HIGH_BIT_IGNORED, rule, i);
	default:
		return true;
	}
}

static bool add_rule(mutation_vec *mutations, const struct callgate_rule *rule)
{
	if (!add(mutations, RULE_DROPPED, rule->id, 0))
		return false;
	if (rule->action != SCMP_ACT_ALLOW && !add(mutations, RULE_ALLOWS, rule->id, 0))
		return false;
	for (uint32_t i = 0; i < rule->condition_count; i++)
		if (!add_condition(mutations, rule->id, i, &rule->conditions[i]))
			return false;
	return true;
}

/* By id; of one id, the entry with most conditions first. */
static int by_id(const void *a, const void *b)
{
	const struct callgate_rule *x = *(const struct callgate_rule *const *)a,
	                           *y = *(const struct callgate_rule *const *)b;

	if (x->id != y->id)
		return x->id > y->id ? 1 : -1;
	return (x->condition_count < y->condition_count) - (x->condition_count > y->condition_count);
}

static bool add_all(const struct callgate_simulator *simulator, const struct callgate_rule **sorted,
                    mutation_vec *mutations)
{
	if (simulator->policy->default_action != SCMP_ACT_ALLOW && !add(mutations, DEFAULT_ALLOWS, 0, 0))
		return false;
	if (simulator->policy->bad_arch_action != SCMP_ACT_ALLOW && !add(mutations, BAD_ARCH_ALLOWS, 0, 0))
		return false;
	for (size_t i = 0; i < simulator->policy->arch_count; i++)
		if (simulator->policy->archs[i].newer_first && !add(mutations, NEWER_ALLOWS, 0, (uint32_t)i))
			return false;
	for (size_t i = 0; i < simulator->rule_count; i++)
		sorted[i] = &simulator->rules[i];
	qsort(sorted, simulator->rule_count, sizeof(sorted[0]), by_id);
	for (size_t i = 0; i < simulator->rule_count; i++)
		if ((i == 0 || sorted[i]->id != sorted[i - 1]->id) && !add_rule(mutations, sorted[i]))
			return false;
	return true;
}

int mutate_list(struct callgate_simulator *simulator, struct diag *diag)
{
	struct arena scratch = {0};
	mutation_vec mutations = {0};
	const struct callgate_rule **sorted =
	    ARENA_ARRAY(&scratch, const struct callgate_rule *, simulator->rule_count);
	bool complete = sorted && add_all(simulator, sorted, &mutations);

	if (complete)
		simulator->mutations = ARENA_ARRAY(&simulator->arena, struct mutation, mutations.count);
	if (simulator->mutations) {
		if (mutations.count)
			memcpy(simulator->mutations, mutations.items,
			       mutations.count * sizeof(mutations.items[0]));
		simulator->mutation_count = mutations.count;
	}
	vec_finish(&mutations);
	arena_finish(&scratch);
	return simulator->mutations ? 0 : diag_fail(diag, -ENOMEM, "out of memory for a simulator");
}

static void remove_condition(struct policy_rule *rule, struct policy_condition *conditions, uint32_t i)
{
	memmove(&conditions[i], &conditions[i + 1], (rule->condition_count - i - 1) * sizeof(conditions[0]));
	rule->condition_count--;
}

static void widen(struct policy_condition *c)
{
	if (c->op == POLICY_LT)
		c->op = POLICY_LE;
	else if (c->op == POLICY_GT)
		c->op = POLICY_GE;
	else if (c->op == POLICY_LE)
		c->value += c->value < c->mask;
	else
		c->value -= c->value > 0;
}

/* EQ is MASKED_EQ with all bits of the word in the mask. */
static void ignore_bit(struct policy_condition *c, bool low)
{
	if (!c->mask)
		return;
	c->op = POLICY_MASKED_EQ;
	c->mask &= ~(low ? c->mask & -c->mask : (uint64_t)1 << (63 - __builtin_clzll(c->mask)));
	c->value &= c->mask;
}

static void apply_to_condition(const struct mutation *mutation, struct policy_rule *rule,
                               struct policy_condition *conditions)
{
	if (mutation->condition >= rule->condition_count)
		return;
	if (mutation->kind == CONDITION_DROPPED)
		remove_condition(rule, conditions, mutation->condition);
	else if (mutation->kind == CONDITION_WIDENED)
		widen(&conditions[mutation->condition]);
	else
		ignore_bit(&conditions[mutation->condition], mutation->kind == LOW_BIT_IGNORED);
}

static bool copy_rule(const struct mutation *mutation, struct arena *arena, const struct policy_rule *from,
                      struct policy_rule *rule)
{
	struct policy_condition *conditions =
	    ARENA_ARRAY(arena, struct policy_condition, from->condition_count);

	if (!conditions)
		return false;
	if (from->condition_count)
		memcpy(conditions, from->conditions, from->condition_count * sizeof(conditions[0]));
	*rule = *from;
	rule->conditions = conditions;
	if (rule->id != mutation->rule)
		return true;
	if (mutation->kind == RULE_ALLOWS)
		rule->action = SCMP_ACT_ALLOW;
	else if (mutation->kind >= CONDITION_DROPPED)
		apply_to_condition(mutation, rule, conditions);
	return true;
}

static bool copy_syscall(const struct mutation *mutation, struct arena *arena,
                         const struct policy_syscall *from, struct policy_syscall *syscall)
{
	struct policy_rule *rules = ARENA_ARRAY(arena, struct policy_rule, from->rule_count);

	*syscall = *from;
	syscall->rules = rules;
	syscall->rule_count = 0;
	for (uint32_t i = 0; rules && i < from->rule_count; i++) {
		if (mutation->kind == RULE_DROPPED && from->rules[i].id == mutation->rule)
			continue;
		if (!copy_rule(mutation, arena, &from->rules[i], &rules[syscall->rule_count++]))
			return false;
	}
	return rules != NULL;
}

static bool copy_arch(const struct mutation *mutation, struct arena *arena, const struct policy_arch *from,
                      struct policy_arch *arch)
{
	struct policy_syscall *syscalls = ARENA_ARRAY(arena, struct policy_syscall, from->syscall_count);

	*arch = *from;
	arch->syscalls = syscalls;
	for (size_t i = 0; syscalls && i < from->syscall_count; i++)
		if (!copy_syscall(mutation, arena, &from->syscalls[i], &syscalls[i]))
			return false;
	return syscalls != NULL;
}

static const struct policy *copy_policy(const struct mutation *mutation, struct arena *arena,
                                        const struct policy *from)
{
	struct policy *policy = ARENA_NEW(arena, struct policy);
	struct policy_arch *archs = ARENA_ARRAY(arena, struct policy_arch, from->arch_count);

	if (!policy || !archs)
		return NULL;
	*policy = *from;
	policy->archs = archs;
	for (size_t i = 0; i < from->arch_count; i++)
		if (!copy_arch(mutation, arena, &from->archs[i], &archs[i]))
			return NULL;
	if (mutation->kind == DEFAULT_ALLOWS)
		policy->default_action = SCMP_ACT_ALLOW;
	if (mutation->kind == NEWER_ALLOWS)
		archs[mutation->condition].newer_action = SCMP_ACT_ALLOW;
	if (mutation->kind == BAD_ARCH_ALLOWS)
		policy->bad_arch_action = SCMP_ACT_ALLOW;
	return policy;
}

static const struct callgate_rule *find_rule(const struct callgate_simulator *simulator, uint32_t id)
{
	const struct callgate_rule *best = NULL;

	for (size_t i = 0; i < simulator->rule_count; i++) {
		const struct callgate_rule *rule = &simulator->rules[i];
		if (rule->id == id && (!best || rule->condition_count > best->condition_count))
			best = rule;
	}
	return best;
}

static void describe_condition(const struct scmp_arg_cmp *c, struct strbuf *text)
{
	static const char *const symbols[] = {"?", "!=", "<", "<=", "==", ">=", ">"};

	if (c->op == SCMP_CMP_MASKED_EQ)
		strbuf_printf(text, "argument %u & 0x%llx == 0x%llx", c->arg, (unsigned long long)c->datum_a,
		              (unsigned long long)c->datum_b);
	else
		strbuf_printf(text, "argument %u %s 0x%llx", c->arg, symbols[c->op],
		              (unsigned long long)c->datum_a);
}

static void describe_rule(const struct callgate_simulator *simulator, const struct mutation *mutation,
                          struct strbuf *text)
{
	static const char *const done[] = {
	    [RULE_DROPPED] = "the rule is dropped",
	    [RULE_ALLOWS] = "allows instead of ",
	    [CONDITION_DROPPED] = " is not looked at",
	    [CONDITION_WIDENED] = " holds for one value more",
	    [LOW_BIT_IGNORED] = " is compared without its lowest bit",
	    [HIGH_BIT_IGNORED] = " is compared without its highest bit",
	};
	const struct callgate_rule *rule = find_rule(simulator, mutation->rule);
	const struct arch *arch = arch_by_token(rule->arch);
	const char *name = arch ? arch_syscall_name(arch, rule->nr) : NULL;

	strbuf_printf(text, "rule %u, %s: ", rule->id, name ? name : "a number without a name");
	if (mutation->kind >= CONDITION_DROPPED)
		describe_condition(&rule->conditions[mutation->condition], text);
	strbuf_append(text, done[mutation->kind]);
	if (mutation->kind == RULE_ALLOWS)
		bpf_format_action(rule->action, text);
}

static void describe_default(const struct policy *policy, const struct mutation *mutation,
                             struct strbuf *text)
{
	const struct policy_arch *arch = &policy->archs[mutation->condition];

	if (mutation->kind == NEWER_ALLOWS)
		strbuf_printf(text, "newer calls of %s: allows instead of ", arch->arch->name);
	else
		strbuf_printf(text, "%s: allows instead of ",
		              mutation->kind == DEFAULT_ALLOWS ? "default action"
		                                               : "action for other architectures");
	if (mutation->kind == NEWER_ALLOWS)
		bpf_format_action(arch->newer_action, text);
	else
		bpf_format_action(mutation->kind == DEFAULT_ALLOWS ? policy->default_action
		                                                   : policy->bad_arch_action,
		                  text);
}

static char *describe(const struct callgate_simulator *simulator, const struct mutation *mutation)
{
	struct strbuf text = {0};

	if (mutation->kind >= RULE_DROPPED)
		describe_rule(simulator, mutation, &text);
	else
		describe_default(simulator->policy, mutation, &text);
	return strbuf_steal(&text);
}

static int build(struct callgate_simulator *mutant, const struct callgate_simulator *original,
                 const struct mutation *mutation)
{
	mutant->policy = copy_policy(mutation, &mutant->arena, original->policy);
	if (!mutant->policy)
		return diag_fail(diag_thread(), -ENOMEM, "out of memory for a mutant");
	int result = compile_policy(mutant->policy, false, diag_thread(), &mutant->output);
	return result < 0 ? result : simulator_prepare(mutant, diag_thread());
}

int callgate_simulator_mutate(const struct callgate_simulator *simulator, size_t index,
                              struct callgate_simulator **ret_mutant, uint32_t *ret_rule, char **ret_text)
{
	if (!simulator || !ret_mutant)
		return diag_fail(diag_thread(), -EINVAL,
		                 "simulator and the place for the mutant must not be NULL");
	if (index >= simulator->mutation_count)
		return -ENOENT;
	const struct mutation *mutation = &simulator->mutations[index];
	struct callgate_simulator *mutant = simulator_allocate();
	char *text = ret_text && mutant ? describe(simulator, mutation) : NULL;
	int result = mutant && (text || !ret_text)
	                 ? build(mutant, simulator, mutation)
	                 : diag_fail(diag_thread(), -ENOMEM, "out of memory for a mutant");
	if (result < 0) {
		callgate_simulator_free(mutant);
		free(text);
		return result;
	}
	*ret_mutant = mutant;
	if (ret_rule)
		*ret_rule = mutation->rule;
	if (ret_text)
		*ret_text = text;
	return 0;
}
