/* Rules in an order, and rules with expressions: what callgate_rule_match() takes, refuses and reports. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/program.h>
#include <callgate/rule.h>
#include <callgate/simulate.h>
#include <callgate/syscall.h>

#include "support/context.h"
#include "support/simulated.h"

#define DEFAULT SCMP_ACT_ERRNO(1)
#define OTHER   SCMP_ACT_ERRNO(2)

static uint32_t ask(scmp_filter_ctx ctx, uint32_t arch, const char *name, uint64_t first, uint64_t second)
{
	struct callgate_call call = {arch, callgate_syscall_number(arch, name), {first, second}, 0};
	struct callgate_verdict verdict;

	int result = callgate_simulate(ctx, &call, &verdict);
	ck_assert_msg(result == 0, "%s", callgate_diagnosis(ctx));
	return verdict.action;
}

static scmp_filter_ctx ordered(enum callgate_order order, uint32_t action)
{
	scmp_filter_ctx ctx = CONTEXT(action, SCMP_ARCH_X86_64);

	ck_assert_int_eq(callgate_order_set(ctx, order), 0);
	return ctx;
}

/* The rule that is expected to be taken, with a note that has this in it, or with none for NULL. */
static void add(scmp_filter_ctx ctx, uint32_t action, const char *name, const struct callgate_expression *expression,
                const char *note)
{
	int result = callgate_rule_match(ctx, SCMP_ARCH_X86_64, action, callgate_syscall_number(SCMP_ARCH_X86_64, name),
	                                 expression);

	ck_assert_msg(result == 0, "%s", callgate_diagnosis(ctx));
	if (note)
		ck_assert_msg(strstr(callgate_diagnosis(ctx), note), "%s", callgate_diagnosis(ctx));
	else
		ck_assert_str_eq(callgate_diagnosis(ctx), "");
}

START_TEST(a_hole_in_a_later_rule)
{
	scmp_filter_ctx ctx = ordered(CALLGATE_ORDER_FIRST_MATCH, DEFAULT);
	const struct callgate_expression hole = CALLGATE_COMPARE(0, 32, SCMP_CMP_EQ, 38);

	add(ctx, DEFAULT, "socket", &hole, NULL);
	add(ctx, SCMP_ACT_ALLOW, "socket", NULL, NULL);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "socket", 38, 0), DEFAULT);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "socket", 0x500000026, 0), DEFAULT);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "socket", 1, 0), SCMP_ACT_ALLOW);
	seccomp_release(ctx);
}
END_TEST

START_TEST(expressions)
{
	scmp_filter_ctx ctx = ordered(CALLGATE_ORDER_FIRST_MATCH, DEFAULT);
	const struct callgate_expression both =
	    CALLGATE_ALL_OF(CALLGATE_RANGE(0, 64, 10, 20), CALLGATE_NOT(CALLGATE_VALUES(0, 64, 12, 14)),
	                    CALLGATE_ANY_OF(CALLGATE_COMPARE(1, 32, SCMP_CMP_EQ, 7),
	                                    CALLGATE_NOT(CALLGATE_COMPARE(1, 64, SCMP_CMP_MASKED_EQ, 6, 2))));

	add(ctx, SCMP_ACT_ALLOW, "ioctl", &both, NULL);
	for (uint64_t a = 8; a < 23; a++)
		for (uint64_t b = 0; b < 9; b++)
			ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "ioctl", a, b),
			                  a >= 10 && a <= 20 && a != 12 && a != 14 && (b == 7 || (b & 6) != 2)
			                      ? SCMP_ACT_ALLOW
			                      : DEFAULT);
	seccomp_release(ctx);
}
END_TEST

START_TEST(the_strictest_wins)
{
	scmp_filter_ctx ctx = ordered(CALLGATE_ORDER_STRICTEST, DEFAULT);
	const struct callgate_expression small = CALLGATE_COMPARE(0, 64, SCMP_CMP_LT, 10),
	                                 tiny = CALLGATE_COMPARE(0, 64, SCMP_CMP_LT, 5);

	add(ctx, SCMP_ACT_ALLOW, "ioctl", &small, NULL);
	add(ctx, OTHER, "ioctl", &tiny, NULL);
	add(ctx, SCMP_ACT_LOG, "ioctl", &tiny,
	    "rule 3 can never decide: rule 2 already covers it, as for ioctl(0, *, *) on x86_64");
	add(ctx, SCMP_ACT_KILL_PROCESS, "ioctl", &tiny, NULL);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "ioctl", 3, 0), SCMP_ACT_KILL_PROCESS);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "ioctl", 7, 0), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "ioctl", 10, 0), DEFAULT);
	seccomp_release(ctx);
}
END_TEST

START_TEST(rules_that_never_decide_are_reported)
{
	scmp_filter_ctx ctx = ordered(CALLGATE_ORDER_FIRST_MATCH, DEFAULT);
	const struct callgate_expression low = CALLGATE_COMPARE(0, 64, SCMP_CMP_LT, 5),
	                                 high = CALLGATE_COMPARE(0, 64, SCMP_CMP_GE, 5),
	                                 odd = CALLGATE_COMPARE(0, 64, SCMP_CMP_MASKED_EQ, 1, 1),
	                                 none = CALLGATE_ALL_OF(low, high),
	                                 never = {CALLGATE_EXPRESSION_ANY, .count = 0};

	add(ctx, SCMP_ACT_ALLOW, "ioctl", &low, NULL);
	add(ctx, OTHER, "ioctl", &low,
	    "rule 2 can never decide: rule 1 already covers it, as for ioctl(0, *, *) on x86_64");
	add(ctx, OTHER, "ioctl", &none, "rule 3 can never decide: no call satisfies its expression");
	add(ctx, OTHER, "ioctl", &high, NULL);
	/* Two together cover it. */
	add(ctx, SCMP_ACT_TRAP, "ioctl", &odd, "rule 5 can never decide: rule");
	add(ctx, SCMP_ACT_TRAP, "ioctl", NULL, "rule 6 can never decide: rule");
	add(ctx, SCMP_ACT_TRAP, "read", &never, "rule 7 can never decide: no call satisfies its expression");
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "ioctl", 3, 0), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "ioctl", 5, 0), OTHER);
	seccomp_release(ctx);
}
END_TEST

/* On 32 bits a value that does not fit decides the comparison, and a negative one is what it is there. */
START_TEST(words_of_32_bits)
{
	scmp_filter_ctx ctx = CONTEXT(DEFAULT, SCMP_ARCH_X86_64, SCMP_ARCH_ARM);
	const struct callgate_expression small = CALLGATE_COMPARE(0, 64, SCMP_CMP_LT, 0x100000000),
	                                 cwd = CALLGATE_COMPARE(0, 64, SCMP_CMP_EQ, (uint64_t)-100),
	                                 wide = CALLGATE_COMPARE(0, 64, SCMP_CMP_EQ, 0x100000005);

	ck_assert_int_eq(callgate_order_set(ctx, CALLGATE_ORDER_FIRST_MATCH), 0);
	ck_assert_int_eq(callgate_rule_match(ctx, CALLGATE_EVERY_ARCH, OTHER, SCMP_SYS(read), &wide), 0);
	ck_assert_int_eq(callgate_rule_match(ctx, CALLGATE_EVERY_ARCH, SCMP_ACT_ALLOW, SCMP_SYS(read), &small), 0);
	ck_assert_int_eq(callgate_rule_match(ctx, CALLGATE_EVERY_ARCH, SCMP_ACT_ALLOW, SCMP_SYS(openat), &cwd), 0);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_ARM, "read", 5, 0), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "read", 5, 0), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "read", 0x100000005, 0), OTHER);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_ARM, "openat", 0xffffff9c, 0), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "openat", (uint64_t)-100, 0), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "openat", 0xffffff9c, 0), DEFAULT);
	seccomp_release(ctx);
}
END_TEST

/* socketcall(2) hides arguments: what denies denies all there, and what allows allows none. */
START_TEST(multiplexed_calls_are_denied)
{
	static const uint32_t defaults[] = {DEFAULT, SCMP_ACT_ALLOW};
	static const char *const notes[] = {
	    "note: rule 1: through socketcall on x86 arguments can't be compared: no such calls get its "
	    "action",
	    "note: rule 1: through socketcall on x86 arguments can't be compared: all such calls get its "
	    "action",
	};
	const struct callgate_expression alg = CALLGATE_COMPARE(0, 32, SCMP_CMP_EQ, 38);

	for (int i = 0; i < 2; i++) {
		scmp_filter_ctx ctx = CONTEXT(defaults[i], SCMP_ARCH_X86_64, SCMP_ARCH_X86);
		ck_assert_int_eq(callgate_order_set(ctx, CALLGATE_ORDER_FIRST_MATCH), 0);
		ck_assert_int_eq(
		    callgate_rule_match(ctx, CALLGATE_EVERY_ARCH, i ? OTHER : SCMP_ACT_ALLOW, SCMP_SYS(socket), &alg),
		    0);
		ck_assert_str_eq(callgate_diagnosis(ctx), notes[i]);
		ck_assert_int_eq(
		    callgate_rule_match(ctx, CALLGATE_EVERY_ARCH, i ? OTHER : SCMP_ACT_ALLOW, SCMP_SYS(bind), NULL), 0);
		ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "socket", 38, 0), i ? OTHER : SCMP_ACT_ALLOW);
		ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "socket", 1, 0), defaults[i]);
		ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "socketcall", 1, 0), i ? OTHER : DEFAULT);
		ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "socketcall", 2, 0), i ? OTHER : SCMP_ACT_ALLOW);
		ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "socketcall", 3, 0), defaults[i]);
		ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, "bind", 0, 0), i ? OTHER : SCMP_ACT_ALLOW);
		seccomp_release(ctx);
	}
}
END_TEST

/* Those of <seccomp.h> and callgate_rule_add() take their place in the order too. */
START_TEST(other_functions_keep_the_order)
{
	scmp_filter_ctx ctx = ordered(CALLGATE_ORDER_FIRST_MATCH, DEFAULT);
	struct scmp_arg_cmp one = SCMP_A0(SCMP_CMP_EQ, 1);

	ck_assert_int_eq(seccomp_rule_add_array(ctx, OTHER, SCMP_SYS(read), 1, &one), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_TRAP, SCMP_SYS(read), 1, one), 0);
	ck_assert_ptr_nonnull(strstr(callgate_diagnosis(ctx), "rule 3 can never decide: rule 1 already covers it"));
	one.datum_a = 2;
	ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_X86_64, DEFAULT,
	                                   callgate_syscall_number(SCMP_ARCH_X86_64, "write"), 1, &one),
	                 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(write), 0), 0);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "read", 1, 0), OTHER);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "read", 2, 0), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "write", 2, 0), DEFAULT);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "write", 3, 0), SCMP_ACT_ALLOW);
	seccomp_release(ctx);
}
END_TEST

START_TEST(transactions_merging_and_reset)
{
	scmp_filter_ctx ctx = ordered(CALLGATE_ORDER_FIRST_MATCH, DEFAULT), other = CONTEXT(DEFAULT, SCMP_ARCH_AARCH64);
	const struct callgate_expression one = CALLGATE_VALUES(0, 64, 1, 2, 3);

	add(ctx, OTHER, "read", &one, NULL);
	ck_assert_int_eq(callgate_order_set(ctx, CALLGATE_ORDER_STRICTEST), -EEXIST);
	ck_assert_int_eq(callgate_order_set(ctx, CALLGATE_ORDER_FIRST_MATCH), 0);
	ck_assert_int_eq(seccomp_transaction_start(ctx), 0);
	add(ctx, SCMP_ACT_ALLOW, "read", NULL, NULL);
	add(ctx, SCMP_ACT_ALLOW, "write", NULL, NULL);
	seccomp_transaction_reject(ctx);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "read", 9, 0), DEFAULT);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "write", 9, 0), DEFAULT);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "read", 3, 0), OTHER);
	ck_assert_int_eq(seccomp_transaction_start(ctx), 0);
	add(ctx, SCMP_ACT_ALLOW, "read", NULL, NULL);
	ck_assert_int_eq(seccomp_transaction_commit(ctx), 0);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "read", 9, 0), SCMP_ACT_ALLOW);
	ck_assert_int_eq(seccomp_merge(ctx, other), -EINVAL);
	ck_assert_str_eq(callgate_diagnosis(ctx), "the contexts differ in the order of their rules");
	ck_assert_int_eq(callgate_order_set(other, CALLGATE_ORDER_FIRST_MATCH), 0);
	ck_assert_int_eq(callgate_rule_match(other, SCMP_ARCH_AARCH64, OTHER, 63, &one), 0);
	ck_assert_int_eq(seccomp_merge(ctx, other), 0);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_AARCH64, "read", 2, 0), OTHER);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_AARCH64, "read", 4, 0), DEFAULT);
	ck_assert_int_eq(seccomp_reset(ctx, DEFAULT), 0);
	/* As libseccomp has it again. */
	ck_assert_int_eq(seccomp_rule_add(ctx, DEFAULT, SCMP_SYS(read), 0), -EACCES);
	seccomp_release(ctx);
}
END_TEST

/* Where rules have no order, alternatives are libseccomp's rules: all of them or none. */
START_TEST(expressions_without_an_order)
{
	scmp_filter_ctx ctx = CONTEXT(DEFAULT, SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64);
	const struct callgate_expression some = CALLGATE_VALUES(0, 64, 1, 2, 3), two = CALLGATE_VALUES(0, 64, 5, 2);

	ck_assert_int_eq(callgate_rule_match(ctx, CALLGATE_EVERY_ARCH, SCMP_ACT_ALLOW, SCMP_SYS(read), &some), 0);
	ck_assert_int_eq(callgate_rule_match(ctx, CALLGATE_EVERY_ARCH, OTHER, SCMP_SYS(read), &two), -EEXIST);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_AARCH64, "read", 2, 0), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, "read", 5, 0), DEFAULT);
	ck_assert_int_eq(callgate_rule_match(ctx, CALLGATE_EVERY_ARCH, DEFAULT, SCMP_SYS(read), &two), -EACCES);
	seccomp_release(ctx);
}
END_TEST

START_TEST(bad_expressions)
{
	static const uint64_t many[100];
	const struct callgate_expression values = {
	    CALLGATE_EXPRESSION_VALUES, 0, CALLGATE_BITS_64, SCMP_CMP_EQ, 0, 0, 100, many, NULL};
	const struct callgate_expression good = CALLGATE_COMPARE(0, 64, SCMP_CMP_EQ, 1),
	                                 large = CALLGATE_ALL_OF(values, values);
	struct callgate_expression bad[] = {
	    {0},
	    good,
	    good,
	    good,
	    good,
	    good,
	    CALLGATE_NOT(good, good),
	    large,
	    values,
	    {CALLGATE_EXPRESSION_NOT, .count = 0},
	};
	struct callgate_expression deep[66];
	scmp_filter_ctx ctx = ordered(CALLGATE_ORDER_FIRST_MATCH, DEFAULT);

	bad[1].argument = 6;
	bad[2].width = (enum callgate_width)33;
	bad[3].op = (enum scmp_compare)8;
	bad[4].kind = (enum callgate_expression_kind)99;
	bad[5] = (struct callgate_expression){CALLGATE_EXPRESSION_ANY, .count = 2};
	bad[8].values = NULL;
	deep[65] = good;
	for (int i = 64; i >= 0; i--)
		deep[i] = (struct callgate_expression){CALLGATE_EXPRESSION_NOT, .count = 1, .parts = &deep[i + 1]};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(callgate_rule_match(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ALLOW, 0, &bad[i]) == -EINVAL, "%zu",
		              i);
		ck_assert_str_ne(callgate_diagnosis(ctx), "");
	}
	ck_assert_int_eq(callgate_rule_match(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ALLOW, 0, deep), -EINVAL);
	ck_assert_str_eq(callgate_diagnosis(ctx), "the expression is nested more than 64 deep");
	ck_assert_int_eq(callgate_rule_match(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ALLOW, 0, deep + 2), 0);
	ck_assert_int_eq(callgate_rule_match(NULL, SCMP_ARCH_X86_64, SCMP_ACT_ALLOW, 0, NULL), -EINVAL);
	ck_assert_int_eq(callgate_rule_match(ctx, SCMP_ARCH_S390X, SCMP_ACT_ALLOW, 0, NULL), -EINVAL);
	ck_assert_int_eq(callgate_rule_match(ctx, SCMP_ARCH_X86_64, 0x12345, 0, NULL), -EINVAL);
	ck_assert_int_eq(callgate_rule_match(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ALLOW, -101, NULL), -EINVAL);
	ck_assert_int_eq(callgate_rule_match(ctx, CALLGATE_EVERY_ARCH, SCMP_ACT_ALLOW, -5, NULL), -EINVAL);
	ck_assert_int_eq(callgate_order_set(NULL, CALLGATE_ORDER_STRICTEST), -EINVAL);
	ck_assert_int_eq(callgate_order_set(ctx, (enum callgate_order)3), -EINVAL);
	ck_assert_int_eq(seccomp_rule_add_exact(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), 0), 0);
	seccomp_release(ctx);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("rules in an order");

	tcase_add_test(tcase, a_hole_in_a_later_rule);
	tcase_add_test(tcase, expressions);
	tcase_add_test(tcase, the_strictest_wins);
	tcase_add_test(tcase, rules_that_never_decide_are_reported);
	tcase_add_test(tcase, words_of_32_bits);
	tcase_add_test(tcase, multiplexed_calls_are_denied);
	tcase_add_test(tcase, other_functions_keep_the_order);
	tcase_add_test(tcase, transactions_merging_and_reset);
	tcase_add_test(tcase, expressions_without_an_order);
	tcase_add_test(tcase, bad_expressions);
	return simulated_run(tcase);
}
