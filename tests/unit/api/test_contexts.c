/* Contexts as a whole: reset, merge, and the program that was prepared before a change. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/version.h>

#include "api/context.h"
#include "asking.h"
#include "support/run.h"

/* ---- reset ---- */

START_TEST(reset_begins_anew)
{
	scmp_filter_ctx ctx = make(SCMP_ARCH_S390X, SCMP_ARCH_PPC);

	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(seccomp_transaction_start(ctx), 0);
	ck_assert_int_eq(callgate_proof_set(ctx, CALLGATE_PROOF_ATTEMPTED), 0);
	ck_assert_int_eq(seccomp_reset(ctx, 0xdeadbeef), -EINVAL);
	ck_assert_int_eq(((const struct context *)ctx)->proof, CALLGATE_PROOF_ATTEMPTED);
	ck_assert_int_eq(seccomp_arch_exist(ctx, SCMP_ARCH_PPC), 0);
	ck_assert_int_eq(seccomp_reset(ctx, E(2)), 0);
	ck_assert_int_eq(((const struct context *)ctx)->proof, CALLGATE_PROOF_REQUIRED);
	ck_assert_int_eq(seccomp_arch_exist(ctx, SCMP_ARCH_PPC), -EEXIST);
	ck_assert_int_eq(seccomp_arch_exist(ctx, SCMP_ARCH_NATIVE), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, DEFAULT, SCMP_SYS(write), 0), 0);
	/* the transaction is gone, so that there is nothing to go back to */
	seccomp_transaction_reject(ctx);
	ck_assert_int_eq(seccomp_arch_exist(ctx, SCMP_ARCH_NATIVE), 0);
	ck_assert_uint_eq(ask(ctx, seccomp_arch_native(), SCMP_SYS(write)), DEFAULT);
	ck_assert_uint_eq(ask(ctx, seccomp_arch_native(), SCMP_SYS(read)), E(2));
	seccomp_release(ctx);
}
END_TEST

/* ---- merge ---- */

START_TEST(merge_appends)
{
	scmp_filter_ctx to = make(SCMP_ARCH_X86_64, 0), from = make(SCMP_ARCH_AARCH64, SCMP_ARCH_X86);

	ck_assert_int_eq(seccomp_attr_set(to, SCMP_FLTATR_ACT_BADARCH, E(9)), 0);
	ck_assert_int_eq(seccomp_attr_set(from, SCMP_FLTATR_ACT_BADARCH, E(8)), 0);
	ck_assert_int_eq(seccomp_attr_set(from, SCMP_FLTATR_CTL_OPTIMIZE, 2), 0);
	ck_assert_int_eq(seccomp_rule_add(to, E(5), SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(seccomp_rule_add(from, E(6), SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(seccomp_precompute(to), 0);
	ck_assert_int_eq(seccomp_merge(to, from), 0);
	ck_assert_uint_eq(ask(to, SCMP_ARCH_X86_64, 0), E(5));
	ck_assert_uint_eq(ask(to, SCMP_ARCH_AARCH64, 63), E(6));
	ck_assert_uint_eq(ask(to, SCMP_ARCH_X86, 3), E(6));
	ck_assert_uint_eq(ask(to, SCMP_ARCH_ARM, 3), E(9));
	const char *text = text_of(to);
	const char *second = strstr(text, "arch aarch64"), *third = strstr(text, "arch x86 ");
	ck_assert(strstr(text, "arch x86_64") < second && second && second < third);
	/* the program that was there is of yesterday */
	size_t size = 0;
	ck_assert_int_eq(seccomp_export_bpf_mem(to, NULL, &size), 0);
	ck_assert_uint_gt(size, 8 * 8);
	seccomp_release(to);
}
END_TEST

static const struct {
	enum scmp_filter_attr attr;
	uint32_t value;
	int expected;
} merged_attributes[] = {
    {SCMP_FLTATR_CTL_NNP, 0, -EINVAL}, {SCMP_FLTATR_CTL_TSYNC, 1, -EINVAL}, {SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_TRAP, 0},
    {SCMP_FLTATR_API_TSKIP, 1, 0},     {SCMP_FLTATR_CTL_LOG, 1, 0},         {SCMP_FLTATR_CTL_SSB, 1, 0},
    {SCMP_FLTATR_CTL_OPTIMIZE, 2, 0},  {SCMP_FLTATR_API_SYSRAWRC, 1, 0},    {SCMP_FLTATR_CTL_WAITKILL, 1, 0},
};

START_TEST(merge_compares_attributes)
{
	ck_assert_int_eq(seccomp_api_set(7), 0);
	for (int swapped = 0; swapped < 2; swapped++) {
		scmp_filter_ctx a = make(SCMP_ARCH_X86_64, 0), b = make(SCMP_ARCH_X86, 0);
		scmp_filter_ctx to = swapped ? b : a, from = swapped ? a : b;
		uint32_t kept, value;

		ck_assert_int_eq(seccomp_attr_set(a, merged_attributes[_i].attr, merged_attributes[_i].value), 0);
		ck_assert_int_eq(seccomp_attr_get(to, merged_attributes[_i].attr, &kept), 0);
		int result = seccomp_merge(to, from);
		ck_assert_int_eq(result, merged_attributes[_i].expected);
		ck_assert_int_eq(seccomp_attr_get(to, merged_attributes[_i].attr, &value), 0);
		ck_assert_uint_eq(value, kept);
		seccomp_release(to);
		if (result < 0)
			seccomp_release(from);
	}
}
END_TEST

START_TEST(merge_refuses)
{
	scmp_filter_ctx to = make(SCMP_ARCH_X86_64, SCMP_ARCH_X86), same = make(SCMP_ARCH_ARM, SCMP_ARCH_X86),
	                big = make(SCMP_ARCH_S390X, 0), other = seccomp_init(E(2));

	ck_assert_int_eq(seccomp_merge(to, to), -EEXIST);
	ck_assert_int_eq(seccomp_merge(to, same), -EEXIST);
	ck_assert_int_eq(seccomp_merge(to, big), -EDOM);
	ck_assert_int_eq(seccomp_merge(big, to), -EDOM);
	ck_assert_int_eq(seccomp_merge(to, other), -EINVAL);
	ck_assert_int_eq(seccomp_merge(to, NULL), -EINVAL);
	ck_assert_int_eq(seccomp_merge(NULL, to), -EINVAL);
	ck_assert_int_eq(seccomp_arch_exist(to, SCMP_ARCH_ARM), -EEXIST);
	ck_assert_int_eq(seccomp_arch_exist(same, SCMP_ARCH_ARM), 0);
	seccomp_release(to);
	seccomp_release(same);
	seccomp_release(big);
	seccomp_release(other);
}
END_TEST

/* NOTIFY of the merged one counts. */
START_TEST(merge_keeps_notify)
{
	ck_assert_int_eq(seccomp_api_set(5), 0);
	scmp_filter_ctx to = make(SCMP_ARCH_X86_64, 0), from = make(SCMP_ARCH_X86, 0);
	ck_assert_int_eq(seccomp_rule_add(from, SCMP_ACT_NOTIFY, SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(seccomp_merge(to, from), 0);
	ck_assert_int_eq(seccomp_attr_set(to, SCMP_FLTATR_CTL_TSYNC, 1), -EINVAL);
	seccomp_release(to);
}
END_TEST

/* ---- the prepared program is of the present rules ---- */

static int remove_arch(scmp_filter_ctx ctx)
{
	return seccomp_arch_remove(ctx, SCMP_ARCH_X86);
}

static int add_arch(scmp_filter_ctx ctx)
{
	return seccomp_arch_add(ctx, SCMP_ARCH_AARCH64);
}

static int add_rule(scmp_filter_ctx ctx)
{
	return seccomp_rule_add(ctx, E(7), SCMP_SYS(close), 1, SCMP_A0(SCMP_CMP_LT, 3));
}

static int set_bad_arch(scmp_filter_ctx ctx)
{
	return seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, E(77));
}

static int set_skip(scmp_filter_ctx ctx)
{
	return seccomp_attr_set(ctx, SCMP_FLTATR_API_TSKIP, 0);
}

static int reset(scmp_filter_ctx ctx)
{
	return seccomp_reset(ctx, E(3));
}

static int merge(scmp_filter_ctx ctx)
{
	return seccomp_merge(ctx, make(SCMP_ARCH_AARCH64, 0));
}

static int reject(scmp_filter_ctx ctx)
{
	seccomp_transaction_reject(ctx);
	return 0;
}

static int prioritize(scmp_filter_ctx ctx)
{
	return seccomp_syscall_priority(ctx, SCMP_SYS(write), 255);
}

static int (*const changes[])(scmp_filter_ctx) = {remove_arch, add_arch, add_rule, set_bad_arch, set_skip,
                                                  reset,       merge,    reject,   prioritize};

static scmp_filter_ctx make_prepared(bool precompute)
{
	scmp_filter_ctx ctx = make(SCMP_ARCH_X86_64, SCMP_ARCH_X86);

	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_API_TSKIP, 1), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), -1, 0), 0);
	ck_assert_int_eq(seccomp_transaction_start(ctx), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(6), SCMP_SYS(write), 0), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(6), SCMP_SYS(read), 0), 0);
	if (precompute)
		ck_assert_int_eq(seccomp_precompute(ctx), 0);
	return ctx;
}

START_TEST(changes_drop_the_program)
{
	static unsigned char with[TEXT], without[TEXT], before[TEXT];
	size_t with_size = TEXT, without_size = TEXT, before_size = TEXT;
	scmp_filter_ctx prepared = make_prepared(true), plain = make_prepared(false);

	ck_assert_int_eq(seccomp_export_bpf_mem(prepared, before, &before_size), 0);
	ck_assert_int_eq(changes[_i](prepared), 0);
	ck_assert_int_eq(changes[_i](plain), 0);
	ck_assert_int_eq(seccomp_export_bpf_mem(prepared, with, &with_size), 0);
	ck_assert_int_eq(seccomp_export_bpf_mem(plain, without, &without_size), 0);
	ck_assert_uint_eq(with_size, without_size);
	ck_assert_int_eq(memcmp(with, without, with_size), 0);
	/* a priority may leave the order as it is */
	ck_assert(changes[_i] == prioritize || with_size != before_size || memcmp(with, before, with_size) != 0);
	seccomp_release(prepared);
	seccomp_release(plain);
}
END_TEST

/* ---- versions ---- */

#if !CALLGATE_VERSION_AT_LEAST(0, 2, 0) || !CALLGATE_VERSION_AT_LEAST(0, 1, 9)
#error "the headers are older than they say"
#endif
#if CALLGATE_VERSION_AT_LEAST(CALLGATE_VERSION_MAJOR, CALLGATE_VERSION_MINOR, CALLGATE_VERSION_MICRO + 1) || \
    CALLGATE_VERSION_AT_LEAST(CALLGATE_VERSION_MAJOR, CALLGATE_VERSION_MINOR + 1, 0) ||                      \
    CALLGATE_VERSION_AT_LEAST(CALLGATE_VERSION_MAJOR + 1, 0, 0)
#error "the headers are newer than they say"
#endif

START_TEST(header_and_library_are_one_version)
{
	char text[32];

	snprintf(text, sizeof(text), "%d.%d.%d", CALLGATE_VERSION_MAJOR, CALLGATE_VERSION_MINOR,
	         CALLGATE_VERSION_MICRO);
	ck_assert_str_eq(callgate_version(), text);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("contexts");

	tcase_add_test(tests, reset_begins_anew);
	tcase_add_test(tests, merge_appends);
	tcase_add_loop_test(tests, merge_compares_attributes, 0,
	                    sizeof(merged_attributes) / sizeof(merged_attributes[0]));
	tcase_add_test(tests, merge_refuses);
	tcase_add_test(tests, merge_keeps_notify);
	tcase_add_loop_test(tests, changes_drop_the_program, 0, sizeof(changes) / sizeof(changes[0]));
	tcase_add_test(tests, header_and_library_are_one_version);
	return test_run(tests);
}
