/* Random policies: policy_eval == the simulated program, on targets of both byte orders. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include <callgate/action.h>
#include "bpf/program.h"
#include "bpf/simulate.h"
#include "compile/compile.h"
#include "compile/pass.h"
#include "support/graph_eval.h"
#include "support/random_policy.h"
#include "support/run.h"

static void check_call(const struct policy *policy, const struct compile_output *output,
                       const struct seccomp_data *call)
{
	uint32_t expected = policy_eval(policy, call, NULL), actual = SECCOMP_RET_ALLOW;

	for (size_t i = output->count; i-- > 0;) {
		uint32_t verdict = bpf_simulate(output->programs[i], call, NULL);
		actual = i + 1 == output->count ? verdict : callgate_action_strictest(actual, verdict);
	}
	if (expected == actual)
		return;
	random_policy_print(policy);
	random_call_print(call);
	ck_abort_msg("the policy says 0x%08x, the program 0x%08x", expected, actual);
}

static void check_graph_call(const struct policy *policy, const char *pass, const struct graph *graph,
                             struct graph_id root, const struct seccomp_data *call)
{
	uint32_t expected = policy_eval(policy, call, NULL), actual = graph_eval(graph, root, call);

	if (expected == actual)
		return;
	random_policy_print(policy);
	random_call_print(call);
	ck_abort_msg("the policy says 0x%08x, the graph after pass %s 0x%08x", expected, pass, actual);
}

/* Every pass, whatever passes there are: the invariants hold, and it is still the same function. */
static void check_passes(struct random *random, const struct policy *policy)
{
	struct arena arena = {0};
	struct compilation c = {.policy = policy, .arena = &arena, .state = PASS_POLICY};
	struct diag diag = {""};

	for (const struct pass *pass = compile_passes; pass->name; pass++) {
		ck_assert(pass_run(pass, &c));
		ck_assert_msg(graph_verify(&c.graph, false, &diag) == 0, "after %s: %s", pass->name, diag.text);
		for (int i = 0; i < 40; i++) {
			struct seccomp_data call = random_call(random, policy);
			check_graph_call(policy, pass->name, &c.graph, c.root, &call);
		}
	}
	ck_assert_msg(graph_verify(&c.graph, true, &diag) == 0, "%s", diag.text);
	ck_assert_uint_gt(c.insns.count, 0);
	arena_finish(&arena);
}

/* Is the number allowed whatever the arguments, by the first architecture that has rules for it? */
static bool is_always_allowed(const struct policy *policy, const struct policy_arch *arch, uint32_t nr)
{
	struct seccomp_data call = {.arch = arch->arch->audit, .nr = (int)nr};

	for (size_t i = 0; i < policy->arch_count; i++) {
		const struct policy_syscall *syscall = policy_arch_find(&policy->archs[i], nr);
		if (policy->archs[i].arch->audit == call.arch && syscall && syscall->rule_count)
			return syscall->rules[0].condition_count == 0 &&
			       policy_eval(policy, &call, NULL) == SECCOMP_RET_ALLOW;
	}
	return false;
}

/* The kernel can answer every such call from its bitmap. */
static void check_bitmap(const struct policy *policy, const struct compile_output *output)
{
	for (size_t i = 0; i < policy->arch_count; i++)
		for (size_t j = 0; j < policy->archs[i].syscall_count; j++) {
			uint32_t nr = policy->archs[i].syscalls[j].nr;
			for (size_t k = 0; k < output->count; k++)
				ck_assert(!is_always_allowed(policy, &policy->archs[i], nr) ||
				          bpf_is_bitmap_allowed(output->programs[k], policy->archs[i].arch->audit, nr));
		}
}

static void check_policy(struct random *random, uint32_t syscalls, uint32_t rules)
{
	struct arena arena = {0};
	struct compile_output output = {0};
	struct diag diag = {""};
	const struct policy *policy = random_policy(random, &arena, syscalls, rules);

	ck_assert_ptr_nonnull(policy);
	check_passes(random, policy);
	ck_assert_msg(compile_policy(policy, false, &diag, &output) == 0, "%s", diag.text);
	for (size_t i = 0; i < output.count; i++)
		ck_assert_msg(bpf_accept(output.programs[i], &diag) == 0, "%s", diag.text);
	for (int i = 0; i < 100; i++) {
		struct seccomp_data call = random_call(random, policy);
		check_call(policy, &output, &call);
	}
	check_bitmap(policy, &output);
	compile_output_finish(&output);
	arena_finish(&arena);
}

START_TEST(few_syscalls_many_rules)
{
	struct random random = random_start("few_syscalls_many_rules");

	for (unsigned long i = random_runs(2000); i > 0; i--)
		check_policy(&random, 3, 8);
}
END_TEST

START_TEST(many_syscalls)
{
	struct random random = random_start("many_syscalls");

	for (unsigned long i = random_runs(300); i > 0; i--)
		check_policy(&random, 25, 2);
}
END_TEST

/* Jumps of every length: bodies of one to thousands of instructions between a test and where it leads. */
START_TEST(long_jumps)
{
	struct random random = random_start("long_jumps");

	for (unsigned long i = random_runs(30); i > 0; i--)
		check_policy(&random, 100 + random_below(&random, 400), 5);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("compile");

	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, few_syscalls_many_rules);
	tcase_add_test(tcase, many_syscalls);
	tcase_add_test(tcase, long_jumps);
	return test_run(tcase);
}
