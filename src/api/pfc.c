#include "api/pfc.h"

#include <inttypes.h>
#include <stdlib.h>

#include "api/pfc_rule.h"

enum { COST_MAX = 0xffff, PRIORITY_SHIFT = 16 };

/* Word comparisons of a call's rules; what a rule shares with the one before it, from the left, is tested once. */
static uint32_t cost(const struct policy_syscall *syscall, const struct arch *arch)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < syscall->rule_count; i++) {
		uint32_t shared =
		    i > 0 ? pfc_shared_conditions(&syscall->rules[i - 1], &syscall->rules[i]) : 0;
		for (uint32_t j = shared; j < syscall->rules[i].condition_count; j++)
			sum += pfc_condition_words(&syscall->rules[i].conditions[j], arch);
	}
	return sum < COST_MAX ? sum : COST_MAX;
}

static uint32_t priority(const struct policy_syscall *syscall, const struct arch *arch)
{
	return ((uint32_t)syscall->priority << PRIORITY_SHIFT) | (COST_MAX - cost(syscall, arch));
}

struct entry {
	const struct policy_syscall *syscall;
	uint32_t priority;
};

static int by_number(const struct entry *x, const struct entry *y)
{
	return (x->syscall->nr < y->syscall->nr) - (x->syscall->nr > y->syscall->nr);
}

static int descending_numbers(const void *a, const void *b)
{
	return by_number(a, b);
}

static int descending_priorities(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? 1 : -1;
	return by_number(x, y);
}

static void write_syscall(struct strbuf *text, const struct entry *entry, const struct arch *arch, int indent)
{
	const struct policy_syscall *syscall = entry->syscall;
	const char *name = arch_syscall_name(arch, (int32_t)syscall->nr);

	pfc_line(text, indent, "# filter for syscall \"%s\" (%" PRIu32 ") [priority: %" PRIu32 "]",
	         name ? name : "UNKNOWN", syscall->nr, entry->priority);
	pfc_line(text, indent, "if ($syscall == %" PRIu32 ")", syscall->nr);
	for (uint32_t i = 0; i < syscall->rule_count; i++)
		pfc_write_rule(text, indent + 1, &syscall->rules[i], arch);
}

/* Leaves of the tree hold four calls; each level doubles that. */
static void write_tree(struct strbuf *text, const struct entry *entries, size_t count,
                       const struct arch *arch)
{
	int levels = 1, indent = 1;

	while (((size_t)4 << (levels - 1)) < count)
		levels++;
	for (size_t i = 0; i < count; i++) {
		for (int level = levels - 1; level > 0; level--) {
			size_t width = (size_t)4 << level;
			if (i % width == 0 && i + width / 2 < count)
				pfc_line(text, indent++, "if ($syscall > %" PRIu32 ")",
				         entries[i + width / 2].syscall->nr);
			else if (i % width == width / 2)
				pfc_line(text, indent - 1, "else # ($syscall <= %" PRIu32 ")",
				         entries[i].syscall->nr);
		}
		write_syscall(text, &entries[i], arch, indent);
		for (int level = 0; level < levels; level++)
			if ((i + 1) % ((size_t)8 << level) == 0)
				indent--;
	}
}

static void write_arch(struct strbuf *text, const struct policy *policy, const struct policy_arch *arch)
{
	struct entry *entries = calloc(arch->syscall_count + 1, sizeof(*entries));
	size_t count = 0;

	if (!entries) {
		text->failed = true;
		return;
	}
	for (size_t i = 0; i < arch->syscall_count; i++)
		if (arch->syscalls[i].rule_count)
			entries[count++] =
			    (struct entry){&arch->syscalls[i], priority(&arch->syscalls[i], arch->arch)};
	qsort(entries, count, sizeof(*entries),
	      policy->optimize == 2 ? descending_numbers : descending_priorities);
	pfc_line(text, 0, "# filter for arch %s (%" PRIu32 ")", arch->arch->name, arch->arch->audit);
	pfc_line(text, 0, "if ($arch == %" PRIu32 ")", arch->arch->audit);
	if (policy->optimize == 2)
		write_tree(text, entries, count, arch->arch);
	else
		for (size_t i = 0; i < count; i++)
			write_syscall(text, &entries[i], arch->arch, 1);
	pfc_line(text, 1, "# default action");
	pfc_write_action(text, 1, policy->default_action);
	free(entries);
}

void pfc_write(const struct policy *policy, struct strbuf *text)
{
	pfc_line(text, 0, "#");
	pfc_line(text, 0, "# pseudo filter code start");
	pfc_line(text, 0, "#");
	for (size_t i = 0; i < policy->arch_count; i++)
		write_arch(text, policy, &policy->archs[i]);
	pfc_line(text, 0, "# invalid architecture action");
	pfc_write_action(text, 0, policy->bad_arch_action);
	pfc_line(text, 0, "#");
	pfc_line(text, 0, "# pseudo filter code end");
	pfc_line(text, 0, "#");
}
