/* What proofs cost, in counts that are the same on every machine: nodes of diagrams and steps of work. */
#include <check.h>
#include <stdio.h>

#include "compile/compile.h"
#include "query/proof.h"
#include "support/random_policy.h"
#include "support/run.h"

struct cost {
	size_t nodes, work, instructions;
};

static struct cost cost_of(const struct policy *policy)
{
	struct compile_output output = {0};
	struct prove_result result;
	struct diag diag = {""};
	struct cost cost = {0};

	ck_assert_ptr_nonnull(policy);
	ck_assert_int_eq(compile_policy(policy, false, &diag, &output), 0);
	ck_assert_int_eq(proof_policy(policy, output.programs, output.count, NULL, &diag, &result), 0);
	ck_assert_int_eq(result.outcome, PROVE_EQUAL);
	for (size_t i = 0; i < output.count; i++)
		cost.instructions += output.programs[i]->count;
	cost.nodes = result.nodes;
	cost.work = result.work;
	compile_output_finish(&output);
	return cost;
}

/* A fixed sequence: not seeded from outside, so that the counts are those below. */
static struct cost sum(uint32_t syscalls, uint32_t rules, int policies)
{
	struct random random = {1};
	struct cost total = {0};

	for (int i = 0; i < policies; i++) {
		struct arena arena = {0};
		struct cost cost = cost_of(syscalls ? random_policy(&random, &arena, syscalls, rules)
		                                    : random_long_policy(&random, &arena, rules));
		total.nodes += cost.nodes;
		total.work += cost.work;
		total.instructions += cost.instructions;
		arena_finish(&arena);
	}
	printf("%u calls of %u rules: %zu nodes, %zu steps for %zu instructions\n", syscalls, rules, total.nodes,
	       total.work, total.instructions);
	return total;
}

START_TEST(proofs_of_many_calls)
{
	struct cost cost = sum(300, 3, 20);

	ck_assert_uint_le(cost.nodes, 13000);
	ck_assert_uint_le(cost.work, 150000);
}
END_TEST

START_TEST(proofs_of_long_lists)
{
	struct cost cost = sum(0, 64, 20);

	ck_assert_uint_le(cost.nodes, 140000);
	/*
	 * Most of it is one list of the twenty, for which short walks, small diagrams and long walks are tried before
	 * diagrams do.
	 */
	ck_assert_uint_le(cost.work, 3700000);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("prove-counts");

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, proofs_of_many_calls);
	tcase_add_test(tcase, proofs_of_long_lists);
	return test_run(tcase);
}
