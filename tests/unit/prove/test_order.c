/* The order of bits that is made for a list of rules, and what it is good for. */
#include <check.h>
#include <stdio.h>

#include "bpf/simulate.h"
#include "compile/compile.h"
#include "prove/diagram.h"
#include "query/proof.h"
#include "support/bits.h"
#include "support/random_policy.h"
#include "support/run.h"

enum { LISTS = 200, MASKS_LISTS = 20, MASKS_RULES = 20, ARGS = 2 };

static void check_permutation(const uint16_t *levels)
{
	bool seen[INPUT_LEVELS] = {false};

	ck_assert_ptr_nonnull(levels);
	for (size_t i = 0; i < INPUT_WIDE_FIELDS * INPUT_WIDE_BITS; i++) {
		ck_assert_uint_ge(levels[i], INPUT_NUMBER_LEVELS);
		ck_assert_uint_lt(levels[i], INPUT_LEVELS);
		ck_assert(!seen[levels[i]]);
		seen[levels[i]] = true;
	}
}

/* No bit is left out, and none stands in two places, or among those of arch and nr. */
START_TEST(every_bit_has_a_level)
{
	struct random random = random_start("every_bit_has_a_level");

	for (int i = 0; i < LISTS; i++) {
		struct arena arena = {0};
		const struct policy *policy =
		    random_long_policy(&random, &arena, 1 + random_below(&random, 64));
		ck_assert_ptr_nonnull(policy);
		const struct policy_syscall *call = &policy->archs[0].syscalls[0];
		check_permutation(
		    diagram_order(call->rules, random_below(&random, call->rule_count + 1), &arena));
		arena_finish(&arena);
	}
}
END_TEST

struct masks {
	struct policy_condition conditions[MASKS_RULES][ARGS];
	struct policy_rule rules[MASKS_RULES];
	struct policy_syscall call;
	struct policy_arch arch;
	struct policy policy;
};

/* Each rule looks at other bits of two arguments, and has an action of its own. */
static void masks_init(struct masks *m, struct random *random)
{
	*m = (struct masks){.arch = {.arch = callgate_arch_find_name("x86_64"), .syscall_count = 1}};
	m->policy = (struct policy){SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS, 1, 1, &m->arch};
	m->arch.syscalls = &m->call;
	m->call = (struct policy_syscall){.nr = 16, .rule_count = MASKS_RULES, .rules = m->rules};
	for (uint32_t i = 0; i < MASKS_RULES; i++) {
		for (uint8_t arg = 0; arg < ARGS; arg++) {
			uint64_t mask = bits_two(random);
			m->conditions[i][arg] =
			    (struct policy_condition){.arg = arg,
			                              .op = POLICY_MASKED_EQ,
			                              .mask = mask,
			                              .value = random_next(random) & mask};
		}
		m->rules[i] = (struct policy_rule){.id = i + 1,
		                                   .action = SECCOMP_RET_ERRNO | (i + 1),
		                                   .condition_count = ARGS,
		                                   .conditions = m->conditions[i]};
	}
}

/* Where no order of whole arguments does with so few nodes, one that fits the rules does. */
START_TEST(masks_are_proved_within_a_small_budget)
{
	const struct prove_budget budget = {.nodes = 1 << 15};
	struct random random = {1}; /* not seeded from outside: what is needed is the same in every run */
	int proved = 0;

	for (int i = 0; i < MASKS_LISTS; i++) {
		struct masks masks;
		struct compile_output output = {0};
		struct prove_result result;
		masks_init(&masks, &random);
		ck_assert_int_eq(compile_policy(&masks.policy, false, NULL, &output), 0);
		ck_assert_int_eq(
		    proof_policy(&masks.policy, output.programs, output.count, &budget, NULL, &result), 0);
		ck_assert(result.outcome == PROVE_EQUAL || result.outcome == PROVE_UNPROVED);
		proved += result.outcome == PROVE_EQUAL;
		compile_output_finish(&output);
	}
	printf("%d of %d lists of %d masks proved with %zu nodes\n", proved, MASKS_LISTS, MASKS_RULES,
	       budget.nodes);
	ck_assert_int_eq(proved, MASKS_LISTS);
}
END_TEST

/* A program for other rules is told apart, by a call that is confirmed. */
START_TEST(differences_are_found_in_such_an_order)
{
	const struct prove_budget budget = {.nodes = 1 << 15};
	struct random random = {2};

	for (int i = 0; i < MASKS_LISTS; i++) {
		struct masks masks;
		struct compile_output output = {0};
		struct prove_result result;
		masks_init(&masks, &random);
		masks.rules[0].action = SECCOMP_RET_LOG;
		ck_assert_int_eq(compile_policy(&masks.policy, false, NULL, &output), 0);
		masks.rules[0].action = SECCOMP_RET_TRAP;
		ck_assert_int_eq(
		    proof_policy(&masks.policy, output.programs, output.count, &budget, NULL, &result), 0);
		ck_assert_int_eq(result.outcome, PROVE_DIFFERENT);
		ck_assert_uint_eq(result.witness.expected, SECCOMP_RET_TRAP);
		ck_assert_uint_eq(result.witness.actual, SECCOMP_RET_LOG);
		ck_assert_uint_eq(policy_eval(&masks.policy, &result.witness.call, NULL), SECCOMP_RET_TRAP);
		ck_assert_uint_eq(bpf_simulate(output.programs[0], &result.witness.call, NULL),
		                  SECCOMP_RET_LOG);
		compile_output_finish(&output);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("prove-order");

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, every_bit_has_a_level);
	tcase_add_test(tcase, masks_are_proved_within_a_small_budget);
	tcase_add_test(tcase, differences_are_found_in_such_an_order);
	return test_run(tcase);
}
