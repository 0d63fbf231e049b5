#include "policy/ruleset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

struct entry {
	int32_t nr;
	struct policy_rule rule;
	struct policy_condition conditions[6];
};

struct arch_rules {
	const struct arch *arch;
	VEC(struct entry) entries;
};

struct ruleset {
	VEC(struct arch_rules) archs;
};

struct ruleset *ruleset_new(void)
{
	return calloc(1, sizeof(struct ruleset));
}

void ruleset_free(struct ruleset *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < rules->archs.count; i++)
		vec_finish(&rules->archs.items[i].entries);
	vec_finish(&rules->archs);
	free(rules);
}

size_t ruleset_arch_count(const struct ruleset *rules)
{
	return rules->archs.count;
}

const struct arch *ruleset_arch_at(const struct ruleset *rules, size_t i)
{
	return rules->archs.items[i].arch;
}

bool ruleset_has_arch(const struct ruleset *rules, const struct arch *arch)
{
	for (size_t i = 0; i < rules->archs.count; i++)
		if (rules->archs.items[i].arch == arch)
			return true;
	return false;
}

int ruleset_arch_add(struct ruleset *rules, const struct arch *arch, struct diag *diag)
{
	if (ruleset_has_arch(rules, arch))
		return diag_fail(diag, -EEXIST, "architecture %s is there already", arch->name);
	if (rules->archs.count && rules->archs.items[0].arch->big_endian != arch->big_endian)
		return diag_fail(diag, -EDOM, "architecture %s has another byte order than %s", arch->name,
		                 rules->archs.items[0].arch->name);
	if (!vec_push(&rules->archs, ((struct arch_rules){.arch = arch})))
		return diag_fail(diag, -ENOMEM, "out of memory for an architecture");
	return 0;
}

int ruleset_arch_remove(struct ruleset *rules, const struct arch *arch, struct diag *diag)
{
	for (size_t i = 0; i < rules->archs.count; i++) {
		if (rules->archs.items[i].arch != arch)
			continue;
		vec_finish(&rules->archs.items[i].entries);
		memmove(&rules->archs.items[i], &rules->archs.items[i + 1],
		        (rules->archs.count - i - 1) * sizeof(rules->archs.items[0]));
		rules->archs.count--;
		return 0;
	}
	return diag_fail(diag, -EEXIST, "architecture %s is not in the context", arch->name);
}

static int by_arg(const void *a, const void *b)
{
	const struct policy_condition *x = a, *y = b;

	return (x->arg > y->arg) - (x->arg < y->arg);
}

static void cut(struct entry *entry, const struct arch *arch)
{
	uint64_t word = policy_word_mask(arch);

	for (uint32_t i = 0; i < entry->rule.condition_count; i++) {
		struct policy_condition *c = &entry->conditions[i];
		c->mask = c->op == POLICY_MASKED_EQ ? c->mask & word : word;
		c->value &= c->mask;
	}
	qsort(entry->conditions, entry->rule.condition_count, sizeof(entry->conditions[0]), by_arg);
}

int ruleset_add(struct ruleset *rules, const struct ruleset_request *request, struct diag *diag)
{

	for (size_t i = 0; i < rules->archs.count; i++)
		if (!vec_reserve(&rules->archs.items[i].entries, 1))
			return diag_fail(diag, -ENOMEM, "out of memory for a rule");
	for (size_t i = 0; i < rules->archs.count; i++) {
		struct arch_rules *a = &rules->archs.items[i];
		struct entry entry = {.rule = {request->action, request->id, request->condition_count, NULL}};
		if (arch_syscall_translate(a->arch, request->nr, &entry.nr) < 0 || entry.nr < -1)
			continue;
		memcpy(entry.conditions, request->conditions, sizeof(entry.conditions));
		cut(&entry, a->arch);
		(void)vec_push(&a->entries, entry);
	}
	return 0;
}

int ruleset_prioritize(struct ruleset *rules, int32_t nr, uint8_t priority, struct diag *diag)
{
	(void)rules, (void)nr, (void)priority, (void)diag;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct entry *x = *(const struct entry *const *)a, *y = *(const struct entry *const *)b;

	if (x->nr != y->nr)
		return (uint32_t)x->nr > (uint32_t)y->nr ? 1 : -1;
	if (!x->rule.condition_count != !y->rule.condition_count)
		return x->rule.condition_count ? -1 : 1;
	return (x > y) - (x < y);
}

static bool freeze_arch(const struct arch_rules *rules, struct policy_arch *arch, struct arena *arena)
{
	size_t n = rules->entries.count;
	const struct entry **sorted = ARENA_ARRAY(arena, const struct entry *, n);
	struct policy_rule *all = ARENA_ARRAY(arena, struct policy_rule, n);
	struct policy_syscall *syscalls = ARENA_ARRAY(arena, struct policy_syscall, n), *last = NULL;

	if (!sorted || !all || !syscalls)
		return false;
	for (size_t i = 0; i < n; i++)
		sorted[i] = &rules->entries.items[i];
	qsort(sorted, n, sizeof(sorted[0]), by_number);
	*arch = (struct policy_arch){.arch = rules->arch, .syscalls = syscalls};
	for (size_t i = 0; i < n; i++) {
		struct policy_condition *copy =
		    ARENA_ARRAY(arena, struct policy_condition, sorted[i]->rule.condition_count);
		if (!copy)
			return false;
		memcpy(copy, sorted[i]->conditions, sorted[i]->rule.condition_count * sizeof(*copy));
		all[i] = sorted[i]->rule;
		all[i].conditions = copy;
		if (!last || last->nr != (uint32_t)sorted[i]->nr) {
			last = &syscalls[arch->syscall_count++];
			*last = (struct policy_syscall){.nr = (uint32_t)sorted[i]->nr, .rules = &all[i]};
		}
		last->rule_count++;
	}
	return true;
}

const struct policy *ruleset_freeze(const struct ruleset *rules, const struct ruleset_attributes *attributes,
                                    struct arena *arena)
{
	struct policy *policy = ARENA_NEW(arena, struct policy);
	struct policy_arch *archs = ARENA_ARRAY(arena, struct policy_arch, rules->archs.count);

	if (!policy || !archs)
		return NULL;
	for (size_t i = 0; i < rules->archs.count; i++)
		if (!freeze_arch(&rules->archs.items[i], &archs[i], arena))
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

int ruleset_merge(struct ruleset *to, struct ruleset *from, struct diag *diag)
{
	for (size_t i = 0; i < from->archs.count; i++)
		if (ruleset_has_arch(to, from->archs.items[i].arch))
			return diag_fail(diag, -EEXIST, "architecture %s is in both",
			                 from->archs.items[i].arch->name);
	if (to->archs.items[0].arch->big_endian != from->archs.items[0].arch->big_endian)
		return diag_fail(diag, -EDOM, "the byte orders differ");
	if (!vec_reserve(&to->archs, from->archs.count))
		return diag_fail(diag, -ENOMEM, "out of memory for a merge");
	for (size_t i = 0; i < from->archs.count; i++)
		(void)vec_push(&to->archs, from->archs.items[i]);
	from->archs.count = 0;
	return 0;
}

int ruleset_start(struct ruleset *rules, struct diag *diag)
{
	(void)rules;
	return diag_fail(diag, -EOPNOTSUPP, "there are no transactions yet");
}

void ruleset_commit(struct ruleset *rules)
{
	(void)rules;
}

bool ruleset_reject(struct ruleset *rules)
{
	(void)rules;
	return false;
}
