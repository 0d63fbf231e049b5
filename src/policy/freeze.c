/* A ruleset as a policy: sorted, and never changed again. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "policy/rule_tree.h"
#include "policy/ruleset.h"

/* The next place with a rule at or after `at`, depth first, below `root`; REFERENCE_NONE at the end. */
static uint32_t next_rule(const struct arch_rules *rules, uint32_t root, uint32_t at)
{
	for (bool up = at != root;;) {
		const struct rule_slot *slot = arch_rules_slot(rules, at);
		if (!up && slot->kind == SLOT_RULE)
			return at;
		if (!up) {
			at = slot->first_child;
			continue;
		}
		if (at == root)
			return REFERENCE_NONE;
		const struct rule_node *node = &rules->nodes.items[at];
		up = node->next_sibling == REFERENCE_NONE;
		at = up ? node->parent : node->next_sibling;
	}
}

static bool freeze_rule(const struct arch_rules *rules, uint32_t at, struct policy_rule *rule, struct arena *arena)
{
	const struct rule_slot *slot = arch_rules_slot(rules, at);
	uint32_t depth = 0;

	for (uint32_t up = at; !(up & REFERENCE_CALL); up = rules->nodes.items[up].parent)
		depth++;
	struct policy_condition *conditions = ARENA_ARRAY(arena, struct policy_condition, depth);
	if (!conditions)
		return false;
	*rule = (struct policy_rule){slot->action, slot->id, depth, conditions};
	for (uint32_t up = at; depth > 0; up = rules->nodes.items[up].parent)
		conditions[--depth] = rules->nodes.items[up].condition;
	return true;
}

static int in_matching_order(const void *a, const void *b)
{
	return rule_order_compare(a, b);
}

#ifndef NDEBUG
static bool is_in_order(const struct policy_rule *list, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++)
		if (rule_order_compare(&list[i - 1], &list[i]) >= 0)
			return false;
	return true;
}
#endif

/* A call with conditions: all its rules, in matching order. */
static bool freeze_tree(const struct arch_rules *rules, uint32_t root, struct policy_syscall *syscall,
                        struct arena *arena)
{
	uint32_t count = 0;

	for (uint32_t at = next_rule(rules, root, root); at != REFERENCE_NONE; at = next_rule(rules, root, at))
		count++;
	struct policy_rule *list = ARENA_ARRAY(arena, struct policy_rule, count);
	if (!list)
		return false;
	syscall->rules = list;
	for (uint32_t at = next_rule(rules, root, root); at != REFERENCE_NONE; at = next_rule(rules, root, at))
		if (!freeze_rule(rules, at, &list[syscall->rule_count++], arena))
			return false;
	if (count > 1)
		qsort(list, count, sizeof(*list), in_matching_order);
	assert(is_in_order(list, count));
	return true;
}

/* A call whose only rule has no conditions takes its place from `unconditional`. */
static bool freeze_call(const struct arch_rules *rules, uint32_t at, enum policy_order order,
                        struct policy_rule **unconditional, struct policy_syscall *syscall, struct arena *arena)
{
	static const struct policy_condition none[1];
	const struct rule_call *call = &rules->calls.items[at];

	*syscall = (struct policy_syscall){.nr = (uint32_t)call->nr, .priority = call->priority};
	if (call->newest_ordered != ORDERED_NONE)
		return ordered_freeze(rules, call, order, syscall, arena);
	if (call->slot.kind != SLOT_RULE)
		return freeze_tree(rules, at | REFERENCE_CALL, syscall, arena);
	**unconditional = (struct policy_rule){call->slot.action, call->slot.id, 0, none};
	syscall->rules = (*unconditional)++;
	syscall->rule_count = 1;
	return true;
}

static bool is_wanted(const struct rule_call *call, const struct ruleset_attributes *attributes)
{
	if (call->slot.kind == SLOT_EMPTY && call->newest_ordered == ORDERED_NONE)
		return false;
	if (attributes->everything || call->nr >= 0)
		return true;
	return call->nr == ARCH_NR_SKIP && attributes->skip_rules;
}

/* Entries for numbers that the rules know and the ones that the table knows, merged into one ascending list. */
struct merged {
	struct policy_syscall *list;
	size_t count;
	const struct policy_arch *arch;
	/*
	 * Known calls that get `rule` if they have none: from a number on, or those that may be newer than a version.
	 */
	uint32_t first;
	unsigned newer_major, newer_minor;
	const struct policy_rule *rule;
};

static bool is_meant(const struct merged *merged, size_t known)
{
	const struct callgate_arch *arch = merged->arch->arch;

	if (merged->first)
		return (uint32_t)arch_syscall_number_at(arch, known) >= merged->first;
	return arch_since_may_be_after(arch_syscall_since_at(arch, known), merged->newer_major, merged->newer_minor);
}

static void push_ruled(struct merged *merged, const struct policy_syscall *syscall, bool is_known)
{
	struct policy_syscall *copy = &merged->list[merged->count++];

	*copy = *syscall;
	if (copy->rule_count || !is_known)
		return;
	copy->rules = merged->rule;
	copy->rule_count = 1;
}

static void merge(struct merged *merged)
{
	const struct policy_arch *arch = merged->arch;
	size_t known_count = arch_syscall_number_count(arch->arch), at = 0;

	for (size_t i = 0; i < known_count; i++) {
		uint32_t known = (uint32_t)arch_syscall_number_at(arch->arch, i);
		if (!is_meant(merged, i))
			continue;
		while (at < arch->syscall_count && arch->syscalls[at].nr < known)
			push_ruled(merged, &arch->syscalls[at++], false);
		if (at < arch->syscall_count && arch->syscalls[at].nr == known)
			push_ruled(merged, &arch->syscalls[at++], true);
		else
			merged->list[merged->count++] =
			    (struct policy_syscall){.nr = known, .rule_count = 1, .rules = merged->rule};
	}
	while (at < arch->syscall_count)
		push_ruled(merged, &arch->syscalls[at++], false);
}

/* The known calls that are meant and have no rule get one with the action. */
static bool give(struct policy_arch *arch, struct merged merged, uint32_t action, struct arena *arena)
{
	size_t room = arch->syscall_count + arch_syscall_number_count(arch->arch);
	struct policy_rule *rule = ARENA_NEW(arena, struct policy_rule);

	merged.list = ARENA_ARRAY(arena, struct policy_syscall, room);
	if (!merged.list || !rule)
		return false;
	rule->action = action;
	merged.rule = rule;
	merged.arch = arch;
	merge(&merged);
	assert(merged.count <= room);
	arch->syscalls = merged.list;
	arch->syscall_count = merged.count;
	return true;
}

bool policy_arch_set_unknown(struct policy_arch *arch, uint32_t first, uint32_t action, uint32_t default_action,
                             struct arena *arena)
{
	uint32_t newest = (uint32_t)arch_syscall_number_newest(arch->arch);

	if (!first && !give(arch, (struct merged){.first = newest + 1}, default_action, arena))
		return false;
	arch->unknown_first = first ? first : newest + 1;
	arch->unknown_action = action;
	return true;
}

/*
 * Known calls that may be newer than the baseline and have no rule, and unknown ones unless they were given another
 * action, get ENOSYS.
 */
static bool set_baseline(const struct arch_rules *rules, const struct ruleset_attributes *attributes,
                         struct policy_arch *arch, struct arena *arena)
{
	struct merged newer = {.newer_major = attributes->baseline_major, .newer_minor = attributes->baseline_minor};
	uint32_t action = SECCOMP_RET_ERRNO | arch->arch->enosys;

	if (!newer.newer_major)
		return true;
	return give(arch, newer, action, arena) &&
	       (rules->has_unknown || policy_arch_set_unknown(arch, 0, action, attributes->default_action, arena));
}

static int by_number(const void *a, const void *b)
{
	const struct call_page *const *x = a, *const *y = b;

	return ((*x)->number > (*y)->number) - ((*x)->number < (*y)->number);
}

/* The pages of calls in the order of their numbers. */
static const struct call_page **sort_pages(const struct arch_rules *rules, struct arena *arena)
{
	const struct call_page **pages = arena_take(arena, rules->pages.count * sizeof(*pages));

	for (size_t i = 0; pages && i < rules->pages.count; i++)
		pages[i] = &rules->pages.items[i];
	if (pages && rules->pages.count > 1)
		qsort(pages, rules->pages.count, sizeof(*pages), by_number);
	return pages;
}

static bool freeze_arch(const struct arch_rules *rules, const struct ruleset_attributes *attributes,
                        struct policy_arch *arch, struct arena *arena)
{
	const struct call_page **pages = sort_pages(rules, arena);
	struct policy_syscall *syscalls = arena_take(arena, rules->calls.count * sizeof(*syscalls));
	struct policy_rule *unconditional = arena_take(arena, rules->calls.count * sizeof(*unconditional));
	size_t count = 0;

	if (!pages || !syscalls || !unconditional)
		return false;
	for (size_t i = 0; i < rules->pages.count; i++)
		for (uint64_t taken = pages[i]->taken; taken; taken &= taken - 1) {
			uint32_t at = pages[i]->calls[__builtin_ctzll(taken)];
			if (!is_wanted(&rules->calls.items[at], attributes))
				continue;
			if (!freeze_call(rules, at, attributes->order, &unconditional, &syscalls[count], arena))
				return false;
			assert(count == 0 || syscalls[count - 1].nr < syscalls[count].nr);
			count++;
		}
	*arch = (struct policy_arch){.arch = rules->arch, .syscall_count = count, .syscalls = syscalls};
	return set_baseline(rules, attributes, arch, arena) &&
	       (!rules->has_unknown || policy_arch_set_unknown(arch, rules->unknown_first, rules->unknown_action,
	                                                       attributes->default_action, arena));
}

const struct policy *ruleset_freeze(const struct ruleset *rules, const struct ruleset_attributes *attributes,
                                    struct arena *arena)
{
	struct policy *policy = ARENA_NEW(arena, struct policy);
	struct policy_arch *archs = ARENA_ARRAY(arena, struct policy_arch, rules->archs.count);

	if (!policy || !archs)
		return NULL;
	for (size_t i = 0; i < rules->archs.count; i++)
		if (!freeze_arch(rules->archs.items[i], attributes, &archs[i], arena))
			return NULL;
	*policy = (struct policy){
	    .default_action = attributes->default_action,
	    .bad_arch_action = attributes->bad_arch_action,
	    .optimize = attributes->optimize,
	    .arch_count = rules->archs.count,
	    .archs = archs,
	};
	return policy;
}
