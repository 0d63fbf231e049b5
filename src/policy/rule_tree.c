#include "policy/rule_tree.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { FIRST_CALLS = 32, FIRST_NODES = 16 };

struct arch_rules *arch_rules_new(const struct callgate_arch *arch)
{
	struct arch_rules *rules = calloc(1, sizeof(*rules));

	if (rules)
		rules->arch = arch;
	return rules;
}

void arch_rules_free(struct arch_rules *rules)
{
	if (!rules)
		return;
	vec_finish(&rules->calls);
	vec_finish(&rules->nodes);
	vec_finish(&rules->pages);
	table_finish(&rules->page_table);
	vec_finish(&rules->ordered);
	vec_finish(&rules->ordered_conditions);
	table_finish(&rules->node_table);
	free(rules);
}

static uint32_t hash_node(uint32_t parent, const struct policy_condition *condition)
{
	uint64_t hash = (uint64_t)parent << 8 | (uint64_t)condition->arg << 4 | condition->op;

	return hash_end(hash_add(hash_add(hash, condition->mask), condition->value));
}

/* References have 31 bits. Memory grows by many at once: a context seldom has few rules. */
bool arch_rules_reserve(struct arch_rules *rules, size_t calls, size_t nodes)
{
	if (rules->calls.count + calls >= REFERENCE_CALL - 1 || rules->nodes.count + nodes >= REFERENCE_CALL)
		return false;
	if (!rules->calls.capacity && calls && !vec_reserve(&rules->calls, FIRST_CALLS))
		return false;
	if (!rules->nodes.capacity && nodes && !vec_reserve(&rules->nodes, FIRST_NODES))
		return false;
	return vec_reserve(&rules->calls, calls) && vec_reserve(&rules->nodes, nodes) &&
	       vec_reserve(&rules->pages, calls) && table_reserve(&rules->page_table, calls) &&
	       table_reserve(&rules->node_table, nodes);
}

static bool is_page(const void *items, uint32_t index, const void *key)
{
	return ((const struct call_page *)items)[index].number == *(const uint32_t *)key;
}

/* The page of a number, or NULL. */
static struct call_page *find_page(const struct arch_rules *rules, int32_t nr)
{
	uint32_t number = (uint32_t)nr / PAGE_NUMBERS;
	uint32_t at = table_find(&rules->page_table, hash_end(number), is_page, rules->pages.items, &number);

	return at == TABLE_NONE ? NULL : &rules->pages.items[at];
}

uint32_t arch_rules_find_call(const struct arch_rules *rules, int32_t nr)
{
	const struct call_page *page = find_page(rules, nr);
	uint32_t place = (uint32_t)nr % PAGE_NUMBERS;

	return page && page->taken >> place & 1 ? page->calls[place] | REFERENCE_CALL : REFERENCE_NONE;
}

static bool is_node(const void *items, uint32_t index, const void *key)
{
	const struct rule_node *node = (const struct rule_node *)items + index, *wanted = key;

	return node->parent == wanted->parent && policy_condition_is_same(&node->condition, &wanted->condition);
}

static uint32_t find_child(const struct arch_rules *rules, uint32_t parent, const struct policy_condition *condition)
{
	struct rule_node wanted = {.condition = *condition, .parent = parent};

	return table_find(&rules->node_table, hash_node(parent, condition), is_node, rules->nodes.items, &wanted);
}

/* Some rule at or below a place, for a text. */
static uint32_t some_rule(const struct arch_rules *rules, uint32_t at)
{
	const struct rule_slot *slot = arch_rules_slot(rules, at);

	assert(slot->kind != SLOT_EMPTY);
	while (slot->kind == SLOT_UNIFORM || slot->kind == SLOT_MIXED)
		slot = arch_rules_slot(rules, slot->first_child);
	return slot->id;
}

int arch_rules_plan(const struct arch_rules *rules, int32_t nr, const struct policy_condition *conditions,
                    uint32_t count, uint32_t action, struct rule_plan *ret_plan)
{
	uint32_t at = arch_rules_find_call(rules, nr), depth = 0;

	*ret_plan = (struct rule_plan){.outcome = RULE_INSERTED, .at = at};
	if (at == REFERENCE_NONE)
		return 0;
	while (arch_rules_slot(rules, at)->kind != SLOT_RULE && depth < count) {
		uint32_t child = find_child(rules, at, &conditions[depth]);
		/* A child that was absorbed is still in the table, but then its parent is a rule, or has lost it. */
		if (child == REFERENCE_NONE)
			break;
		at = child;
		depth++;
	}
	ret_plan->at = at;
	ret_plan->depth = depth;
	const struct rule_slot *slot = arch_rules_slot(rules, at);
	if (slot->kind == SLOT_RULE && (depth == 0 || depth < count || slot->action == action)) {
		ret_plan->outcome = RULE_IGNORED;
		ret_plan->by = slot->id;
		return 0;
	}
	if (depth < count || slot->kind == SLOT_EMPTY)
		return 0;
	ret_plan->by = some_rule(rules, at);
	if (depth > 0 && (slot->kind != SLOT_UNIFORM || slot->action != action))
		return -EEXIST;
	ret_plan->outcome = RULE_ABSORBING;
	ret_plan->replaces = slot->kind != SLOT_UNIFORM || slot->action != action;
	return 0;
}

uint32_t arch_rules_add_call(struct arch_rules *rules, int32_t nr)
{
	uint32_t at = (uint32_t)rules->calls.count;

	assert(rules->calls.count < rules->calls.capacity && arch_rules_find_call(rules, nr) == REFERENCE_NONE);
	rules->calls.items[rules->calls.count++] =
	    (struct rule_call){.nr = nr, .newest_ordered = ORDERED_NONE, .slot.first_child = REFERENCE_NONE};
	struct call_page *page = find_page(rules, nr);
	if (!page) {
		uint32_t number = (uint32_t)nr / PAGE_NUMBERS;
		(void)table_add(&rules->page_table, hash_end(number), (uint32_t)rules->pages.count);
		page = &rules->pages.items[rules->pages.count++];
		*page = (struct call_page){.number = number};
	}
	page->taken |= UINT64_C(1) << (uint32_t)nr % PAGE_NUMBERS;
	page->calls[(uint32_t)nr % PAGE_NUMBERS] = at;
	return at | REFERENCE_CALL;
}

uint32_t arch_rules_add_node(struct arch_rules *rules, uint32_t parent, const struct policy_condition *condition)
{
	uint32_t at = (uint32_t)rules->nodes.count;
	struct rule_slot *above = arch_rules_slot(rules, parent);

	assert(rules->nodes.count < rules->nodes.capacity);
	assert(find_child(rules, parent, condition) == TABLE_NONE && above->kind != SLOT_RULE);
	rules->nodes.items[rules->nodes.count++] = (struct rule_node){
	    .condition = *condition,
	    .parent = parent,
	    .next_sibling = above->first_child,
	    .slot.first_child = REFERENCE_NONE,
	};
	above->first_child = at;
	(void)table_add(&rules->node_table, hash_node(parent, condition), at);
	return at;
}

void arch_rules_drop_nodes(struct arch_rules *rules, size_t count)
{
	assert(count <= rules->nodes.count);
	while (rules->nodes.count > count) {
		uint32_t at = (uint32_t)--rules->nodes.count;
		const struct rule_node *node = &rules->nodes.items[at];
		table_remove(&rules->node_table, hash_node(node->parent, &node->condition), at);
	}
}

/* ---- the canonical form of a list of conditions, and which of two rules is asked first ---- */

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

/* Where class and value are the same: the narrower first. GT is narrower than GE and has the larger number. */
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

uint32_t rule_order_normalize(struct policy_condition *conditions, uint32_t count, const struct callgate_arch *arch)
{
	uint64_t word = policy_word_mask(arch);
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct policy_condition condition = conditions[i];
		uint32_t at = kept;
		condition.mask &= word;
		if (condition.op == POLICY_EQ && condition.mask != word)
			condition.op = POLICY_MASKED_EQ;
		condition.value &= condition.mask;
		if (!condition.mask)
			continue;
		while (at > 0 && goes_after(&conditions[at - 1], &condition))
			at--;
		if (at > 0 && policy_condition_is_same(&conditions[at - 1], &condition))
			continue;
		for (uint32_t j = kept; j > at; j--)
			conditions[j] = conditions[j - 1];
		conditions[at] = condition;
		kept++;
	}
	assert(kept <= count);
	return kept;
}
