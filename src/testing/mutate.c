/* Rules that are wrong in one place: would a test notice? */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/arch.h>
#include <callgate/coverage.h>

#include "base/arena.h"
#include "base/vec.h"
#include "testing/words.h"

enum mistake {
	NONE = 0,
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

#define OP(op) (1u << (op))
enum {
	ORDERS = OP(SCMP_CMP_LT) | OP(SCMP_CMP_LE) | OP(SCMP_CMP_GE) | OP(SCMP_CMP_GT),
	BITS = OP(SCMP_CMP_EQ) | OP(SCMP_CMP_MASKED_EQ),
	ALL = ORDERS | BITS | OP(SCMP_CMP_NE),
};

/* In words, after what is wrong; and where a mistake can be made. */
static const struct {
	const char *text;
	enum callgate_reason reason; /* what decides where no rule does; 0: a rule */
	unsigned operators;          /* a comparison that has one of these; 0: a whole rule */
} mistakes[] = {
    [DEFAULT_ALLOWS] = {"default action: allows instead of ", CALLGATE_REASON_DEFAULT, 0},
    [BAD_ARCH_ALLOWS] = {"action for other architectures: allows instead of ", CALLGATE_REASON_BAD_ARCH, 0},
    [UNKNOWN_ALLOWS] = {": allows instead of ", CALLGATE_REASON_UNKNOWN, 0},
    [RULE_DROPPED] = {"the rule is dropped", 0, 0},
    [RULE_ALLOWS] = {"allows instead of ", 0, 0},
    [CONDITION_DROPPED] = {" is not looked at", 0, ALL},
    [CONDITION_WIDENED] = {" holds for one value more", 0, ORDERS},
    [LOW_BIT_IGNORED] = {" is compared without its lowest bit", 0, BITS},
    [HIGH_BIT_IGNORED] = {" is compared without its highest bit", 0, BITS},
};

struct mutation {
	enum mistake mistake;
	uint32_t arch;                    /* UNKNOWN_ALLOWS */
	uint32_t action;                  /* that is changed or dropped */
	const struct callgate_rule *rule; /* an entry of the rule's id with most conditions; or NULL */
	size_t condition;                 /* its index */
};

/*
 * The search for one mutation. The arena, which holds the simulator's rules, is zeroed at the start and freed by the
 * caller.
 */
struct search {
	const struct callgate_simulator *simulator;
	struct arena arena;
	ARENA_VEC(struct callgate_rule) rules;
	size_t left; /* mutations before it */
	struct mutation found;
};

/* ---- which there are ---- */

static void offer(struct search *search, struct mutation mutation)
{
	if (search->left-- == 0)
		search->found = mutation;
}

/* An answer of the simulator for this reason, unless it is ALLOW already. */
static void offer_default(struct search *search, enum mistake mistake, uint32_t arch)
{
	struct mutation mutation = {.mistake = mistake, .arch = arch};

	if (callgate_simulator_default(search->simulator, mistakes[mistake].reason, arch, &mutation.action) == 0 &&
	    mutation.action != SCMP_ACT_ALLOW)
		offer(search, mutation);
}

static void offer_rule(struct search *search, const struct callgate_rule *rule)
{
	struct mutation mutation = {.action = rule->action, .rule = rule};

	mutation.mistake = RULE_DROPPED;
	offer(search, mutation);
	mutation.mistake = RULE_ALLOWS;
	if (rule->action != SCMP_ACT_ALLOW)
		offer(search, mutation);
	for (; mutation.condition < rule->condition_count; mutation.condition++)
		for (mutation.mistake = CONDITION_DROPPED; mutation.mistake <= HIGH_BIT_IGNORED; mutation.mistake++)
			if (mistakes[mutation.mistake].operators & OP(rule->conditions[mutation.condition].op))
				offer(search, mutation);
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
	offer_default(search, DEFAULT_ALLOWS, 0);
	offer_default(search, BAD_ARCH_ALLOWS, 0);
	for (size_t i = 0; callgate_arch_at(i); i++)
		offer_default(search, UNKNOWN_ALLOWS, callgate_arch_at(i)->token);
	for (size_t i = 0; i < search->rules.count; i++)
		if (i == 0 || sorted[i]->id != sorted[i - 1]->id)
			offer_rule(search, sorted[i]);
	return search->found.mistake ? 0 : -ENOENT;
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
	assert(rule->id == mutation->rule->id && callgate_arch_find(rule->arch));
	uint64_t word = callgate_arch_find(rule->arch)->word_bits == 64 ? UINT64_MAX : UINT32_MAX;
	size_t i = mutation->condition;

	if (mutation->mistake == RULE_ALLOWS)
		rule->action = SCMP_ACT_ALLOW;
	if (!mistakes[mutation->mistake].operators || i >= rule->condition_count)
		return true;
	struct scmp_arg_cmp *conditions = ARENA_ARRAY(arena, struct scmp_arg_cmp, rule->condition_count);
	if (!conditions)
		return false;
	memcpy(conditions, rule->conditions, rule->condition_count * sizeof(conditions[0]));
	rule->conditions = conditions;
	if (mutation->mistake == CONDITION_DROPPED)
		memmove(&conditions[i], &conditions[i + 1], (--rule->condition_count - i) * sizeof(conditions[0]));
	else if (mutation->mistake == CONDITION_WIDENED)
		widen(&conditions[i], word);
	else
		ignore_bit(&conditions[i], word, mutation->mistake == LOW_BIT_IGNORED);
	return true;
}

static int build(struct search *search, struct callgate_simulator **ret_mutant)
{
	const struct mutation *mutation = &search->found;
	struct callgate_changed_rules changed = {.unknown_arch = mutation->arch, .unknown_action = SCMP_ACT_ALLOW};
	struct callgate_rule *rules = ARENA_ARRAY(&search->arena, struct callgate_rule, search->rules.count);

	for (size_t i = 0; rules && i < search->rules.count; i++) {
		struct callgate_rule *rule = &rules[changed.rule_count];
		bool is_wrong = mutation->rule && search->rules.items[i].id == mutation->rule->id;
		*rule = search->rules.items[i];
		if (is_wrong && !change_rule(mutation, &search->arena, rule))
			return -ENOMEM;
		changed.rule_count += !is_wrong || mutation->mistake != RULE_DROPPED;
	}
	changed.rules = rules;
	callgate_simulator_default(search->simulator, CALLGATE_REASON_DEFAULT, 0, &changed.default_action);
	callgate_simulator_default(search->simulator, CALLGATE_REASON_BAD_ARCH, 0, &changed.bad_arch_action);
	if (mutation->mistake == DEFAULT_ALLOWS)
		changed.default_action = SCMP_ACT_ALLOW;
	if (mutation->mistake == BAD_ARCH_ALLOWS)
		changed.bad_arch_action = SCMP_ACT_ALLOW;
	return rules ? callgate_simulator_new_changed(search->simulator, &changed, ret_mutant) : -ENOMEM;
}

static char *describe(const struct mutation *mutation)
{
	const struct callgate_rule *rule = mutation->rule;
	bool allows = mistakes[mutation->mistake].reason || mutation->mistake == RULE_ALLOWS;
	char *name = rule ? seccomp_syscall_resolve_num_arch(rule->arch, rule->nr) : NULL;
	char action[CALLGATE_ACTION_TEXT];
	struct strbuf text = {0};

	callgate_action_text(mutation->action, action);
	if (rule)
		strbuf_printf(&text, "rule %u, %s: ", rule->id, name ? name : "a number without a name");
	if (mistakes[mutation->mistake].operators)
		words_print_condition(&rule->conditions[mutation->condition], &text);
	if (mutation->mistake == UNKNOWN_ALLOWS)
		strbuf_printf(&text, "unknown calls of %s", words_arch_name(mutation->arch));
	strbuf_printf(&text, "%s%s", mistakes[mutation->mistake].text, allows ? action : "");
	free(name);
	return strbuf_steal(&text);
}

int callgate_simulator_mutate(const struct callgate_simulator *simulator, size_t index,
                              struct callgate_simulator **ret_mutant, uint32_t *ret_rule, char **ret_text)
{
	struct search search = {.simulator = simulator, .left = index};
	char *text = NULL;
	uint32_t action;

	if (!simulator || !ret_mutant)
		return -EINVAL;
	if (callgate_simulator_default(simulator, CALLGATE_REASON_DEFAULT, 0, &action) < 0)
		return -ENOENT; /* a program */
	int result = find(&search);
	if (result == 0 && ret_text && !(text = describe(&search.found)))
		result = -ENOMEM;
	if (result == 0)
		result = build(&search, ret_mutant);
	if (result == 0 && ret_rule)
		*ret_rule = search.found.rule ? search.found.rule->id : 0;
	if (result == 0 && ret_text)
		*ret_text = text;
	else
		free(text);
	arena_finish(&search.arena);
	return result;
}
