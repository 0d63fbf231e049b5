/* What is seldom asked for, or refused: long rules, many architectures, priorities without rules, limits. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/prove.h>
#include <callgate/rule.h>
#include <callgate/simulate.h>

#include "support/context.h"
#include "support/run.h"

static uint32_t verdict_of(scmp_filter_ctx ctx, uint32_t arch, int nr, uint64_t a, uint64_t b)
{
	const struct callgate_call call = {arch, nr, {a, b, 5, 5}, 0};
	struct callgate_verdict verdict;

	ck_assert_int_eq(callgate_simulate(ctx, &call, &verdict), 0);
	return verdict.action;
}

static void check_refused(int result, int expected, const char *words, const char *text)
{
	ck_assert_int_eq(result, expected);
	ck_assert_msg(strstr(text, words) != NULL, "%s", text);
}

START_TEST(kinds_of_proof)
{
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_KILL, SCMP_ARCH_X86_64);

	for (int proof = -1; proof < 5; proof += 5)
		check_refused(callgate_proof_set(ctx, (enum callgate_proof)proof), -EINVAL, "is no CALLGATE_PROOF_",
		              callgate_diagnosis(ctx));
	ck_assert_int_eq(callgate_proof_set(NULL, CALLGATE_PROOF_REQUIRED), -EINVAL);
	seccomp_release(ctx);
}
END_TEST

/* More comparisons than a call has arguments. */
START_TEST(long_rules)
{
	struct scmp_arg_cmp conditions[CALLGATE_RULE_CONDITIONS_MAX + 1];
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ALLOW, SCMP_ARCH_X86_64);

	for (unsigned i = 0; i <= CALLGATE_RULE_CONDITIONS_MAX; i++)
		conditions[i] = (struct scmp_arg_cmp){i % 2, i % 4 < 2 ? SCMP_CMP_GE : SCMP_CMP_LT,
		                                      i % 4 < 2 ? 10 + i % 2 : 20 + i % 2, 0};
	ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ERRNO(1), 1, 8, conditions), 0);
	check_refused(callgate_rule_add(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ERRNO(2), 2, CALLGATE_RULE_CONDITIONS_MAX + 1,
	                                conditions),
	              -EINVAL, "too many comparisons", callgate_diagnosis(ctx));
	conditions[7].arg = 9;
	check_refused(callgate_rule_add(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ERRNO(2), 2, 8, conditions), -EINVAL,
	              "argument index 9", callgate_diagnosis(ctx));
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86_64, 1, 10, 11), SCMP_ACT_ERRNO(1));
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86_64, 1, 19, 20), SCMP_ACT_ERRNO(1));
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86_64, 1, 9, 11), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86_64, 1, 19, 21), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86_64, 2, 15, 15), SCMP_ACT_ALLOW);
	ck_assert_int_eq(seccomp_precompute(ctx), 0);
	seccomp_release(ctx);
}
END_TEST

START_TEST(long_expressions)
{
	static struct callgate_expression parts[CALLGATE_RULE_CONDITIONS_MAX + 1];
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ALLOW, SCMP_ARCH_X86_64);
	struct callgate_expression all = CALLGATE_ALL_OF(CALLGATE_VALUES(0, 64, 1), CALLGATE_VALUES(1, 64, 1));

	for (unsigned i = 0; i <= CALLGATE_RULE_CONDITIONS_MAX; i++)
		parts[i] = (struct callgate_expression)CALLGATE_RANGE(0, 64, 1, 5);
	all.parts = parts;
	all.count = CALLGATE_RULE_CONDITIONS_MAX + 1;
	check_refused(callgate_rule_match(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ERRNO(1), 1, &all), -EINVAL,
	              "too many comparisons", callgate_diagnosis(ctx));
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86_64, 1, 2, 2), SCMP_ACT_ALLOW);
	seccomp_release(ctx);
}
END_TEST

/* A rule for more architectures than most contexts have. */
START_TEST(many_architectures)
{
	static const uint32_t archs[] = {SCMP_ARCH_X86_64,
	                                 SCMP_ARCH_X86,
	                                 SCMP_ARCH_X32,
	                                 SCMP_ARCH_AARCH64,
	                                 SCMP_ARCH_ARM,
	                                 SCMP_ARCH_RISCV64,
	                                 SCMP_ARCH_MIPSEL,
	                                 SCMP_ARCH_MIPSEL64,
	                                 SCMP_ARCH_MIPSEL64N32,
	                                 SCMP_ARCH_PPC64LE,
	                                 0};
	scmp_filter_ctx ctx = context_new(SCMP_ACT_ALLOW, archs);
	const struct scmp_arg_cmp none = {0};

	context_add(ctx, SCMP_ACT_ERRNO(1), "socket", 1, (struct scmp_arg_cmp){1, SCMP_CMP_EQ, 5, 0}, none);
	for (const uint32_t *arch = archs; *arch; arch++) {
		int nr = seccomp_syscall_resolve_name_arch(*arch, "socket");
		if (nr >= 0) {
			ck_assert_uint_eq(verdict_of(ctx, *arch, nr, 0, 5), SCMP_ACT_ERRNO(1));
			ck_assert_uint_eq(verdict_of(ctx, *arch, nr, 0, 6), SCMP_ACT_ALLOW);
		}
	}
	ck_assert_int_eq(seccomp_precompute(ctx), 0);
	seccomp_release(ctx);
}
END_TEST

/* A known call that is to be unknown, and has a priority but no rule: it is unknown all the same. */
START_TEST(a_priority_is_no_rule)
{
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ERRNO(1), SCMP_ARCH_X86_64);
	int newest = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, "pidfd_open");
	int later = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, "openat2");
	int ruled = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, "faccessat2");

	ck_assert(newest > 0 && newest < later && newest < ruled);
	context_add_call(ctx, SCMP_ACT_ALLOW, "faccessat2");
	ck_assert_int_eq(callgate_rule_unknown_after(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ERRNO(38), newest), 0);
	ck_assert_int_eq(seccomp_syscall_priority(ctx, seccomp_syscall_resolve_name("openat2"), 200), 0);
	ck_assert_int_eq(seccomp_syscall_priority(ctx, seccomp_syscall_resolve_name("read"), 100), 0);
	ck_assert_int_eq(seccomp_precompute(ctx), 0);
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86_64, later, 0, 0), SCMP_ACT_ERRNO(38));
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86_64, newest, 0, 0), SCMP_ACT_ERRNO(1));
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86_64, ruled, 0, 0), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86_64, 0, 0, 0), SCMP_ACT_ERRNO(1));
	seccomp_release(ctx);
}
END_TEST

/* Rules in an order: a call that an architecture lacks, and an exact rule for one that it multiplexes. */
START_TEST(ordered_rules)
{
	scmp_filter_ctx both = CONTEXT(SCMP_ACT_KILL, SCMP_ARCH_X86_64, SCMP_ARCH_X86),
	                one = CONTEXT(SCMP_ACT_KILL, SCMP_ARCH_X86);

	ck_assert_int_eq(callgate_order_set(both, CALLGATE_ORDER_FIRST_MATCH), 0);
	ck_assert_int_eq(callgate_order_set(one, CALLGATE_ORDER_FIRST_MATCH), 0);
	context_add_call(both, SCMP_ACT_ALLOW, "waitpid");
	context_add_call(both, SCMP_ACT_ALLOW, "accept4");
	context_add_call(both, SCMP_ACT_ERRNO(1), "accept4");
	check_refused(seccomp_rule_add_exact(one, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name("socket"), 1,
	                                     SCMP_A0(SCMP_CMP_EQ, 1)),
	              -EINVAL, "multiplexed on x86", callgate_diagnosis(one));
	ck_assert_int_eq(seccomp_rule_add_exact(one, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name("socket"), 0), 0);
	ck_assert_uint_eq(verdict_of(both, SCMP_ARCH_X86, 7, 0, 0), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(verdict_of(both, SCMP_ARCH_X86, 102, 18, 0), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(verdict_of(one, SCMP_ARCH_X86, 102, 1, 0), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(verdict_of(one, SCMP_ARCH_X86, 102, 2, 0), SCMP_ACT_KILL);
	seccomp_release(one);
	seccomp_release(both);
}
END_TEST

/* Too many rules of one call: several programs would not help. */
START_TEST(one_call_cannot_be_divided)
{
	enum { RULES = 2600 };
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ALLOW, SCMP_ARCH_X86_64);

	for (uint64_t i = 0; i < RULES; i++) {
		uint64_t value = (i * 2654435761u) ^ (i << 33);
		struct scmp_arg_cmp conditions[] = {
		    {0, SCMP_CMP_MASKED_EQ, 0x5555555500000000 | value >> 7, value & 0x5555555500000000},
		    {1, SCMP_CMP_EQ, value, 0}};
		ck_assert_int_eq(
		    callgate_rule_add(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ERRNO(1 + (uint16_t)(i % 3)), 1, 2, conditions),
		    0);
	}
	check_refused(seccomp_precompute(ctx), -EFAULT, "can't be divided", callgate_diagnosis(ctx));
	/* What is too long is told as the kernel's errors are. */
	check_refused(seccomp_load(ctx), -ECANCELED, "can't be divided", callgate_diagnosis(ctx));
	seccomp_release(ctx);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("seldom");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, kinds_of_proof);
	tcase_add_test(tcase, long_rules);
	tcase_add_test(tcase, long_expressions);
	tcase_add_test(tcase, many_architectures);
	tcase_add_test(tcase, a_priority_is_no_rule);
	tcase_add_test(tcase, ordered_rules);
	tcase_add_test(tcase, one_call_cannot_be_divided);
	return test_run(tcase);
}
