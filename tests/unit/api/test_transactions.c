/* Transactions: what they take back, keep and leave alone; and priorities, which they leave alone. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>

#include "asking.h"
#include "support/run.h"

enum { DEPTH = 11 };

/* ---- transactions ---- */

START_TEST(nested_transactions)
{
	scmp_filter_ctx ctx = make(SCMP_ARCH_NATIVE, 0);

	for (int i = 0; i < DEPTH; i++) {
		ck_assert_int_eq(seccomp_transaction_start(ctx), 0);
		ck_assert_int_eq(seccomp_rule_add(ctx, E(100 + (unsigned)i), i, 0), 0);
	}
	/* odd ones are kept: with those that were begun inside of them and kept */
	for (int i = DEPTH - 1; i >= 0; i--) {
		if (i % 2)
			ck_assert_int_eq(seccomp_transaction_commit(ctx), 0);
		else
			seccomp_transaction_reject(ctx);
		for (int nr = 0; nr < DEPTH; nr++)
			ck_assert_uint_eq(ask(ctx, SCMP_ARCH_NATIVE, nr),
			                  nr < i || (nr == i && i % 2) ? E(100 + (unsigned)nr) : DEFAULT);
	}
	seccomp_transaction_reject(ctx);
	ck_assert_int_eq(seccomp_transaction_commit(ctx), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), 7, 0), 0);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_NATIVE, 7), E(5));
	seccomp_release(ctx);
}
END_TEST

/* What may happen to a rule inside of a transaction: all of it is taken back. */
START_TEST(transactions_take_back)
{
	scmp_filter_ctx ctx = make(SCMP_ARCH_X86_64, SCMP_ARCH_X86);

	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), SCMP_SYS(ioctl), 1, SCMP_A0(SCMP_CMP_EQ, 0)), 0);
	ck_assert_int_eq(
	    seccomp_rule_add(ctx, E(6), SCMP_SYS(ioctl), 2, SCMP_A0(SCMP_CMP_EQ, 1), SCMP_A1(SCMP_CMP_EQ, 1)), 0);
	char *before = strdup(text_of(ctx));
	ck_assert_int_eq(seccomp_transaction_start(ctx), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(6), SCMP_SYS(ioctl), 1, SCMP_A0(SCMP_CMP_EQ, 1)), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(7), SCMP_SYS(ioctl), 0), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(7), SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_AARCH64), 0);
	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_X86_64), 0);
	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_X86_64), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(8), SCMP_SYS(write), 0), 0);
	ck_assert_int_eq(seccomp_precompute(ctx), 0);
	seccomp_transaction_reject(ctx);
	ck_assert_str_eq(text_of(ctx), before);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, 16), E(5));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, 1), DEFAULT);
	free(before);
	seccomp_release(ctx);
}
END_TEST

/* The next rule does what it would have done, and the same is said of it. */
START_TEST(rejected_rules_leave_no_trace)
{
	scmp_filter_ctx contexts[2];

	for (int i = 0; i < 2; i++) {
		contexts[i] = make(SCMP_ARCH_X86_64, 0);
		ck_assert_int_eq(seccomp_rule_add(contexts[i], E(5), SCMP_SYS(ioctl), 2, SCMP_A0(SCMP_CMP_EQ, 0),
		                                  SCMP_A1(SCMP_CMP_EQ, 0)),
		                 0);
	}
	ck_assert_int_eq(seccomp_transaction_start(contexts[0]), 0);
	ck_assert_int_eq(
	    seccomp_rule_add(contexts[0], E(6), SCMP_SYS(ioctl), 2, SCMP_A0(SCMP_CMP_EQ, 0), SCMP_A1(SCMP_CMP_EQ, 1)),
	    0);
	seccomp_transaction_reject(contexts[0]);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(seccomp_rule_add(contexts[i], E(5), SCMP_SYS(ioctl), 0), 0);
	const char *after = strstr(callgate_diagnosis(contexts[0]), " for "),
	           *without = strstr(callgate_diagnosis(contexts[1]), " for ");
	ck_assert(after && without);
	ck_assert_str_eq(after, without);
	for (int i = 0; i < 2; i++)
		seccomp_release(contexts[i]);
}
END_TEST

START_TEST(transactions_keep)
{
	scmp_filter_ctx ctx = make(SCMP_ARCH_X86_64, 0);

	ck_assert_int_eq(seccomp_transaction_start(ctx), 0);
	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_AARCH64), 0);
	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_X86_64), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(seccomp_transaction_commit(ctx), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(6), SCMP_SYS(write), 0), 0);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_AARCH64, 63), E(5));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_AARCH64, 64), E(6));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, 0), SCMP_ACT_KILL);
	seccomp_release(ctx);
}
END_TEST

/* Attributes are no part of it; neither are priorities, which are not lost either, nor by a rule that fails. */
START_TEST(transactions_leave_alone)
{
	scmp_filter_ctx ctx = make(SCMP_ARCH_X86_64, 0);
	uint32_t value;

	ck_assert_int_eq(seccomp_syscall_priority(ctx, SCMP_SYS(write), 100), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), SCMP_SYS(write), 0), 0);
	ck_assert_int_eq(seccomp_transaction_start(ctx), 0);
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_TRAP), 0);
	ck_assert_int_eq(seccomp_syscall_priority(ctx, SCMP_SYS(read), 200), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(6), -2, 0), -EINVAL);
	seccomp_transaction_reject(ctx);
	ck_assert_int_eq(seccomp_attr_get(ctx, SCMP_FLTATR_ACT_BADARCH, &value), 0);
	ck_assert_uint_eq(value, SCMP_ACT_TRAP);
	const char *text = text_of(ctx);
	ck_assert_ptr_nonnull(strstr(text, "\"write\" (1) [priority: 6619135]")); /* 100 << 16 | 0xffff */
	ck_assert_ptr_nonnull(strstr(text, "\"read\" (0) [priority: 13172735]")); /* 200 << 16 | 0xffff */
	seccomp_release(ctx);
}
END_TEST

/* ---- priorities ---- */

#ifdef __x86_64__
START_TEST(priorities)
{
	scmp_filter_ctx ctx = make(SCMP_ARCH_X86_64, SCMP_ARCH_X86);

	ck_assert_int_eq(seccomp_syscall_priority(ctx, -1, 1), -EINVAL);
	ck_assert_int_eq(seccomp_syscall_priority(ctx, -99, 1), -EINVAL);
	ck_assert_int_eq(seccomp_syscall_priority(ctx, 1000, 1), -EFAULT);
	ck_assert_int_eq(seccomp_syscall_priority(ctx, SCMP_SYS(arm_sync_file_range), 1), 0);
	ck_assert_int_eq(seccomp_syscall_priority(ctx, SCMP_SYS(write), 9), 0);
	ck_assert_int_eq(seccomp_syscall_priority(ctx, SCMP_SYS(write), 4), 0);
	ck_assert_int_eq(seccomp_syscall_priority(ctx, SCMP_SYS(connect), 3), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), SCMP_SYS(write), 0), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), SCMP_SYS(connect), 0), 0);
	const char *text = text_of(ctx);
	ck_assert_ptr_nonnull(strstr(text, "\"write\" (1) [priority: 655359]")); /* 9 << 16 | 0xffff */
	ck_assert_ptr_nonnull(strstr(text, "\"write\" (4) [priority: 655359]"));
	/* on x86 it is socketcall that became more likely; the rule there compares one word */
	ck_assert_ptr_nonnull(strstr(text, "\"socketcall\" (102) [priority: 262142]")); /* 3 << 16 | 0xfffe */
	ck_assert_ptr_nonnull(strstr(text, "\"connect\" (362) [priority: 65535]"));
	/* a call without rules is not in the text */
	ck_assert_int_eq(seccomp_syscall_priority(ctx, SCMP_SYS(close), 3), 0);
	ck_assert_ptr_null(strstr(text_of(ctx), "close"));
	/* 1000 was untranslatable on x86 alone: x86_64 has its priority */
	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_X86), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), 1000, 0), 0);
	ck_assert_ptr_nonnull(strstr(text_of(ctx), "\"UNKNOWN\" (1000) [priority: 131071]")); /* 1 << 16 | 0xffff */
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_API_TSKIP, 1), 0);
	ck_assert_int_eq(seccomp_syscall_priority(ctx, -1, 1), 0);
	seccomp_release(ctx);
}
END_TEST
#endif

int main(void)
{
	TCase *tests = tcase_create("transactions");

	tcase_add_test(tests, nested_transactions);
	tcase_add_test(tests, transactions_take_back);
	tcase_add_test(tests, rejected_rules_leave_no_trace);
	tcase_add_test(tests, transactions_keep);
	tcase_add_test(tests, transactions_leave_alone);
#ifdef __x86_64__
	tcase_add_test(tests, priorities);
#endif
	return test_run(tests);
}
