/* Every comparison at its edges, on arguments of 64 and 32 bits and of both byte orders, with both orders of code. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/prove.h>
#include <callgate/rule.h>

#include "asking.h"
#include "support/run.h"

static const uint64_t data[] = {
    0,
    1,
    5,
    0x7fffffff,
    0x80000000,
    0xfffffffe,
    0xffffffff,
    0x100000000,
    0x100000001,
    0x100000005,
    0x2ffffffff,
    0x7fffffffffffffff,
    0x8000000000000000,
    0xffffffff00000000,
    0xfffffffffffffffe,
    0xffffffffffffffff,
};
enum { DATA = sizeof(data) / sizeof(data[0]), ARG = 3 };

static const struct {
	uint32_t token;
	int nr; /* of read */
	bool wide;
} archs[] = {
    {SCMP_ARCH_X86_64, 0, true},          {SCMP_ARCH_X86, 3, false},          {SCMP_ARCH_S390X, 3, true},
    {SCMP_ARCH_S390, 3, false},           {SCMP_ARCH_X32, 0x40000000, false}, {SCMP_ARCH_MIPSEL64, 5000, true},
    {SCMP_ARCH_MIPSEL64N32, 6000, false}, {SCMP_ARCH_MIPS64N32, 6000, false}, {SCMP_ARCH_PARISC64, 3, true},
    {SCMP_ARCH_MIPS64, 5000, true},       {SCMP_ARCH_ARM, 3, false},
};
enum { ARCHS = sizeof(archs) / sizeof(archs[0]) };

static bool holds(enum scmp_compare op, uint64_t value, uint64_t a, uint64_t b)
{
	switch (op) {
	case SCMP_CMP_NE:
		return value != a;
	case SCMP_CMP_LT:
		return value < a;
	case SCMP_CMP_LE:
		return value <= a;
	case SCMP_CMP_EQ:
		return value == a;
	case SCMP_CMP_GE:
		return value >= a;
	case SCMP_CMP_GT:
		return value > a;
	default:
		return (value & a) == (b & a);
	}
}

static void check_one(size_t arch, uint32_t optimize, bool low, enum scmp_compare op, uint64_t a, uint64_t b)
{
	static const uint64_t offsets[] = {0, 1, UINT64_MAX, 1ULL << 32, UINT64_MAX << 32, 0x80000000};
	struct scmp_arg_cmp rule = SCMP_CMP(ARG | (low ? CALLGATE_LOW_HALF : 0u), op, a, b);
	uint64_t word = archs[arch].wide && !low ? UINT64_MAX : UINT32_MAX;
	scmp_filter_ctx ctx = make(archs[arch].token, 0);

	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, optimize), 0);
	if (low)
		ck_assert_int_eq(callgate_rule_add(ctx, archs[arch].token, E(5), archs[arch].nr, 1, &rule), 0);
	else
		ck_assert_int_eq(seccomp_rule_add_exact_array(ctx, E(5), SCMP_SYS(read), 1, &rule), 0);
	for (size_t i = 0; i < DATA + sizeof(offsets) / sizeof(offsets[0]); i++) {
		uint64_t value = i < DATA ? data[i] : (op == SCMP_CMP_MASKED_EQ ? b & a : a) + offsets[i - DATA];
		struct callgate_call call = {
		    .arch = archs[arch].token, .nr = archs[arch].nr, .args = {~value, ~value, ~value, value}};
		struct callgate_verdict verdict;
		uint32_t expected = holds(op, value & word, a & word, b & word) ? E(5) : DEFAULT;
		ck_assert_int_eq(callgate_simulate(ctx, &call, &verdict), 0);
		ck_assert_msg(verdict.action == expected, "0x%llx op %d 0x%llx 0x%llx on 0x%x: 0x%x",
		              (unsigned long long)value, (int)op, (unsigned long long)a, (unsigned long long)b,
		              archs[arch].token, verdict.action);
	}
	seccomp_release(ctx);
}

START_TEST(plain)
{
	uint32_t optimize = 1 + (uint32_t)_i % 2;
	enum scmp_compare op = (enum scmp_compare)(_i / 2 % 6 + 1);
	size_t arch = (size_t)_i / 12;

	for (size_t i = 0; i < DATA; i++)
		check_one(arch, optimize, false, op, data[i], 99);
}
END_TEST

START_TEST(masked)
{
	for (size_t i = 0; i < DATA; i++)
		for (size_t j = 0; j < DATA; j++)
			check_one((size_t)_i, 1 + (uint32_t)(i + j) % 2, false, SCMP_CMP_MASKED_EQ, data[i], data[j]);
}
END_TEST

/*
 * What the kernel reads of an int, with every operator: the upper half of the argument, and of the datum, does not
 * count.
 */
START_TEST(low_half)
{
	enum scmp_compare op = (enum scmp_compare)(_i % 7 + 1);

	for (size_t i = 0; i < DATA; i++)
		check_one((size_t)_i / 7, 1 + (uint32_t)i % 2, true, op, data[i], data[(i * 5 + 2) % DATA]);
}
END_TEST

static scmp_filter_ctx with_rules(const struct scmp_arg_cmp *first, const struct scmp_arg_cmp *second, int result)
{
	scmp_filter_ctx ctx = make(SCMP_ARCH_X86_64, 0);

	ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_X86_64, E(5), 0, 1, first), 0);
	ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_X86_64, E(6), 0, 1, second), result);
	return ctx;
}

/*
 * A comparison of the low half is another one than that of the whole, and the same as itself with other upper bits, or
 * by a mask.
 */
START_TEST(low_half_and_others)
{
	const struct scmp_arg_cmp low = SCMP_CMP(1 | CALLGATE_LOW_HALF, SCMP_CMP_EQ, 5),
	                          high = SCMP_CMP(1 | CALLGATE_LOW_HALF, SCMP_CMP_EQ, 0x700000005),
	                          mask = SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, 5), whole = SCMP_A1(SCMP_CMP_LE, 5),
	                          half = SCMP_CMP(1 | CALLGATE_LOW_HALF, SCMP_CMP_LE, 5);

	seccomp_release(with_rules(&low, &high, -EEXIST));
	seccomp_release(with_rules(&low, &mask, -EEXIST));
	scmp_filter_ctx ctx = with_rules(&whole, &half, 0);
	struct callgate_call call = {.arch = SCMP_ARCH_X86_64, .args = {0, 3}};
	struct callgate_verdict verdict;
	for (int i = 0; i < 2; i++, call.args[1] += 1ULL << 32) {
		ck_assert_int_eq(callgate_simulate(ctx, &call, &verdict), 0);
		ck_assert_msg(i == 0 ? verdict.action != DEFAULT : verdict.action == E(6), "0x%x", verdict.action);
	}
	ck_assert_int_eq(seccomp_rule_add_array(ctx, E(7), SCMP_SYS(read), 1, &half), -EINVAL);
	ck_assert_msg(strstr(callgate_diagnosis(ctx), "257") != NULL, "%s", callgate_diagnosis(ctx));
	seccomp_release(ctx);
}
END_TEST

/* Questions know them, and a simulator's list of rules shows them so that they can be given back. */
START_TEST(low_half_in_and_out)
{
	const struct scmp_arg_cmp above = SCMP_CMP(2 | CALLGATE_LOW_HALF, SCMP_CMP_GT, 0x100000005),
	                          not_above = SCMP_CMP(2 | CALLGATE_LOW_HALF, SCMP_CMP_LE, 5),
	                          whole = SCMP_A2(SCMP_CMP_LE, 5);
	scmp_filter_ctx ctx = make(SCMP_ARCH_X86_64, 0);
	struct callgate_simulator *simulator, *copy;
	struct callgate_rule rule;
	struct callgate_answer answer;

	ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ALLOW, 0, 1, &above), 0);
	const struct callgate_filter filter = {.ctx = ctx};
	ck_assert_int_eq(callgate_ask(&filter, SCMP_ARCH_X86_64, 0, 1, &above, SCMP_ACT_ALLOW, &answer), 0);
	ck_assert(answer.proved && answer.holds);
	ck_assert_int_eq(callgate_ask(&filter, SCMP_ARCH_X86_64, 0, 1, &not_above, DEFAULT, &answer), 0);
	ck_assert(answer.proved && answer.holds);
	ck_assert_int_eq(callgate_ask(&filter, SCMP_ARCH_X86_64, 0, 1, &whole, DEFAULT, &answer), 0);
	ck_assert(answer.proved && answer.holds);
	ck_assert_int_eq(callgate_simulator_new(ctx, &simulator), 0);
	ck_assert_int_eq(callgate_simulator_rule(simulator, 0, &rule), 0);
	ck_assert_uint_eq(rule.condition_count, 1);
	ck_assert_uint_eq(rule.conditions[0].arg, 2 | CALLGATE_LOW_HALF);
	ck_assert_int_eq(rule.conditions[0].op, SCMP_CMP_GT);
	ck_assert_uint_eq(rule.conditions[0].datum_a, 5);
	struct callgate_changed_rules same = {.default_action = DEFAULT, .rule_count = 1, .rules = &rule};
	ck_assert_int_eq(callgate_simulator_new_changed(simulator, &same, &copy), 0);
	struct callgate_call call = {.arch = SCMP_ARCH_X86_64, .args = {0, 0, 0x700000005}};
	struct callgate_verdict verdict;
	for (uint32_t i = 0; i < 2; i++, call.args[2]++) {
		ck_assert_int_eq(callgate_simulator_run(copy, &call, &verdict), 0);
		ck_assert_uint_eq(verdict.action, i ? SCMP_ACT_ALLOW : DEFAULT);
	}
	callgate_simulator_free(copy);
	callgate_simulator_free(simulator);
	seccomp_release(ctx);
}
END_TEST

/* The macros: what a negative int becomes, and two or three arguments. */
START_TEST(macros)
{
	const int negative = -100;
	struct scmp_arg_cmp wide = SCMP_A2(SCMP_CMP_EQ, (scmp_datum_t)negative),
	                    narrow = SCMP_A2_32(SCMP_CMP_EQ, negative);
	struct scmp_arg_cmp three = SCMP_CMP(5, SCMP_CMP_MASKED_EQ, 0xf0, 0x10);
	struct scmp_arg_cmp three_narrow = SCMP_CMP32(5, SCMP_CMP_MASKED_EQ, negative, 0x1000000010);
	struct scmp_arg_cmp each[] = {SCMP_A0(SCMP_CMP_NE, 1), SCMP_A1_64(SCMP_CMP_LT, 1),
	                              SCMP_A2(SCMP_CMP_LE, 1), SCMP_A3_64(SCMP_CMP_GE, 1),
	                              SCMP_A4(SCMP_CMP_GT, 1), SCMP_A5_64(SCMP_CMP_EQ, 1)};
	struct scmp_arg_cmp each_narrow[] = {SCMP_A0_32(SCMP_CMP_NE, 1), SCMP_A1_32(SCMP_CMP_LT, 1),
	                                     SCMP_A2_32(SCMP_CMP_LE, 1), SCMP_A3_32(SCMP_CMP_GE, 1),
	                                     SCMP_A4_32(SCMP_CMP_GT, 1), SCMP_A5_32(SCMP_CMP_EQ, 1)};

	ck_assert_uint_eq(wide.datum_a, 0xffffffffffffff9c);
	ck_assert_uint_eq(narrow.datum_a, 0xffffff9c);
	ck_assert(three.arg == 5 && three.op == SCMP_CMP_MASKED_EQ && three.datum_a == 0xf0 && three.datum_b == 0x10);
	ck_assert_uint_eq(three_narrow.datum_a, 0xffffff9c);
	ck_assert_uint_eq(three_narrow.datum_b, 0x10);
	for (unsigned arg = 0; arg < 6; arg++) {
		ck_assert(each[arg].arg == arg && each[arg].datum_a == 1 && each[arg].datum_b == 0);
		ck_assert(each_narrow[arg].arg == arg && each_narrow[arg].op == each[arg].op);
	}
}
END_TEST

/* All six arguments in one rule, in any order: every one counts, and belongs to its place. */
START_TEST(six_arguments)
{
	static const struct scmp_arg_cmp rule[] = {{4, SCMP_CMP_EQ, 104, 0}, {0, SCMP_CMP_EQ, 100, 0},
	                                           {5, SCMP_CMP_EQ, 105, 0}, {2, SCMP_CMP_EQ, 102, 0},
	                                           {1, SCMP_CMP_EQ, 101, 0}, {3, SCMP_CMP_EQ, 103, 0}};
	scmp_filter_ctx ctx = make(archs[_i].token, 0);
	struct callgate_call call = {
	    .arch = archs[_i].token, .nr = archs[_i].nr, .args = {100, 101, 102, 103, 104, 105}};
	struct callgate_verdict verdict;

	ck_assert_int_eq(seccomp_rule_add_array(ctx, E(5), SCMP_SYS(read), 6, rule), 0);
	ck_assert_int_eq(callgate_simulate(ctx, &call, &verdict), 0);
	ck_assert_uint_eq(verdict.action, E(5));
	for (int i = 0; i < 6; i++) {
		call.args[i]++;
		ck_assert_int_eq(callgate_simulate(ctx, &call, &verdict), 0);
		ck_assert_uint_eq(verdict.action, DEFAULT);
		call.args[i]--;
	}
	seccomp_release(ctx);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("comparisons");

	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, plain, 0, (int)(ARCHS * 12));
	tcase_add_loop_test(tests, masked, 0, ARCHS);
	tcase_add_loop_test(tests, low_half, 0, (int)(ARCHS * 7));
	tcase_add_test(tests, low_half_and_others);
	tcase_add_test(tests, low_half_in_and_out);
	tcase_add_test(tests, macros);
	tcase_add_loop_test(tests, six_arguments, 0, ARCHS);
	return test_run(tests);
}
