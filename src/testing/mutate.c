/* Rules that are wrong in one place: would a test notice? */
#include "testing/words.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/arch.h>
#include <callgate/coverage.h>

#include "base/arena.h"
#include "base/vec.h"

enum mutation_kind {
	DEFAULT_ALLOWS,
	BAD_ARCH_ALLOWS,
	UNKNOWN_ALLOWS,
	RULE_DROPPED,
	RULE_ALLOWS,
	CONDITION_DROPPED,
	CONDITION_WIDENED, /* by one value */
	LOW_BIT_IGNORED,
	HIGH_BIT_IGNORED,
};

struct mutation {
	enum mutation_kind kind;
	uint32_t id;                      /* of the rule */
	uint32_t condition;               /* its index */
	uint32_t arch;                    /* UNKNOWN_ALLOWS */
	const struct callgate_rule *rule; /* an entry of this id with most conditions; else NULL */
};

/* The search for mutation number `index`. The arena, which holds the simulator's rules, is zeroed at the start and freed by the caller. */
struct search {
	const struct callgate_simulator *simulator;
	size_t index;
	struct arena arena;
	ARENA_VEC(struct callgate_rule) rules;
	struct mutation found;
};

/* ---- which there are: each function is true once the mutation is found ---- */

static bool take(struct search *search, enum mutation_kind kind, const struct callgate_rule *rule,
                 size_t condition)
{
	if (search->index-- > 0)
		return false;
	search->found = (struct mutation){
	    .kind = kind, .id = rule ? rule->id : 0, .condition = (uint32_t)condition, .rule = rule};
	return true;
}

static bool find_in_condition(struct search *search, const struct callgate_rule *rule, size_t i)
{
	if (take(search, CONDITION_DROPPED, rule, i))
		return true;
	switch (rule->conditions[i].op) {
	case SCMP_CMP_LT:
	case SCMP_CMP_LE:
	case SCMP_CMP_GE:
	case SCMP_CMP_GT:
		return take(search, CONDITION_WIDENED, rule, i);
	case SCMP_CMP_EQ:
	case SCMP_CMP_MASKED_EQ:
		return take(search, LOW_BIT_IGNORED, rule, i) || take(search, HIGH_BIT_IGNORED, rule, i);
	default:
		return false;
	}
}

static bool find_in_rule(struct search *search, const struct callgate_rule *rule)
{
	if (take(search, RULE_DROPPED, rule, 0) ||
	    (rule->action != SCMP_ACT_ALLOW && take(search, RULE_ALLOWS, rule, 0)))
		return true;
	for (size_t i = 0; i < rule->condition_count; i++)
		if (find_in_condition(search, rule, i))
			return true;
	return false;
}

static bool find_in_defaults(struct search *search)
{
	const struct callgate_arch *arch;
	uint32_t action;

	if (callgate_simulator_default(search->simulator, CALLGATE_REASON_DEFAULT, 0, &action) == 0 &&
	    action != SCMP_ACT_ALLOW && take(search, DEFAULT_ALLOWS, NULL, 0))
		return true;
	if (callgate_simulator_default(search->simulator, CALLGATE_REASON_BAD_ARCH, 0, &action) == 0 &&
	    action != SCMP_ACT_ALLOW && take(search, BAD_ARCH_ALLOWS, NULL, 0))
		return true;
	for (size_t i = 0; (arch = callgate_arch_at(i)); i++) {
		if (callgate_simulator_default(search->simulator, CALLGATE_REASON_UNKNOWN, arch->token,
		                               &action) == 0 &&
		    take(search, UNKNOWN_ALLOWS, NULL, 0)) {
			search->found.arch = arch->token;
			return true;
		}
	}
	return false;
}

/* By id; of one id, the entry with most conditions first, and of those the one that comes first. */
static int by_id(const void *a, const void *b)
{
	const struct callgate_rule *x = *(const struct callgate_rule *const *)a,
	                           *y = *(const struct callgate_rule *const *)b;

	if (x->id != y->id)
		return x->id > y->id ? 1 : -1;
	if (x->condition_count != y->condition_count)
		return x->condition_count < y->condition_count ? 1 : -1;
	return (x > y) - (x < y);
}

/* 0, -ENOENT, -ENOMEM. */
static int find(struct search *search)
{
	const struct callgate_rule **sorted;
	struct callgate_rule rule;

	for (size_t i = 0; callgate_simulator_rule(search->simulator, i, &rule) == 0; i++)
		if (!vec_push_in(&search->rules, &search->arena, rule))
			return -ENOMEM;
	sorted = ARENA_ARRAY(&search->arena, const struct callgate_rule *, search->rules.count);
	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < search->rules.count; i++)
		sorted[i] = &search->rules.items[i];
	qsort(sorted, search->rules.count, sizeof(sorted[0]), by_id);
	if (find_in_defaults(search))
		return 0;
	for (size_t i = 0; i < search->rules.count; i++)
		if ((i == 0 || sorted[i]->id != sorted[i - 1]->id) && find_in_rule(search, sorted[i]))
			return 0;
	return -ENOENT;
}

/* ---- what they do ---- */

static void widen(struct scmp_arg_cmp *c, uint64_t word)
{
	if (c->op == SCMP_CMP_LT)
		c->op = SCMP_CMP_LE;
	else if (c->op == SCMP_CMP_GT)
		c->op = SCMP_CMP_GE;
	else if (c->op == SCMP_CMP_LE)
		c->datum_a += c->datum_a < word;
	else
		c->datum_a -= c->datum_a > 0;
}

/* EQ is MASKED_EQ with all bits of the word in the mask. */
static void ignore_bit(struct scmp_arg_cmp *c, uint64_t word, bool low)
{
	uint64_t mask = c->op == SCMP_CMP_MASKED_EQ ? c->datum_a : word;
	uint64_t value = c->op == SCMP_CMP_MASKED_EQ ? c->datum_b : c->datum_a;

	if (!mask)
		return;
	mask &= ~(low ? mask & -mask : (uint64_t)1 << (63 - __builtin_clzll(mask)));
	*c = (struct scmp_arg_cmp){c->arg, SCMP_CMP_MASKED_EQ, mask, value & mask};
}

/* Changes one entry of the mutation's rule, whose conditions are copied. */
static bool change_rule(const struct mutation *mutation, struct arena *arena, struct callgate_rule *rule)
{
	assert(rule->id == mutation->id && callgate_arch_find(rule->arch));
	uint64_t word = callgate_arch_find(rule->arch)->word_bits == 64 ? UINT64_MAX : UINT32_MAX;
	uint32_t i = mutation->condition;

	if (mutation->kind == RULE_ALLOWS)
		rule->action = SCMP_ACT_ALLOW;
	if (mutation->kind < CONDITION_DROPPED || i >= rule->condition_count)
		return true;
	struct scmp_arg_cmp *conditions = ARENA_ARRAY(arena, struct scmp_arg_cmp, rule->condition_count);
	if (!conditions)
		return false;
	memcpy(conditions, rule->conditions, rule->condition_count * sizeof(conditions[0]));
	rule->conditions = conditions;
	if (mutation->kind == CONDITION_DROPPED)
		memmove(&conditions[i], &conditions[i + 1],
		        (--rule->condition_count - i) * sizeof(conditions[0]));
	else if (mutation->kind == CONDITION_WIDENED)
		widen(&conditions[i], word);
	else
		ignore_bit(&conditions[i], word, mutation->kind == LOW_BIT_IGNORED);
	return true;
}

/* The rules of the simulator with the mutation, in place. */
static bool change_rules(struct search *search)
{
	const struct mutation *mutation = &search->found;
	size_t count = 0;

	for (size_t i = 0; i < search->rules.count; i++) {
		struct callgate_rule rule = search->rules.items[i];
		bool is_changed = mutation->kind >= RULE_DROPPED && rule.id == mutation->id;
		if (is_changed && mutation->kind == RULE_DROPPED)
			continue;
		if (is_changed && !change_rule(mutation, &search->arena, &rule))
			return false;
		search->rules.items[count++] = rule;
	}
	search->rules.count = count;
	return true;
}

static int build(struct search *search, struct callgate_simulator **ret_mutant)
{
	struct callgate_changed_rules changed = {.unknown_arch = search->found.arch,
	                                         .unknown_action = SCMP_ACT_ALLOW};

	if (!change_rules(search))
		return -ENOMEM;
	callgate_simulator_default(search->simulator, CALLGATE_REASON_DEFAULT, 0, &changed.default_action);
	callgate_simulator_default(search->simulator, CALLGATE_REASON_BAD_ARCH, 0, &changed.bad_arch_action);
	if (search->found.kind == DEFAULT_ALLOWS)
		changed.default_action = SCMP_ACT_ALLOW;
	if (search->found.kind == BAD_ARCH_ALLOWS)
		changed.bad_arch_action = SCMP_ACT_ALLOW;
	changed.rule_count = search->rules.count;
	changed.rules = search->rules.items;
	return callgate_simulator_new_changed(search->simulator, &changed, ret_mutant);
}

/* ---- in words ---- */

static void describe_rule(const struct mutation *mutation, struct strbuf *text)
{
	static const char *const done[] = {
	    [RULE_DROPPED] = "the rule is dropped",
	    [RULE_ALLOWS] = "allows instead of ",
	    [CONDITION_DROPPED] = " is not looked at",
	    [CONDITION_WIDENED] = " holds for one value more",
	    [LOW_BIT_IGNORED] = " is compared without its lowest bit",
	    [HIGH_BIT_IGNORED] = " is compared without its highest bit",
	};
	const struct callgate_rule *rule = mutation->rule;
	assert(mutation->kind < CONDITION_DROPPED || mutation->condition < rule->condition_count);
	char *name = seccomp_syscall_resolve_num_arch(rule->arch, rule->nr);
	char action[CALLGATE_ACTION_TEXT];

	strbuf_printf(text, "rule %u, %s: ", rule->id, name ? name : "a number without a name");
	free(name);
	if (mutation->kind >= CONDITION_DROPPED)
		words_print_condition(&rule->conditions[mutation->condition], text);
	strbuf_append(text, done[mutation->kind]);
	callgate_action_text(rule->action, action);
	strbuf_append(text, mutation->kind == RULE_ALLOWS ? action : "");
}

static char *describe(const struct callgate_simulator *simulator, const struct mutation *mutation)
{
	static const enum callgate_reason reasons[] = {
	    [DEFAULT_ALLOWS] = CALLGATE_REASON_DEFAULT,
	    [BAD_ARCH_ALLOWS] = CALLGATE_REASON_BAD_ARCH,
	    [UNKNOWN_ALLOWS] = CALLGATE_REASON_UNKNOWN,
	};
	char action[CALLGATE_ACTION_TEXT];
	struct strbuf text = {0};
	uint32_t before = 0;

	if (mutation->kind >= RULE_DROPPED) {
		describe_rule(mutation, &text);
		return strbuf_steal(&text);
	}
	callgate_simulator_default(simulator, reasons[mutation->kind], mutation->arch, &before);
	callgate_action_text(before, action);
	if (mutation->kind == UNKNOWN_ALLOWS)
		strbuf_printf(&text, "unknown calls of %s: allows instead of %s",
		              words_arch_name(mutation->arch), action);
	else
		strbuf_printf(&text, "%s: allows instead of %s",
		              mutation->kind == DEFAULT_ALLOWS ? "default action"
		                                               : "action for other architectures",
		              action);
	return strbuf_steal(&text);
}

int callgate_simulator_mutate(const struct callgate_simulator *simulator, size_t index,
                              struct callgate_simulator **ret_mutant, uint32_t *ret_rule, char **ret_text)
{
	struct search search = {.simulator = simulator, .index = index};
	char *text = NULL;
	uint32_t action;

	if (!simulator || !ret_mutant)
		return -EINVAL;
	if (callgate_simulator_default(simulator, CALLGATE_REASON_DEFAULT, 0, &action) < 0)
		return -ENOENT; /* a program */
	int result = find(&search);
	if (result == 0 && ret_text && !(text = describe(simulator, &search.found)))
		result = -ENOMEM;
	if (result == 0)
		result = build(&search, ret_mutant);
	arena_finish(&search.arena);
	if (result < 0) {
		free(text);
		return result;
	}
	if (ret_rule)
		*ret_rule = search.found.id;
	if (ret_text)
		*ret_text = text;
	return 0;
}
