/* Which of two rules of a call is asked first, and the form in which conditions are compared: each pair has a reason of
 * its own. */
#include <check.h>
#include <string.h>

#include "policy/rule_tree.h"
#include "support/random.h"
#include "support/run.h"

#define WHOLE UINT64_MAX

static struct policy_rule rule(const struct policy_condition *conditions, uint32_t count)
{
	return (struct policy_rule){.action = SECCOMP_RET_ALLOW, .condition_count = count, .conditions = conditions};
}

static void expect_first(const struct policy_rule *first, const struct policy_rule *second, int line)
{
	ck_assert_msg(rule_order_compare(first, second) < 0, "line %d", line);
	ck_assert_msg(rule_order_compare(second, first) > 0, "line %d, the other way round", line);
}

#define EXPECT_FIRST(first, second)                                              \
	do {                                                                     \
		const struct policy_condition one = first, other = second;       \
		const struct policy_rule a = rule(&one, 1), b = rule(&other, 1); \
		expect_first(&a, &b, __LINE__);                                  \
	} while (0)
#define CONDITION(...) ((struct policy_condition){__VA_ARGS__})

START_TEST(the_narrower_is_asked_first)
{
	/* Higher arguments come first, whatever is compared. */
	EXPECT_FIRST(CONDITION(1, POLICY_NE, WHOLE, 0), CONDITION(0, POLICY_EQ, WHOLE, 0));
	/* Single values come before upper bounds, and those before lower ones. */
	EXPECT_FIRST(CONDITION(0, POLICY_NE, WHOLE, 0), CONDITION(0, POLICY_LT, WHOLE, 1));
	EXPECT_FIRST(CONDITION(0, POLICY_LE, WHOLE, 9), CONDITION(0, POLICY_GT, WHOLE, 9));
	/* Of the same value and kind the narrower one is first. */
	EXPECT_FIRST(CONDITION(0, POLICY_LT, WHOLE, 5), CONDITION(0, POLICY_LE, WHOLE, 5));
	EXPECT_FIRST(CONDITION(0, POLICY_GT, WHOLE, 5), CONDITION(0, POLICY_GE, WHOLE, 5));
	EXPECT_FIRST(CONDITION(0, POLICY_EQ, WHOLE, 5), CONDITION(0, POLICY_MASKED_EQ, 7, 5));
	EXPECT_FIRST(CONDITION(0, POLICY_MASKED_EQ, 15, 5), CONDITION(0, POLICY_MASKED_EQ, 7, 5));
	/* Of bounds, the one that holds for less. */
	EXPECT_FIRST(CONDITION(0, POLICY_LT, WHOLE, 4), CONDITION(0, POLICY_LT, WHOLE, 5));
	EXPECT_FIRST(CONDITION(0, POLICY_GE, WHOLE, 5), CONDITION(0, POLICY_GE, WHOLE, 4));
}
END_TEST

START_TEST(the_first_difference_decides)
{
	const struct policy_condition one[] = {{0, POLICY_EQ, WHOLE, 1},
	                                       {1, POLICY_EQ, WHOLE, 9},
	                                       {2, POLICY_EQ, WHOLE, 3}},
	                              other[] = {
	                                  {0, POLICY_EQ, WHOLE, 1}, {1, POLICY_EQ, WHOLE, 8}, {2, POLICY_EQ, WHOLE, 4}};
	/* What lies behind the conditions of a rule is not looked at. */
	const struct policy_condition begin[] = {one[0], {3, POLICY_NE, WHOLE, 7}, {4, POLICY_NE, WHOLE, 7}};
	const struct policy_rule longer = rule(one, 3), shorter = rule(other, 2), less = rule(one, 2),
	                         least = rule(begin, 1);
	const struct policy_rule third = rule(one + 2, 1), fourth = rule(other + 2, 1);

	expect_first(&longer, &shorter, __LINE__);
	expect_first(&fourth, &third, __LINE__);
	/* One is the beginning of the other: neither is first. */
	ck_assert_int_eq(rule_order_compare(&longer, &less), 0);
	ck_assert_int_eq(rule_order_compare(&least, &longer), 0);
	ck_assert_int_eq(rule_order_compare(&longer, &least), 0);
	ck_assert_int_eq(rule_order_compare(&longer, &longer), 0);
}
END_TEST

/* An order: of any three rules none comes before itself; and equal are only those of which one begins the other. */
START_TEST(it_is_an_order)
{
	struct random random = random_start("it_is_an_order");

	for (int i = 0; i < 20000; i++) {
		struct policy_condition conditions[3][2];
		struct policy_rule rules[3];
		for (int j = 0; j < 3; j++) {
			for (int k = 0; k < 2; k++) {
				uint8_t op = (uint8_t)(POLICY_NE + random_below(&random, 7));
				conditions[j][k] = CONDITION(
				    (uint8_t)k, op, op == POLICY_MASKED_EQ ? 1 + random_below(&random, 3) : WHOLE,
				    random_below(&random, 3));
				conditions[j][k].value &= conditions[j][k].mask;
			}
			rules[j] = rule(conditions[j], 2);
		}
		int ab = rule_order_compare(&rules[0], &rules[1]), bc = rule_order_compare(&rules[1], &rules[2]),
		    ac = rule_order_compare(&rules[0], &rules[2]);
		if ((ab < 0) != (rule_order_compare(&rules[1], &rules[0]) > 0) || (ab < 0 && bc < 0 && ac >= 0) ||
		    (ab > 0 && bc > 0 && ac <= 0))
			ck_abort_msg("pair %d", i);
		bool same = policy_condition_is_same(&conditions[0][0], &conditions[1][0]) &&
		            policy_condition_is_same(&conditions[0][1], &conditions[1][1]);
		if ((ab == 0) != same)
			ck_abort_msg("pair %d is %sthe same", i, same ? "" : "not ");
	}
}
END_TEST

/* Normal forms are sorted, without what always holds and without anything twice, and hold for the same calls. */
START_TEST(normal_forms_mean_the_same)
{
	static const uint64_t values[] = {0, 1, 2, 3, 0xffffffff, 0x100000000, 0x100000001, UINT64_MAX};
	static const char *const names[] = {"x86_64", "x86"};
	struct random random = random_start("normal_forms_mean_the_same");

	for (int i = 0; i < 20000; i++) {
		const struct callgate_arch *arch = callgate_arch_find_name(names[i % 2]);
		struct policy_condition before[4], after[4];
		uint32_t count = random_below(&random, 5);
		for (uint32_t j = 0; j < count; j++) {
			uint8_t op = (uint8_t)(POLICY_NE + random_below(&random, 7));
			bool masked = op == POLICY_MASKED_EQ || op == POLICY_EQ;
			before[j] = CONDITION((uint8_t)random_below(&random, 3), op,
			                      masked ? values[random_below(&random, 8)] : WHOLE,
			                      values[random_below(&random, 8)]);
			before[j].value &= before[j].mask & policy_word_mask(arch);
		}
		memcpy(after, before, sizeof(after));
		uint32_t left = rule_order_normalize(after, count, arch);
		ck_assert_uint_le(left, count);
		for (uint32_t j = 0; j < left; j++) {
			bool wrong = !after[j].mask || after[j].value & ~after[j].mask ||
			             after[j].mask & ~policy_word_mask(arch) ||
			             (after[j].op == POLICY_EQ && after[j].mask != policy_word_mask(arch)) ||
			             (j > 0 && after[j].arg < after[j - 1].arg) ||
			             (j > 0 && policy_condition_is_same(&after[j], &after[j - 1]));
			if (wrong)
				ck_abort_msg("condition %u of %d", j, i);
		}
		for (int call = 0; call < 20; call++) {
			uint64_t args[3] = {values[random_below(&random, 8)], values[random_below(&random, 8)],
			                    values[random_below(&random, 8)]};
			bool was = true, is = true;
			for (uint32_t j = 0; j < count; j++)
				was = was && policy_condition_holds(&before[j], arch, args[before[j].arg]);
			for (uint32_t j = 0; j < left; j++)
				is = is && policy_condition_holds(&after[j], arch, args[after[j].arg]);
			if (was != is)
				ck_abort_msg("call %d of %d", call, i);
		}
	}
}
END_TEST

/*
 * The tree of rules tells conditions apart by what they are: there are so many of one call that some pairs have the
 * same hash of 32 bits.
 */
START_TEST(conditions_differ_by_what_they_compare)
{
	enum { COUNT = 1 << 18 };
	struct random random = {20240229};
	struct arch_rules *rules = arch_rules_new(callgate_arch_find_name("x86_64"));
	struct rule_plan plan;

	ck_assert(rules && arch_rules_reserve(rules, 1, COUNT));
	uint32_t call = arch_rules_add_call(rules, 1);
	for (uint32_t i = 0; i < COUNT; i++) {
		struct policy_condition c = CONDITION((uint8_t)(i % 6), POLICY_GE, WHOLE, random_next(&random));
		if (arch_rules_plan(rules, 1, &c, 1, SECCOMP_RET_ALLOW, &plan) != 0 || plan.at != call ||
		    plan.depth != 0)
			ck_abort_msg("condition %u is taken for another one", i);
		uint32_t node = arch_rules_add_node(rules, call, &c);
		if (arch_rules_plan(rules, 1, &c, 1, SECCOMP_RET_ALLOW, &plan) != 0 || plan.at != node ||
		    plan.depth != 1)
			ck_abort_msg("condition %u is not found", i);
	}
	arch_rules_free(rules);
	arch_rules_free(NULL);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("matching-order");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, the_narrower_is_asked_first);
	tcase_add_test(tcase, the_first_difference_decides);
	tcase_add_test(tcase, it_is_an_order);
	tcase_add_test(tcase, normal_forms_mean_the_same);
	tcase_add_test(tcase, conditions_differ_by_what_they_compare);
	return test_run(tcase);
}
