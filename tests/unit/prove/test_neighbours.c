/*
 * Calls that follow each other and have the same rules are proved at once; ones with other rules, however little, are
 * not.
 */
#include <check.h>

#include "compile/compile.h"
#include "query/proof.h"
#include "support/run.h"

enum { FIRST = 40, CALLS = 3 };

static const struct policy_condition conditions[2] = {
    {.arg = 1, .op = POLICY_MASKED_EQ, .mask = UINT64_C(0xf0000000f), .value = 3},
    {.arg = 2, .op = POLICY_GE, .mask = UINT64_MAX, .value = 7},
};
static const struct policy_rule usual[2] = {
    {.action = SECCOMP_RET_ERRNO | 2, .condition_count = 2, .conditions = conditions},
    {.action = SECCOMP_RET_ALLOW},
};

/* A policy of calls with the usual rules, but for the one in the middle. */
struct neighbours {
	struct policy_syscall calls[CALLS];
	struct policy_arch arch;
	struct policy policy;
	struct policy_rule rules[2];
	struct policy_condition conditions[2];
};

static void neighbours_init(struct neighbours *n, size_t middle)
{
	*n = (struct neighbours){.arch = {.arch = callgate_arch_find_name("x86_64"), .syscall_count = CALLS}};
	n->policy = (struct policy){SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_PROCESS, 1, 1, &n->arch};
	n->arch.syscalls = n->calls;
	for (uint32_t i = 0; i < CALLS; i++)
		n->calls[i] = (struct policy_syscall){.nr = FIRST + i, .rule_count = 2, .rules = usual};
	for (size_t i = 0; i < 2; i++) {
		n->rules[i] = usual[i];
		n->conditions[i] = conditions[i];
	}
	n->rules[0].conditions = n->conditions;
	n->calls[middle].rules = n->rules;
}

static struct prove_result prove(const struct neighbours *rules, const struct neighbours *built)
{
	struct compile_output output = {0};
	struct prove_result result;
	struct diag diag = {""};

	ck_assert_int_eq(compile_policy(&built->policy, false, &diag, &output), 0);
	ck_assert_int_eq(proof_policy(&rules->policy, output.programs, output.count, NULL, &diag, &result), 0);
	compile_output_finish(&output);
	return result;
}

/* One change of the call in the middle, or no change. */
static bool change(struct neighbours *n, int which, size_t middle)
{
	switch (which) {
	case 0:
		n->rules[0].action++;
		return true;
	case 1:
		n->rules[1].action = SECCOMP_RET_LOG;
		return true;
	case 2:
		n->rules[0].condition_count = 1;
		return true;
	case 3:
		n->conditions[0].arg = 0;
		return true;
	case 4:
		n->conditions[1].op = POLICY_GT;
		return true;
	case 5:
		n->conditions[0].mask ^= UINT64_C(1) << 35;
		return true;
	case 6:
		n->conditions[1].value ^= UINT64_C(1) << 32;
		return true;
	case 7:
		n->calls[middle].rule_count = 1;
		return true;
	default:
		return false;
	}
}

START_TEST(other_rules_are_another_call)
{
	struct neighbours same, other;

	for (size_t middle = 0; middle < CALLS; middle++) {
		neighbours_init(&same, middle);
		neighbours_init(&other, middle);
		ck_assert_int_eq(prove(&same, &other).outcome, PROVE_EQUAL);
		for (int which = 0; change(&other, which, middle); which++) {
			struct prove_result result = prove(&other, &same);
			ck_assert_int_eq(result.outcome, PROVE_DIFFERENT);
			ck_assert_uint_eq((unsigned)result.witness.call.nr, FIRST + middle);
			ck_assert_int_eq(prove(&same, &other).outcome, PROVE_DIFFERENT);
			ck_assert_int_eq(prove(&other, &other).outcome, PROVE_EQUAL);
			neighbours_init(&other, middle);
		}
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("prove-neighbours");

	tcase_add_test(tcase, other_rules_are_another_call);
	return test_run(tcase);
}
