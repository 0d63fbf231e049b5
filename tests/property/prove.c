/* The prover against policy_eval() and the simulator, on random policies and random changes of their programs. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "bpf/accept.h"
#include "bpf/simulate.h"
#include "compile/compile.h"
#include "prove/prove.h"
#include "support/random_policy.h"

static void ck_same_verdict(const struct policy *policy, struct callgate_program *const *programs,
                            size_t count, struct random *random)
{
	struct prove_subject rules = {.policy = policy};
	struct prove_subject made = {.programs = (const struct callgate_program *const *)programs,
	                             .program_count = count};

	for (int i = 0; i < 20; i++) {
		struct seccomp_data call = random_call(random, policy);
		if (side_verdict(&rules, &call) == side_verdict(&made, &call))
			continue;
		random_policy_print(policy);
		random_call_print(&call);
		ck_abort_msg("proved equal, but the simulator says otherwise");
	}
}

static void check_policy(struct random *random, uint32_t syscalls, uint32_t rules)
{
	struct arena arena = {0};
	struct compile_output output = {0};
	struct diag diag = {""};
	struct prove_result result;
	const struct policy *policy = random_policy(random, &arena, syscalls, rules);

	ck_assert_ptr_nonnull(policy);
	ck_assert_msg(compile_policy(policy, false, &diag, &output) == 0, "%s", diag.text);
	ck_assert_int_eq(prove_policy(policy, output.programs, output.count, NULL, &diag, &result), 0);
	if (result.outcome != PROVE_EQUAL) {
		random_policy_print(policy);
		ck_abort_msg("outcome %d: %s", (int)result.outcome, diag.text);
	}
	ck_same_verdict(policy, output.programs, output.count, random);
	compile_output_finish(&output);
	arena_finish(&arena);
}

START_TEST(compiled_policies_are_proved_equal)
{
	struct random random = random_start("compiled_policies_are_proved_equal");

	for (unsigned long i = random_runs(3000); i > 0; i--)
		check_policy(&random, 3, 8);
}
END_TEST

/* One field of one instruction, changed. */
static void change(struct random *random, struct sock_filter *insns, size_t count)
{
	struct sock_filter *insn = &insns[random_below(random, (uint32_t)count)];

	switch (random_below(random, 5)) {
	case 0:
		insn->k ^= 1u << random_below(random, 32);
		break;
	case 1:
		insn->k += random_below(random, 2) ? 1 : UINT32_MAX;
		break;
	case 2: {
		uint8_t jt = insn->jt;
		insn->jt = insn->jf;
		insn->jf = jt;
		break;
	}
	case 3:
		insn->code ^= (uint16_t)(1u << random_below(random, 8));
		break;
	default:
		insn->jt ^= (uint8_t)(1u << random_below(random, 8));
		break;
	}
}

static enum prove_outcome check_mutant(struct random *random, const struct policy *policy,
                                       const struct callgate_program *program)
{
	struct callgate_program *mutant = NULL;
	struct prove_result result;
	struct diag diag = {""};

	ck_assert_int_eq(bpf_program_new(program->insns, program->count, program->big_endian, NULL, &mutant),
	                 0);
	change(random, mutant->insns, mutant->count);
	ck_assert_int_eq(prove_policy(policy, &mutant, 1, NULL, &diag, &result), 0);
	bool accepted = bpf_accept(mutant, NULL) == 0;
	ck_assert_msg(accepted == (result.outcome != PROVE_REFUSED), "outcome %d, accepted %d",
	              result.outcome, accepted);
	if (result.outcome == PROVE_EQUAL)
		ck_same_verdict(policy, &mutant, 1, random);
	bpf_program_free(mutant);
	return result.outcome;
}

START_TEST(mutants_are_told_apart_or_equal)
{
	struct random random = random_start("mutants_are_told_apart_or_equal");
	unsigned long outcomes[PROVE_REFUSED + 1] = {0};

	for (unsigned long i = random_runs(60); i > 0; i--) {
		struct arena arena = {0};
		struct compile_output output = {0};
		struct diag diag = {""};
		const struct policy *policy = random_policy(&random, &arena, 3, 6);
		ck_assert_ptr_nonnull(policy);
		ck_assert_msg(compile_policy(policy, false, &diag, &output) == 0, "%s", diag.text);
		for (int j = 0; output.count == 1 && j < 30; j++)
			outcomes[check_mutant(&random, policy, output.programs[0])]++;
		compile_output_finish(&output);
		arena_finish(&arena);
	}
	printf("mutants: %lu different, %lu equal, %lu not acceptable\n", outcomes[PROVE_DIFFERENT],
	       outcomes[PROVE_EQUAL], outcomes[PROVE_REFUSED]);
	ck_assert_uint_gt(outcomes[PROVE_DIFFERENT], 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("prove");
	TCase *tcase = tcase_create("prover");
	SRunner *runner;

	tcase_set_timeout(tcase, 1800);
	tcase_add_test(tcase, compiled_policies_are_proved_equal);
	tcase_add_test(tcase, mutants_are_told_apart_or_equal);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
