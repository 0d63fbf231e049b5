#include "prove/policy_diagram.h"

#include "base/table.h"
#include "prove/interval.h"

bool policy_diagram_init(struct policy_diagram *rules, const struct policy *policy, struct arena *arena)
{
	*rules = (struct policy_diagram){.policy = policy, .next = ARENA_ARRAY(arena, size_t, policy->arch_count)};
	return rules->next != NULL;
}

uint64_t policy_diagram_hash(const struct policy *policy)
{
	uint64_t hash = policy->default_action;

	for (size_t i = 0; i < policy->arch_count; i++) {
		const struct policy_arch *arch = &policy->archs[i];
		hash = hash_add(hash, (uint64_t)arch->arch->audit << 32 | arch->arch->nr_first);
		for (size_t j = 0; j < arch->syscall_count; j++)
			for (uint32_t k = 0; k < arch->syscalls[j].rule_count; k++) {
				const struct policy_rule *rule = &arch->syscalls[j].rules[k];
				hash = hash_add(hash, (uint64_t)arch->syscalls[j].nr << 32 | rule->action);
				for (uint32_t l = 0; l < rule->condition_count; l++) {
					const struct policy_condition *c = &rule->conditions[l];
					hash = hash_add(hash, (uint64_t)c->arg << 8 | c->op);
					hash = hash_add(hash_add(hash, c->mask), c->value);
				}
			}
	}
	return hash;
}

static bool is_within(const struct policy_arch *arch, const struct region *slice)
{
	return arch->arch->audit >= slice->arch_first && arch->arch->audit <= slice->arch_last;
}

node policy_diagram_condition(struct diagram *d, const struct policy_condition *condition, uint64_t word, node then,
                              node otherwise)
{
	bool masked = condition->op == POLICY_MASKED_EQ;
	struct diagram_number number = {
	    .field = (enum input_field)(INPUT_ARG + condition->arg),
	    .count = INPUT_WIDE_BITS,
	    .mask = word & INPUT_WIDE_MAX & condition->mask,
	};

	return diagram_compare(d, number, masked ? POLICY_EQ : (enum policy_op)condition->op, condition->value, then,
	                       otherwise);
}

/* `then` where all conditions of the rule hold. */
static node rule_node(struct diagram *d, const struct policy_rule *rule, uint64_t word, node then, node otherwise)
{
	for (uint32_t i = rule->condition_count; i-- > 0;)
		then = policy_diagram_condition(d, &rule->conditions[i], word, then, otherwise);
	return then;
}

/* First match wins: from the last rule to the first, each in front of what the later ones say. */
static node list_node(struct policy_diagram *rules, const struct policy_syscall *syscall, uint64_t word, node rest)
{
	if (syscall->rule_count == 1 && syscall->rules[0].condition_count == 0)
		return diagram_leaf(rules->diagram, syscall->rules[0].action);
	node result = rest;
	for (uint32_t i = syscall->rule_count; i-- > 0;)
		result = rule_node(rules->diagram, &syscall->rules[i], word,
		                   diagram_leaf(rules->diagram, syscall->rules[i].action), result);
	return result;
}

static const struct policy_syscall *find(struct policy_diagram *rules, size_t i, uint32_t nr)
{
	const struct policy_arch *arch = &rules->policy->archs[i];
	size_t next = rules->next[i];

	if (next > 0 && arch->syscalls[next - 1].nr >= nr)
		next = 0;
	while (next < arch->syscall_count && arch->syscalls[next].nr < nr)
		next++;
	rules->next[i] = next;
	return next < arch->syscall_count && arch->syscalls[next].nr == nr ? &arch->syscalls[next] : NULL;
}

/* A call with this number. */
static struct seccomp_data call_of(uint32_t audit, uint32_t nr)
{
	return (struct seccomp_data){.arch = audit, .nr = (int)(nr == INPUT_WORD_MAX ? UINT32_MAX : nr)};
}

static bool is_covered(const struct policy *policy, uint32_t audit, uint32_t nr)
{
	struct seccomp_data call = call_of(audit, nr);

	return policy_covers(policy, &call);
}

/* What a call gets that no rule matches. */
static uint32_t unmatched(const struct policy *policy, uint32_t audit, uint32_t nr, bool has_rules)
{
	struct seccomp_data call = call_of(audit, nr);

	return policy_unmatched(policy, &call, has_rules);
}

static void end_before(uint32_t *last, uint32_t nr, uint32_t start)
{
	if (nr < start && start - 1 < *last)
		*last = start - 1;
}

/* Up to where, but not beyond `end`, the calls from one on have its action, whatever their arguments. */
static uint32_t run_of(const struct policy_arch *arch, const struct policy_syscall *call, uint32_t end)
{
	const struct policy_syscall *stop = arch->syscalls + arch->syscall_count;
	uint32_t action = call->rules[0].action, last = call->nr;

	for (call++; call < stop && last < end && call->nr == last + 1; call++, last++)
		if (!call->rule_count || call->rules[0].condition_count || call->rules[0].action != action)
			break;
	return last;
}

/* Up to where nothing changes from a number on. `next` is up to date for it. */
static uint32_t piece_end(const struct policy_diagram *rules, uint32_t audit, uint32_t nr)
{
	const struct policy *policy = rules->policy;
	uint32_t last = nr < INPUT_WORD_MAX ? INPUT_WORD_MAX - 1 : nr;

	for (size_t i = 0; i < policy->arch_count; i++) {
		const struct policy_arch *arch = &policy->archs[i];
		size_t next = rules->next[i];
		if (arch->arch->audit != audit)
			continue;
		if (next < arch->syscall_count && arch->syscalls[next].nr == nr)
			return nr;
		if (next < arch->syscall_count)
			end_before(&last, nr, arch->syscalls[next].nr);
		end_before(&last, nr, arch->arch->nr_first);
		end_before(&last, nr, arch->arch->nr_last + 1);
		end_before(&last, nr, arch->unknown_first);
	}
	return last;
}

/* The verdict for a number if no condition matters there, and up to where, or to `end`, it certainly is the same. */
static bool piece_verdict(struct policy_diagram *rules, uint32_t audit, uint32_t nr, uint32_t end,
                          uint32_t *ret_verdict, uint32_t *ret_last)
{
	const struct policy *policy = rules->policy;
	bool covered = is_covered(policy, audit, nr), is_first = true;

	for (size_t i = 0; i < policy->arch_count; i++) {
		const struct policy_arch *arch = &policy->archs[i];
		uint32_t arch_last = arch->arch->nr_last;
		if (arch->arch->audit != audit)
			continue;
		const struct policy_syscall *found = find(rules, i, nr);
		if (covered && found && found->rule_count > 0) {
			bool runs = is_first && arch->arch->nr_first <= nr && nr <= arch_last;
			*ret_verdict = found->rules[0].action;
			*ret_last = runs ? run_of(arch, found, end < arch_last ? end : arch_last) : nr;
			return found->rules[0].condition_count == 0;
		}
		is_first = false;
	}
	*ret_last = piece_end(rules, audit, nr);
	*ret_verdict = covered ? unmatched(policy, audit, nr, false) : policy->bad_arch_action;
	return true;
}

bool policy_diagram_divide(struct policy_diagram *rules, struct region *region, struct region *ret_upper)
{
	uint32_t last = region->arch_last;

	for (size_t i = 0; i < rules->policy->arch_count; i++) {
		uint32_t audit = rules->policy->archs[i].arch->audit;
		end_before(&last, region->arch_first, audit);
		if (audit == region->arch_first)
			last = audit;
	}
	if (last < region->arch_last) {
		*ret_upper = interval_divide(region, true, last + 1);
		return true;
	}
	for (size_t i = 0; i < rules->policy->arch_count; i++)
		(void)find(rules, i, region->nr_first);
	last = piece_end(rules, region->arch_first, region->nr_first);
	if (last >= region->nr_last)
		return false;
	*ret_upper = interval_divide(region, false, last + 1);
	return true;
}

bool policy_diagram_constant(struct policy_diagram *rules, const struct region *region, uint32_t *ret_verdict)
{
	const struct policy *policy = rules->policy;
	bool foreign = true;
	uint32_t piece, last;

	for (size_t i = 0; i < policy->arch_count; i++)
		foreign = foreign && !is_within(&policy->archs[i], region);
	*ret_verdict = policy->bad_arch_action;
	if (foreign || region->arch_first != region->arch_last)
		return foreign;
	for (uint32_t nr = region->nr_first;; nr = last + 1) {
		if (!piece_verdict(rules, region->arch_first, nr, region->nr_last, &piece, &last))
			return false;
		if (nr == region->nr_first)
			*ret_verdict = piece;
		else if (piece != *ret_verdict)
			return false;
		if (last >= region->nr_last)
			return true;
	}
}

const struct policy_syscall *policy_diagram_rules(struct policy_diagram *rules, const struct region *region,
                                                  const struct callgate_arch **ret_arch)
{
	const struct policy_syscall *result = NULL;
	bool covered = is_covered(rules->policy, region->arch_first, region->nr_first);

	for (size_t i = 0; covered && i < rules->policy->arch_count; i++) {
		const struct callgate_arch *arch = rules->policy->archs[i].arch;
		const struct policy_syscall *found =
		    arch->audit == region->arch_first ? find(rules, i, region->nr_first) : NULL;
		if (found && result)
			return NULL;
		*ret_arch = found ? arch : *ret_arch;
		result = found ? found : result;
	}
	return result;
}

node policy_diagram_node(struct policy_diagram *rules, const struct region *region)
{
	const struct policy *policy = rules->policy;
	uint32_t audit = region->arch_first, nr = region->nr_first;
	bool has_rules = false;

	if (!is_covered(policy, audit, nr))
		return diagram_leaf(rules->diagram, policy->bad_arch_action);
	for (size_t i = 0; i < policy->arch_count; i++) {
		const struct policy_syscall *found = policy->archs[i].arch->audit == audit ? find(rules, i, nr) : NULL;
		has_rules = has_rules || (found && found->rule_count > 0);
	}
	node result = diagram_leaf(rules->diagram, unmatched(policy, audit, nr, has_rules));
	for (size_t i = policy->arch_count; i-- > 0;) {
		const struct callgate_arch *arch = policy->archs[i].arch;
		const struct policy_syscall *found = arch->audit == audit ? find(rules, i, nr) : NULL;
		if (found)
			result = list_node(rules, found, policy_word_mask(arch), result);
	}
	return result;
}

void policy_diagram_paths(struct policy_diagram *rules, const struct region *region, node calls,
                          policy_diagram_visitor visitor, void *closure)
{
	const struct policy *policy = rules->policy;
	struct diagram *d = rules->diagram;
	bool covered = is_covered(policy, region->arch_first, region->nr_first);

	for (size_t i = 0; covered && i < policy->arch_count; i++) {
		const struct callgate_arch *arch = policy->archs[i].arch;
		const struct policy_syscall *found =
		    arch->audit == region->arch_first ? find(rules, i, region->nr_first) : NULL;
		for (uint32_t j = 0; found && j < found->rule_count && !node_same(calls, d->zero); j++) {
			node rule = rule_node(d, &found->rules[j], policy_word_mask(arch), d->one, d->zero);
			visitor(closure, diagram_and(d, calls, rule));
			calls = diagram_and(d, calls, diagram_not(d, rule));
		}
	}
	visitor(closure, calls);
}
