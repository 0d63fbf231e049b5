/* The canonical form of a list of conditions, and which of two rules is asked first. */
#include <assert.h>

#include "policy/rule_tree.h"

bool rule_order_is_same(const struct policy_condition *a, const struct policy_condition *b)
{
	return a->value == b->value && a->mask == b->mask && a->arg == b->arg && a->op == b->op;
}

/* Tests for single values come first, then upper bounds, then lower bounds. */
static int class_of(const struct policy_condition *condition)
{
	switch ((enum policy_op)condition->op) {
	case POLICY_EQ:
	case POLICY_NE:
	case POLICY_MASKED_EQ:
		return 0;
	case POLICY_LT:
	case POLICY_LE:
		return 1;
	default:
		return 2;
	}
}

/* Where class and value are the same: the narrower first. GT, which is narrower than GE, has the larger number of the two. */
static int narrowness(const struct policy_condition *condition)
{
	static const int ranks[] = {
	    [POLICY_EQ] = 0, [POLICY_MASKED_EQ] = 1, [POLICY_NE] = 2, [POLICY_LT] = 0,
	    [POLICY_LE] = 1, [POLICY_GT] = 0,        [POLICY_GE] = 1,
	};

	assert(condition->op >= POLICY_NE && condition->op <= POLICY_MASKED_EQ);
	return ranks[condition->op];
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_conditions(const struct policy_condition *a, const struct policy_condition *b)
{
	int class = class_of(a);

	if (a->arg != b->arg)
		return a->arg > b->arg ? -1 : 1;
	if (class != class_of(b))
		return class - class_of(b);
	if (a->value != b->value)
		return class == 1 ? compare(a->value, b->value) : compare(b->value, a->value);
	if (a->op != b->op)
		return narrowness(a) - narrowness(b);
	return compare(b->mask, a->mask);
}

int rule_order_compare(const struct policy_rule *a, const struct policy_rule *b)
{
	uint32_t count = a->condition_count < b->condition_count ? a->condition_count : b->condition_count;

	for (uint32_t i = 0; i < count; i++) {
		int order = compare_conditions(&a->conditions[i], &b->conditions[i]);
		if (order)
			return order;
	}
	return 0;
}

static bool goes_after(const struct policy_condition *a, const struct policy_condition *b)
{
	return a->arg != b->arg ? a->arg > b->arg : compare_conditions(a, b) > 0;
}

uint32_t rule_order_normalize(struct policy_condition *conditions, uint32_t count,
                              const struct callgate_arch *arch)
{
	uint64_t word = policy_word_mask(arch);
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct policy_condition condition = conditions[i];
		uint32_t at = kept;
		condition.mask = condition.op == POLICY_MASKED_EQ ? condition.mask & word : word;
		condition.value &= condition.mask;
		if (!condition.mask)
			continue;
		while (at > 0 && goes_after(&conditions[at - 1], &condition))
			at--;
		if (at > 0 && rule_order_is_same(&conditions[at - 1], &condition))
			continue;
		for (uint32_t j = kept; j > at; j--)
			conditions[j] = conditions[j - 1];
		conditions[at] = condition;
		kept++;
	}
	assert(kept <= count);
	return kept;
}
