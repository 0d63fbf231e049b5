#include "policy/unknown.h"

/* Entries for numbers that the rules know and the ones that the table knows, merged into one ascending list. */
struct merged {
	struct policy_syscall *list;
	size_t count;
};

static void push_ruled(struct merged *merged, const struct policy_syscall *syscall,
                       const struct policy_rule *stays_default, bool is_known)
{
	struct policy_syscall *copy = &merged->list[merged->count++];

	*copy = *syscall;
	if (copy->rule_count || !is_known)
		return;
	copy->rules = stays_default;
	copy->rule_count = 1;
}

static void merge(struct merged *merged, const struct policy_arch *arch, uint32_t first,
                  const struct policy_rule *stays_default)
{
	size_t known_count = arch_syscall_number_count(arch->arch), at = 0;

	for (size_t i = 0; i < known_count; i++) {
		uint32_t known = (uint32_t)arch_syscall_number_at(arch->arch, i);
		if (known < first)
			continue;
		while (at < arch->syscall_count && arch->syscalls[at].nr < known)
			push_ruled(merged, &arch->syscalls[at++], stays_default, false);
		if (at < arch->syscall_count && arch->syscalls[at].nr == known)
			push_ruled(merged, &arch->syscalls[at++], stays_default, true);
		else
			merged->list[merged->count++] =
			    (struct policy_syscall){.nr = known, .rule_count = 1, .rules = stays_default};
	}
	while (at < arch->syscall_count)
		push_ruled(merged, &arch->syscalls[at++], stays_default, false);
}

bool policy_arch_set_unknown(struct policy_arch *arch, uint32_t action, uint32_t default_action,
                             struct arena *arena)
{
	size_t room = arch->syscall_count + arch_syscall_number_count(arch->arch);
	struct merged merged = {ARENA_ARRAY(arena, struct policy_syscall, room), 0};
	struct policy_rule *stays_default = ARENA_NEW(arena, struct policy_rule);

	if (!merged.list || !stays_default)
		return false;
	stays_default->action = default_action;
	arch->unknown_first = (uint32_t)arch_syscall_number_newest(arch->arch) + 1;
	arch->unknown_action = action;
	merge(&merged, arch, arch->unknown_first, stays_default);
	arch->syscalls = merged.list;
	arch->syscall_count = merged.count;
	return true;
}
