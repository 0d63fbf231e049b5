#include "support/random_policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const uint32_t actions[] = {
    SECCOMP_RET_ALLOW,     SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD,
    SECCOMP_RET_ERRNO | 1, SECCOMP_RET_ERRNO | 38,   SECCOMP_RET_TRAP,
    SECCOMP_RET_LOG,       SECCOMP_RET_TRACE | 7,    SECCOMP_RET_USER_NOTIF,
};

static uint32_t random_action(struct random *random)
{
	return actions[random_below(random, sizeof(actions) / sizeof(actions[0]))];
}

static uint64_t random_value(struct random *random)
{
	static const uint64_t edges[] = {
	    0,
	    1,
	    2,
	    5,
	    0x7fffffff,
	    0x80000000,
	    0xfffffffe,
	    0xffffffff,
	    0x100000000,
	    0x100000001,
	    0x100000005,
	    0x7fffffffffffffff,
	    0x8000000000000000,
	    0xfffffffffffffffe,
	    0xffffffffffffffff,
	};

	switch (random_below(random, 6)) {
	case 0:
		return random_next(random);
	case 1:
		return random_below(random, 16);
	case 2:
		return UINT64_C(1) << random_below(random, 64);
	case 3:
		return (uint64_t)random_below(random, 4) << 32 | random_below(random, 8);
	default:
		return edges[random_below(random, sizeof(edges) / sizeof(edges[0]))];
	}
}

static int by_arg(const void *a, const void *b)
{
	const struct policy_condition *x = a, *y = b;

	return (x->arg > y->arg) - (x->arg < y->arg);
}

static bool fill_rule(struct random *random, struct arena *arena, const struct callgate_arch *arch, uint32_t count,
                      struct policy_rule *rule)
{
	struct policy_condition *conditions = ARENA_ARRAY(arena, struct policy_condition, count);
	uint64_t word = policy_word_mask(arch);

	if (!conditions)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint8_t op = (uint8_t)(1 + random_below(random, 7));
		uint64_t half = random_below(random, 4) || op == POLICY_EQ ? word : UINT32_MAX;
		uint64_t mask = op == POLICY_MASKED_EQ ? random_value(random) & word : half;
		conditions[i] =
		    (struct policy_condition){(uint8_t)random_below(random, random_below(random, 2) ? 2 : 6), op, mask,
		                              random_value(random) & mask};
	}
	qsort(conditions, count, sizeof(*conditions), by_arg);
	rule->action = random_action(random);
	rule->condition_count = count;
	rule->conditions = conditions;
	return true;
}

static uint32_t random_nr(struct random *random, const struct callgate_arch *arch)
{
	switch (random_below(random, 12)) {
	case 0:
		return UINT32_MAX;
	case 1:
		return arch->nr_last - random_below(random, 3);
	case 2:
		return (uint32_t)random_next(random);
	default:
		return arch->nr_base + random_below(random, 500);
	}
}

/* Now and then, and mostly where the numbers of random_nr() lie on both sides. */
static void fill_unknown(struct random *random, struct policy_arch *arch)
{
	uint32_t first = random_below(random, 4) ? arch->arch->nr_base + random_below(random, 500)
	                                         : arch->arch->nr_last - random_below(random, 3);

	if (random_below(random, 3))
		return;
	arch->unknown_first = first ? first : 1;
	arch->unknown_action = random_action(random);
}

static int by_nr(const void *a, const void *b)
{
	const struct policy_syscall *x = a, *y = b;

	return (x->nr > y->nr) - (x->nr < y->nr);
}

static bool fill_arch(struct random *random, struct arena *arena, uint32_t syscalls, uint32_t rules,
                      struct policy_arch *arch)
{
	uint32_t count = random_below(random, syscalls + 1), kept = 0;
	struct policy_syscall *list = ARENA_ARRAY(arena, struct policy_syscall, count);

	if (!list)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t rule_count =
		    random_below(random, 3) ? random_below(random, 2) : random_below(random, rules + 1);
		struct policy_rule *made = ARENA_ARRAY(arena, struct policy_rule, rule_count);
		if (!made)
			return false;
		for (uint32_t j = 0; j < rule_count; j++) {
			uint32_t conditions = random_below(random, 4) ? random_below(random, 4) : 0;
			if (!fill_rule(random, arena, arch->arch, conditions, &made[j]))
				return false;
			made[j].id = i * 1000 + j + 1;
		}
		list[i] = (struct policy_syscall){random_nr(random, arch->arch), (uint8_t)random_below(random, 256),
		                                  rule_count, made};
	}
	qsort(list, count, sizeof(*list), by_nr);
	for (uint32_t i = 0; i < count; i++)
		if (!kept || list[kept - 1].nr != list[i].nr)
			list[kept++] = list[i];
	arch->syscalls = list;
	arch->syscall_count = kept;
	fill_unknown(random, arch);
	return true;
}

static const struct callgate_arch *random_arch(struct random *random, const struct policy_arch *archs, size_t count)
{
	for (;;) {
		const struct callgate_arch *arch = callgate_arch_at(random_below(random, (uint32_t)arch_count()));
		bool fits = count == 0 || arch->big_endian == archs[0].arch->big_endian;
		for (size_t i = 0; i < count; i++)
			fits = fits && archs[i].arch != arch;
		if (fits)
			return arch;
	}
}

const struct policy *random_policy(struct random *random, struct arena *arena, uint32_t syscalls, uint32_t rules)
{
	size_t count = 1 + random_below(random, 3);
	struct policy *policy = ARENA_NEW(arena, struct policy);
	struct policy_arch *archs = ARENA_ARRAY(arena, struct policy_arch, count);

	if (!policy || !archs)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		/* x86_64 and x32 share an audit value: meet them often. */
		archs[i].arch =
		    i == 0 && random_below(random, 3) == 0 ? callgate_arch_find_name("x86_64")
		    : i == 1 && random_below(random, 2) && archs[0].arch == callgate_arch_find_name("x86_64")
		        ? callgate_arch_find_name("x32")
		        : random_arch(random, archs, i);
		if (!fill_arch(random, arena, syscalls, rules, &archs[i]))
			return NULL;
	}
	*policy =
	    (struct policy){random_action(random), random_action(random), 1 + random_below(random, 2), count, archs};
	return policy;
}

const struct policy *random_long_policy(struct random *random, struct arena *arena, uint32_t rules)
{
	struct policy *policy = ARENA_NEW(arena, struct policy);
	struct policy_arch *arch = ARENA_NEW(arena, struct policy_arch);
	struct policy_syscall *syscall = ARENA_NEW(arena, struct policy_syscall);
	struct policy_rule *made = ARENA_ARRAY(arena, struct policy_rule, rules);

	if (!policy || !arch || !syscall || !made)
		return NULL;
	arch->arch = random_arch(random, arch, 0);
	for (uint32_t i = 0; i < rules; i++) {
		if (!fill_rule(random, arena, arch->arch, 1 + random_below(random, 3), &made[i]))
			return NULL;
		made[i].id = i + 1;
	}
	*syscall = (struct policy_syscall){.nr = arch->arch->nr_base + 1, .rule_count = rules, .rules = made};
	arch->syscalls = syscall;
	arch->syscall_count = 1;
	*policy = (struct policy){random_action(random), random_action(random), 1, 1, arch};
	return policy;
}

static uint64_t near(struct random *random, uint64_t value)
{
	switch (random_below(random, 6)) {
	case 0:
		return value + 1;
	case 1:
		return value - 1;
	case 2:
		return value ^ UINT64_C(1) << random_below(random, 64);
	case 3:
		return value ^ UINT64_C(1) << 32;
	default:
		return value;
	}
}

static void near_rule(struct random *random, const struct policy_rule *rule, struct seccomp_data *call)
{
	for (uint32_t i = 0; i < rule->condition_count; i++) {
		const struct policy_condition *c = &rule->conditions[i];
		uint64_t rest = ~c->mask && random_below(random, 2) ? random_next(random) & ~c->mask : 0;
		call->args[c->arg] = near(random, c->value | rest);
	}
}

struct seccomp_data random_call(struct random *random, const struct policy *policy)
{
	const struct policy_arch *arch = &policy->archs[random_below(random, (uint32_t)policy->arch_count)];
	struct seccomp_data call = {.nr = (int)random_nr(random, arch->arch), .arch = arch->arch->audit};

	call.instruction_pointer = random_next(random);
	for (int i = 0; i < 6; i++)
		call.args[i] = random_value(random);
	if (random_below(random, 16) == 0)
		call.arch ^= 1u << random_below(random, 32);
	if (arch->unknown_first && random_below(random, 4) == 0)
		call.nr = (int)(arch->unknown_first + random_below(random, 3) - 1);
	else if (arch->syscall_count && random_below(random, 8)) {
		const struct policy_syscall *syscall =
		    &arch->syscalls[random_below(random, (uint32_t)arch->syscall_count)];
		call.nr = (int)(syscall->nr + (random_below(random, 8) ? 0 : random_below(random, 3) - 1));
		if (syscall->rule_count)
			near_rule(random, &syscall->rules[random_below(random, syscall->rule_count)], &call);
	}
	return call;
}

static void print_rule(const struct policy_rule *rule)
{
	static const char *const ops[] = {"?", "!=", "<", "<=", "==", ">=", ">", "&=="};

	printf("\t\t");
	for (uint32_t i = 0; i < rule->condition_count; i++) {
		const struct policy_condition *c = &rule->conditions[i];
		printf("a%u %s 0x%" PRIx64, c->arg, ops[c->op], c->value);
		if (~c->mask)
			printf("/0x%" PRIx64, c->mask);
		printf(", ");
	}
	printf("-> 0x%08x\n", rule->action);
}

void random_policy_print(const struct policy *policy)
{
	printf("default 0x%08x, bad architecture 0x%08x\n", policy->default_action, policy->bad_arch_action);
	for (size_t i = 0; i < policy->arch_count; i++) {
		printf("%s:\n", policy->archs[i].arch->name);
		if (policy->archs[i].unknown_first)
			printf("\tunknown from %u -> 0x%08x\n", policy->archs[i].unknown_first,
			       policy->archs[i].unknown_action);
		for (size_t j = 0; j < policy->archs[i].syscall_count; j++) {
			const struct policy_syscall *syscall = &policy->archs[i].syscalls[j];
			printf("\t%u\n", syscall->nr);
			for (uint32_t k = 0; k < syscall->rule_count; k++)
				print_rule(&syscall->rules[k]);
		}
	}
}

void random_call_print(const struct seccomp_data *call)
{
	printf("arch 0x%08x nr 0x%08x ip 0x%llx args", call->arch, (unsigned)call->nr,
	       (unsigned long long)call->instruction_pointer);
	for (int i = 0; i < 6; i++)
		printf(" 0x%llx", (unsigned long long)call->args[i]);
	printf("\n");
	fflush(stdout);
}
