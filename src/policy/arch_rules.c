#include "policy/arch_rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/rule_order.h"

enum { FIRST_CALLS = 32, FIRST_NODES = 16, BITS_MAX = 31 };

struct arch_rules *arch_rules_new(const struct arch *arch)
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
	free(rules->call_buckets);
	free(rules->node_buckets);
	free(rules);
}

/* Multiplicative hashing: the high bits are the good ones. */
static uint32_t bucket_of(uint64_t mixed, unsigned bits)
{
	return (uint32_t)(mixed * 0x9e3779b97f4a7c15u >> (64 - bits));
}

static uint32_t call_bucket(const struct arch_rules *rules, int32_t nr)
{
	return bucket_of((uint32_t)nr, rules->call_bits);
}

static uint32_t node_bucket(const struct arch_rules *rules, uint32_t parent,
                            const struct policy_condition *condition)
{
	uint64_t mixed = condition->value * 0xbf58476d1ce4e5b9u;

	mixed = (mixed ^ mixed >> 29 ^ condition->mask) * 0x94d049bb133111ebu;
	mixed ^= mixed >> 32 ^ ((uint64_t)parent << 8 | (uint64_t)condition->arg << 4 | condition->op);
	return bucket_of(mixed, rules->node_bits);
}

static void chain_call(struct arch_rules *rules, uint32_t at)
{
	struct rule_call *call = &rules->calls.items[at];
	uint32_t *bucket = &rules->call_buckets[call_bucket(rules, call->nr)];

	call->next_in_bucket = *bucket;
	*bucket = at;
}

static void chain_node(struct arch_rules *rules, uint32_t at)
{
	struct rule_node *node = &rules->nodes.items[at];
	uint32_t *bucket = &rules->node_buckets[node_bucket(rules, node->parent, &node->condition)];

	node->next_in_bucket = *bucket;
	*bucket = at;
}

/* Buckets for `count` items, about one each; false when memory is out, and the old ones stay. */
static bool grow_buckets(uint32_t **buckets, unsigned *bits, size_t count)
{
	unsigned wanted = *bits ? *bits : 4;

	while (wanted < BITS_MAX && ((size_t)1 << wanted) < count)
		wanted++;
	size_t bytes = sizeof(**buckets) << wanted;
	uint32_t *grown = malloc(bytes);
	if (!grown)
		return false;
	memset(grown, 0xff, bytes);
	free(*buckets);
	*buckets = grown;
	*bits = wanted;
	return true;
}

static bool reserve_calls(struct arch_rules *rules, size_t more)
{
	size_t needed = rules->calls.count + more;

	if (needed > rules->calls.capacity &&
	    !vec_reserve(&rules->calls, more < FIRST_CALLS ? FIRST_CALLS : more))
		return false;
	if (rules->call_bits && needed <= (size_t)1 << rules->call_bits)
		return true;
	if (!grow_buckets(&rules->call_buckets, &rules->call_bits, rules->calls.capacity))
		return false;
	for (size_t i = 0; i < rules->calls.count; i++)
		chain_call(rules, (uint32_t)i);
	return true;
}

static bool reserve_nodes(struct arch_rules *rules, size_t more)
{
	size_t needed = rules->nodes.count + more;

	if (needed > rules->nodes.capacity &&
	    !vec_reserve(&rules->nodes, more < FIRST_NODES ? FIRST_NODES : more))
		return false;
	if (rules->node_bits && needed <= (size_t)1 << rules->node_bits)
		return true;
	if (!grow_buckets(&rules->node_buckets, &rules->node_bits, rules->nodes.capacity))
		return false;
	for (size_t i = 0; i < rules->nodes.count; i++)
		chain_node(rules, (uint32_t)i);
	return true;
}

/* References have 31 bits. */
bool arch_rules_reserve(struct arch_rules *rules, size_t calls, size_t nodes)
{
	if (rules->calls.count + calls >= REFERENCE_CALL - 1 || rules->nodes.count + nodes >= REFERENCE_CALL)
		return false;
	return (calls == 0 || reserve_calls(rules, calls)) && (nodes == 0 || reserve_nodes(rules, nodes));
}

uint32_t arch_rules_find_call(const struct arch_rules *rules, int32_t nr)
{
	if (!rules->call_bits)
		return REFERENCE_NONE;
	for (uint32_t at = rules->call_buckets[call_bucket(rules, nr)]; at != REFERENCE_NONE;
	     at = rules->calls.items[at].next_in_bucket)
		if (rules->calls.items[at].nr == nr)
			return at | REFERENCE_CALL;
	return REFERENCE_NONE;
}

static uint32_t find_child(const struct arch_rules *rules, uint32_t parent,
                           const struct policy_condition *condition)
{
	const struct rule_node *nodes = rules->nodes.items;

	if (!rules->node_bits)
		return REFERENCE_NONE;
	for (uint32_t at = rules->node_buckets[node_bucket(rules, parent, condition)]; at != REFERENCE_NONE;
	     at = nodes[at].next_in_bucket)
		if (nodes[at].parent == parent && rule_order_is_same(&nodes[at].condition, condition))
			return at;
	return REFERENCE_NONE;
}

/* Some rule at or below a place, for a text. */
static uint32_t some_rule(const struct arch_rules *rules, uint32_t at)
{
	const struct rule_slot *slot = arch_rules_slot(rules, at);

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
		/* A child that was absorbed is still in its bucket, but its parent is a rule then, or has lost it. */
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

	rules->calls.items[rules->calls.count++] =
	    (struct rule_call){.nr = nr, .slot.first_child = REFERENCE_NONE};
	chain_call(rules, at);
	return at | REFERENCE_CALL;
}

uint32_t arch_rules_add_node(struct arch_rules *rules, uint32_t parent,
                             const struct policy_condition *condition)
{
	uint32_t at = (uint32_t)rules->nodes.count;
	struct rule_slot *above = arch_rules_slot(rules, parent);

	rules->nodes.items[rules->nodes.count++] = (struct rule_node){
	    .condition = *condition,
	    .parent = parent,
	    .next_sibling = above->first_child,
	    .slot.first_child = REFERENCE_NONE,
	};
	above->first_child = at;
	chain_node(rules, at);
	return at;
}

void arch_rules_drop_nodes(struct arch_rules *rules, size_t count)
{
	while (rules->nodes.count > count) {
		uint32_t at = (uint32_t)--rules->nodes.count;
		const struct rule_node *node = &rules->nodes.items[at];
		uint32_t *link = &rules->node_buckets[node_bucket(rules, node->parent, &node->condition)];
		while (*link != at)
			link = &rules->nodes.items[*link].next_in_bucket;
		*link = node->next_in_bucket;
	}
}
