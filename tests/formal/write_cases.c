/*
 * Writes random filters as `callgate compile --format proof` does, for the checker: usage: write-cases KIND COUNT. CALLGATE_SEED is the seed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/arch.h>

#include "bpf/program.h"
#include "compile/compile.h"
#include "policy/policy.h"
#include "support/random.h"
#include "support/random_policy.h"
#include "support/unrelated_rules.h"

static void fail(const char *what)
{
	fprintf(stderr, "write-cases: %s\n", what);
	exit(EXIT_FAILURE);
}

/* A comparison of <seccomp.h> as the policy has it. */
static struct policy_condition condition_of(const struct scmp_arg_cmp *comparison, uint64_t word)
{
	bool masked = comparison->op == SCMP_CMP_MASKED_EQ;
	uint64_t mask = masked ? comparison->datum_a & word : word;

	return (struct policy_condition){(uint8_t)comparison->arg, (uint8_t)comparison->op, mask,
	                                 (masked ? comparison->datum_b : comparison->datum_a) & mask};
}

/* One call with rules that share nothing. */
static const struct policy *unrelated_policy(struct random *random, struct arena *arena,
                                             enum unrelated_kind kind)
{
	static const char *const names[] = {"x86_64", "x86", "s390x", "ppc"};
	enum { RULES = 16, CONDITIONS = 3 };
	struct policy *policy = ARENA_NEW(arena, struct policy);
	struct policy_arch *arch = ARENA_NEW(arena, struct policy_arch);
	struct policy_syscall *syscall = ARENA_NEW(arena, struct policy_syscall);
	struct policy_rule *rules = ARENA_ARRAY(arena, struct policy_rule, RULES);

	if (!policy || !arch || !syscall || !rules)
		return NULL;
	arch->arch = callgate_arch_find_name(names[random_below(random, 4)]);
	for (unsigned i = 0; i < RULES; i++) {
		struct scmp_arg_cmp comparisons[CONDITIONS];
		struct policy_condition *conditions = ARENA_ARRAY(arena, struct policy_condition, CONDITIONS);
		unsigned count = unrelated_rule(random, kind, comparisons);
		for (unsigned j = 0; conditions && j < count; j++)
			conditions[j] = condition_of(&comparisons[j], policy_word_mask(arch->arch));
		rules[i] = (struct policy_rule){SECCOMP_RET_ERRNO | random_below(random, 3), i + 1,
		                                conditions ? count : 0, conditions};
	}
	*syscall = (struct policy_syscall){.nr = 7, .rule_count = RULES, .rules = rules};
	*arch = (struct policy_arch){.arch = arch->arch, .syscall_count = 1, .syscalls = syscall};
	*policy = (struct policy){SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_THREAD, 1, 1, arch};
	return policy;
}

static const struct policy *policy_of_kind(const char *kind, struct random *random, struct arena *arena)
{
	const struct policy *policy = NULL;

	if (strcmp(kind, "policies") == 0)
		policy = random_policy(random, arena, 6, 4);
	else if (strcmp(kind, "long") == 0)
		policy = random_long_policy(random, arena, 1 + random_below(random, 16));
	else if (strcmp(kind, "unrelated") == 0)
		policy = unrelated_policy(random, arena, random_below(random, UNRELATED_KINDS));
	else
		fail("no such kind");
	if (!policy)
		fail("out of memory");
	return policy;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		fail("usage: write-cases KIND COUNT");
	struct random random = {.state =
	                            getenv("CALLGATE_SEED") ? strtoull(getenv("CALLGATE_SEED"), NULL, 0) : 1};
	for (unsigned long i = strtoul(argv[2], NULL, 0); i > 0; i--) {
		struct arena arena = {0};
		struct strbuf text = {0};
		struct compile_output programs = {0};
		const struct policy *policy = policy_of_kind(argv[1], &random, &arena);
		if (compile_policy(policy, false, NULL, &programs) < 0)
			fail("a policy does not compile");
		policy_write(policy, &text);
		for (size_t j = 0; j < programs.count; j++)
			bpf_write(programs.programs[j], &text);
		fwrite(text.text, 1, text.length, stdout);
		compile_output_finish(&programs);
		strbuf_finish(&text);
		arena_finish(&arena);
	}
	return ferror(stdout) || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
