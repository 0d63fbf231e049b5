#include "policy/policy.h"

bool policy_condition_holds(const struct policy_condition *condition, const struct callgate_arch *arch, uint64_t value)
{
	uint64_t arg = value & policy_word_mask(arch) & condition->mask;

	switch ((enum policy_op)condition->op) {
	case POLICY_NE:
		return arg != condition->value;
	case POLICY_LT:
		return arg < condition->value;
	case POLICY_LE:
		return arg <= condition->value;
	case POLICY_EQ:
	case POLICY_MASKED_EQ:
		return arg == condition->value;
	case POLICY_GE:
		return arg >= condition->value;
	case POLICY_GT:
		return arg > condition->value;
	}
	return false;
}

const struct policy_syscall *policy_arch_find(const struct policy_arch *arch, uint32_t nr)
{
	size_t low = 0, high = arch->syscall_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (arch->syscalls[middle].nr < nr)
			low = middle + 1;
		else
			high = middle;
	}
	return low < arch->syscall_count && arch->syscalls[low].nr == nr ? &arch->syscalls[low] : NULL;
}

static bool rule_matches(const struct policy_rule *rule, const struct callgate_arch *arch, const __u64 args[6])
{
	for (uint32_t i = 0; i < rule->condition_count; i++)
		if (!policy_condition_holds(&rule->conditions[i], arch, args[rule->conditions[i].arg]))
			return false;
	return true;
}

/* Architectures that share an audit value cover the union of their number ranges; a skipped call (-1) is in all. */
bool policy_covers(const struct policy *policy, const struct seccomp_data *data)
{
	uint32_t nr = (uint32_t)data->nr;

	for (size_t i = 0; i < policy->arch_count; i++) {
		const struct callgate_arch *arch = policy->archs[i].arch;
		if (arch->audit == data->arch && (nr == UINT32_MAX || (arch->nr_first <= nr && nr <= arch->nr_last)))
			return true;
	}
	return false;
}

uint32_t policy_unmatched(const struct policy *policy, const struct seccomp_data *data, bool has_rules)
{
	for (size_t i = 0; i < policy->arch_count && !has_rules; i++)
		if (policy->archs[i].arch->audit == data->arch &&
		    policy_nr_is_unknown(&policy->archs[i], (uint32_t)data->nr))
			return policy->archs[i].unknown_action;
	return policy->default_action;
}

uint32_t policy_eval(const struct policy *policy, const struct seccomp_data *data, const struct policy_rule **ret_rule)
{
	bool has_rules = false;

	if (ret_rule)
		*ret_rule = NULL;
	if (!policy_covers(policy, data))
		return policy->bad_arch_action;
	for (size_t i = 0; i < policy->arch_count; i++) {
		const struct policy_arch *arch = &policy->archs[i];
		const struct policy_syscall *syscall = policy_arch_find(arch, (uint32_t)data->nr);
		if (arch->arch->audit != data->arch || !syscall)
			continue;
		has_rules = has_rules || syscall->rule_count > 0;
		for (uint32_t j = 0; j < syscall->rule_count; j++)
			if (rule_matches(&syscall->rules[j], arch->arch, data->args)) {
				if (ret_rule)
					*ret_rule = &syscall->rules[j];
				return syscall->rules[j].action;
			}
	}
	return policy_unmatched(policy, data, has_rules);
}
