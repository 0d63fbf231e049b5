/* The prover's function of the input against policy_eval() and the simulator, on a million random inputs. */
#include <check.h>
#include <stdio.h>

#include <linux/audit.h>

#include "bpf/simulate.h"
#include "compile/compile.h"
#include "query/witness.h"
#include "support/proved_verdict.h"
#include "support/random_policy.h"
#include "support/random_program.h"
#include "support/run.h"

enum { CALLS = 250, NUMBERS = 5, LONGEST = 24 };

struct tally {
	unsigned long inputs, unanswered;
};

static void check(const struct filter *subject, const struct seccomp_data *calls, struct tally *tally)
{
	uint32_t verdicts[CALLS];

	if (!proved_verdicts(subject, calls, CALLS, verdicts)) {
		tally->unanswered++;
		return;
	}
	for (int i = 0; i < CALLS; i++) {
		uint32_t expected = witness_verdict(subject, &calls[i]);
		if (verdicts[i] != expected)
			random_call_print(&calls[i]);
		ck_assert_uint_eq(verdicts[i], expected);
	}
	tally->inputs += CALLS;
}

/* Calls near the policy's edges, of a few numbers. */
static void policy_calls(struct random *random, const struct policy *policy, struct seccomp_data *calls)
{
	for (int i = 0; i < CALLS; i++) {
		calls[i] = random_call(random, policy);
		if (i >= NUMBERS) {
			calls[i].arch = calls[i % NUMBERS].arch;
			calls[i].nr = calls[i % NUMBERS].nr;
		}
	}
}

static void check_policy(struct random *random, struct tally *rules_tally, struct tally *programs_tally)
{
	struct arena arena = {0};
	struct compile_output output = {0};
	struct diag diag = {""};
	struct seccomp_data calls[CALLS];
	const struct policy *policy = random_policy(random, &arena, 3, 8);

	ck_assert_ptr_nonnull(policy);
	ck_assert_int_eq(compile_policy(policy, false, &diag, &output), 0);
	policy_calls(random, policy, calls);
	struct filter rules = {.policy = policy};
	struct filter programs = {.programs = (const struct callgate_program *const *)output.programs,
	                          .program_count = output.count};
	check(&rules, calls, rules_tally);
	check(&programs, calls, programs_tally);
	compile_output_finish(&output);
	arena_finish(&arena);
}

/* Every instruction there is, in stacks of one to three programs: words near their constants. */
static void check_stack(struct random *random, struct tally *tally)
{
	struct sock_filter insns[3][LONGEST];
	struct callgate_program programs[3];
	const struct callgate_program *list[3];
	struct seccomp_data calls[CALLS];
	size_t count = 1 + random_below(random, 3);

	for (size_t i = 0; i < count; i++) {
		size_t length = random_modelled(random, insns[i], LONGEST);
		programs[i] = (struct callgate_program){false, length, insns[i], insns[i]};
		list[i] = &programs[i];
	}
	for (int i = 0; i < CALLS; i++) {
		bool first = i < NUMBERS;
		calls[i] = (struct seccomp_data){.nr = first ? (int)random_word(random) : calls[i % NUMBERS].nr,
		                                 .arch = AUDIT_ARCH_X86_64};
		for (int j = 0; j < 6; j++)
			calls[i].args[j] = (uint64_t)random_word(random) << 32 |
			                   insns[0][random_below(random, (uint32_t)programs[0].count)].k;
	}
	struct filter subject = {.programs = list, .program_count = count};
	check(&subject, calls, tally);
}

START_TEST(a_million_inputs)
{
	struct random random = random_start("a_million_inputs");
	struct tally rules = {0}, programs = {0}, stacks = {0};

	for (unsigned long i = random_runs(1600); i > 0; i--) {
		check_policy(&random, &rules, &programs);
		check_stack(&random, &stacks);
	}
	printf("inputs on which prover and simulator agree: %lu of rules, %lu of their programs, %lu of any "
	       "programs\n",
	       rules.inputs, programs.inputs, stacks.inputs);
	printf("beyond the test's small budget: %lu of any programs\n", stacks.unanswered);
	ck_assert_uint_eq(rules.unanswered + programs.unanswered, 0);
	ck_assert_uint_gt(stacks.inputs, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("prove-inputs");

	tcase_set_timeout(tcase, 1800);
	tcase_add_test(tcase, a_million_inputs);
	return test_run(tcase);
}
