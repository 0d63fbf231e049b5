/* A compiler that is deliberately wrong about a comparison (wrong_comparison.h): every wrong program is told from its rules. */
#include <check.h>
#include <errno.h>
#include <stdio.h>

#include "bpf/simulate.h"
#include "compile/compile.h"
#include "prove/prove.h"
#include "support/random_policy.h"
#include "support/run.h"

enum { CALLS = 300 };

static uint32_t verdict(const struct compile_output *output, const struct seccomp_data *call)
{
	uint32_t result = bpf_simulate(output->programs[output->count - 1], call, NULL);

	for (size_t i = output->count - 1; i-- > 0;)
		result = bpf_strictest(result, bpf_simulate(output->programs[i], call, NULL));
	return result;
}

/* Is the program wrong, as far as can be found by trying? */
static bool tried_wrong(struct random *random, const struct policy *policy,
                        const struct compile_output *output)
{
	for (int i = 0; i < CALLS; i++) {
		struct seccomp_data call = random_call(random, policy);
		if (policy_eval(policy, &call, NULL) != verdict(output, &call))
			return true;
	}
	return false;
}

START_TEST(a_wrong_compiler_is_caught)
{
	struct random random = random_start("a_wrong_compiler_is_caught");
	unsigned long wrong = 0, equal = 0, tried = 0;

	for (unsigned long i = random_runs(3000); i > 0; i--) {
		struct arena arena = {0};
		struct compile_output output = {0};
		struct prove_result result;
		struct diag diag = {""};
		const struct policy *policy = random_policy(&random, &arena, 3, 8);
		ck_assert_ptr_nonnull(policy);
		ck_assert_int_eq(compile_policy(policy, false, &diag, &output), 0);
		ck_assert_int_eq(prove_policy(policy, output.programs, output.count, NULL, &diag, &result),
		                 0);
		bool found = tried_wrong(&random, policy, &output);
		ck_assert(result.outcome == PROVE_DIFFERENT || result.outcome == PROVE_EQUAL);
		ck_assert(!found || result.outcome == PROVE_DIFFERENT);
		if (result.outcome == PROVE_DIFFERENT)
			ck_assert_uint_ne(policy_eval(policy, &result.witness.call, NULL),
			                  verdict(&output, &result.witness.call));
		wrong += result.outcome == PROVE_DIFFERENT;
		equal += result.outcome == PROVE_EQUAL;
		tried += found;
		compile_output_finish(&output);
		arena_finish(&arena);
	}
	printf("%lu wrong programs caught, of which trying %d calls finds %lu; %lu programs without the "
	       "comparison\n",
	       wrong, CALLS, tried, equal);
	ck_assert_uint_gt(tried, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("wrong-compiler");

	tcase_set_timeout(tcase, 900);
	tcase_add_test(tcase, a_wrong_compiler_is_caught);
	return test_run(tcase);
}
