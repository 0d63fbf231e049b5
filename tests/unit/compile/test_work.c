/*
 * How much work rules make, counted, not timed: this program's copy of the library is compiled so that every basic
 * block reports. Four times as many rules may make about four times the work, whatever the rules are, and what the
 * library is asked to bear (many rules, many values, many architectures) has to stay below a bound; a block takes a few
 * nanoseconds.
 */
#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <callgate/prove.h>

#include "support/run.h"

static unsigned long blocks;

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
	blocks++;
}

static const char *const little_endian[] = {"x86_64", "x86",      "x32",         "arm",     "aarch64", "loongarch64",
                                            "mipsel", "mipsel64", "mipsel64n32", "ppc64le", "riscv64", "sh"};

static void allow(scmp_filter_ctx ctx, int nr, unsigned count, const struct scmp_arg_cmp *conditions)
{
	int result = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, nr, count, conditions);

	ck_assert_msg(result == 0 || result == -EEXIST, "rule for call %d: %d", nr, result);
}

/* An action that no other of 4000 rules has. */
static void fail_with(scmp_filter_ctx ctx, int error, int nr, unsigned count, const struct scmp_arg_cmp *conditions)
{
	int result = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO((uint32_t)error % 4000 + 1), nr, count, conditions);

	ck_assert_msg(result == 0 || result == -EEXIST, "rule for call %d: %d", nr, result);
}

#define ONE(...)                   \
	1, (struct scmp_arg_cmp[]) \
	{                          \
		__VA_ARGS__        \
	}
#define CMP SCMP_CMP64

static void many_rules(scmp_filter_ctx ctx, int i)
{
	allow(ctx, i % 400, ONE(CMP(0, SCMP_CMP_EQ, (scmp_datum_t)i)));
}

static void many_values(scmp_filter_ctx ctx, int i)
{
	allow(ctx, 16, ONE(CMP(1, SCMP_CMP_EQ, (scmp_datum_t)i * 7 + 3)));
}

static void many_calls(scmp_filter_ctx ctx, int i)
{
	allow(ctx, i, 0, NULL);
}

/* By name, for every architecture has its own numbers: each of them that x86 knows. */
static void many_names(scmp_filter_ctx ctx, int i)
{
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86, i);

	if (name)
		allow(ctx, seccomp_syscall_resolve_name(name), 0, NULL);
	free(name);
}

static void many_actions(scmp_filter_ctx ctx, int i)
{
	fail_with(ctx, i, i * 2, 0, NULL);
}

static void growing_ranges(scmp_filter_ctx ctx, int i)
{
	fail_with(ctx, i, 16, ONE(CMP(1, SCMP_CMP_GE, (scmp_datum_t)i * 7 + 3)));
}

static void many_exceptions(scmp_filter_ctx ctx, int i)
{
	fail_with(ctx, i, 16, ONE(CMP(1, SCMP_CMP_NE, (scmp_datum_t)i * 7 + 3)));
}

static void deep_exceptions(scmp_filter_ctx ctx, int i)
{
	scmp_datum_t value = (scmp_datum_t)i;
	struct scmp_arg_cmp conditions[] = {CMP(0, SCMP_CMP_NE, value), CMP(1, SCMP_CMP_NE, value),
	                                    CMP(2, SCMP_CMP_NE, value)};

	fail_with(ctx, i, 16, 3, conditions);
}

static void many_masks(scmp_filter_ctx ctx, int i)
{
	scmp_datum_t mask = (scmp_datum_t)(i + 1) * 0x9e3779b97f4a7c15u;

	fail_with(ctx, i, 16, ONE(CMP(1, SCMP_CMP_MASKED_EQ, mask, (scmp_datum_t)i * 0x123456789abcdefu)));
}

static void crossing_ranges(scmp_filter_ctx ctx, int i)
{
	scmp_datum_t value = (scmp_datum_t)i * 0x100000001u;

	fail_with(ctx, i, 16, ONE(CMP((unsigned)i % 6, i % 2 ? SCMP_CMP_LE : SCMP_CMP_GE, value)));
}

static void everything_at_once(scmp_filter_ctx ctx, int i)
{
	scmp_datum_t value = (scmp_datum_t)i;
	struct scmp_arg_cmp conditions[] = {CMP(0, SCMP_CMP_EQ, value % 7),
	                                    CMP(1, SCMP_CMP_GE, value % 11),
	                                    CMP(2, SCMP_CMP_LT, value + 1),
	                                    CMP(3, SCMP_CMP_NE, value % 5),
	                                    CMP(4, SCMP_CMP_MASKED_EQ, value, value & 3),
	                                    CMP(5, SCMP_CMP_GT, value * 3)};

	fail_with(ctx, i, 16, 6, conditions);
}

static void many_priorities(scmp_filter_ctx ctx, int i)
{
	ck_assert_int_eq(seccomp_syscall_priority(ctx, i % 450, (uint8_t)(i * 37 % 255)), 0);
	fail_with(ctx, i, i % 450, ONE(CMP((unsigned)i % 6, SCMP_CMP_EQ, (scmp_datum_t)i)));
}

static void many_transactions(scmp_filter_ctx ctx, int i)
{
	ck_assert_int_eq(seccomp_transaction_start(ctx), 0);
	allow(ctx, i % 500, ONE(CMP(0, SCMP_CMP_EQ, (scmp_datum_t)i)));
	if (i % 3)
		ck_assert_int_eq(seccomp_transaction_commit(ctx), 0);
	else
		seccomp_transaction_reject(ctx);
}

/* Every call's rules are more tangled than there is time to take apart. */
static void tangled_masks(scmp_filter_ctx ctx, int i)
{
	scmp_datum_t mask = (scmp_datum_t)i * 37 | 1;
	struct scmp_arg_cmp conditions[] = {CMP(0, SCMP_CMP_MASKED_EQ, mask, (scmp_datum_t)i * 53 & mask),
	                                    CMP(1, SCMP_CMP_GT, (scmp_datum_t)i << 20)};

	allow(ctx, i % 300, 2, conditions);
}

static void tangled_ranges(scmp_filter_ctx ctx, int i)
{
	struct scmp_arg_cmp conditions[] = {CMP(0, SCMP_CMP_GT, (scmp_datum_t)i * 7919 << 16),
	                                    CMP(1, SCMP_CMP_LT, (scmp_datum_t)i * 104729 << 13),
	                                    CMP(2, SCMP_CMP_NE, (scmp_datum_t)i << 31)};

	fail_with(ctx, i % 50, i % 300, 3, conditions);
}

/* Numbers below 1000 that do not follow a rule. */
static scmp_datum_t scattered(int i, unsigned salt)
{
	return ((scmp_datum_t)i * 8 + salt) * 0x9e3779b97f4a7c15u >> 40 & 1023;
}

static void equal_arguments(scmp_filter_ctx ctx, int i)
{
	unsigned first = (unsigned)scattered(i, 0) % 6, second = (first + 1 + (unsigned)scattered(i, 1) % 5) % 6;
	struct scmp_arg_cmp conditions[] = {CMP(first, SCMP_CMP_EQ, scattered(i, 2)),
	                                    CMP(second, SCMP_CMP_EQ, scattered(i, 3))};

	allow(ctx, 16, 2, conditions);
}

static void overlapping_ranges(scmp_filter_ctx ctx, int i)
{
	struct scmp_arg_cmp conditions[3];

	for (unsigned j = 0; j < 3; j++)
		conditions[j] = CMP(j, scattered(i, j) & 1 ? SCMP_CMP_GE : SCMP_CMP_LE, scattered(i, 3 + j));
	allow(ctx, 16, 3, conditions);
}

static void overlapping_intervals(scmp_filter_ctx ctx, int i)
{
	scmp_datum_t first = scattered(i, 0);
	struct scmp_arg_cmp conditions[] = {CMP(0, SCMP_CMP_GE, first), CMP(1, SCMP_CMP_LE, first + 500)};

	fail_with(ctx, i, 16, 2, conditions);
}

static void two_bits(scmp_filter_ctx ctx, int i)
{
	struct scmp_arg_cmp conditions[2];

	for (unsigned j = 0; j < 2; j++) {
		scmp_datum_t mask = (scmp_datum_t)1 << scattered(i, j) % 32 | (scmp_datum_t)1
		                                                                  << scattered(i, 2 + j) % 32;
		conditions[j] = CMP(j, SCMP_CMP_MASKED_EQ, mask, mask & (scattered(i, 4 + j) * 0x100401u));
	}
	allow(ctx, 16, 2, conditions);
}

/* One kind of rules, and how many there are at first; then there are four times as many. */
static const struct family {
	const char *name;
	void (*add)(scmp_filter_ctx ctx, int i);
	int count;
	size_t archs; /* of the table of architectures */
	/* of the work without the proof; more than 4 only where the program gets longer paths, too */
	double growth;
	/* millions of blocks for the larger number of rules, with the proof; 0: no promise was made */
	unsigned long most;
	bool grows_archs; /* there are four times as many architectures, not rules */
} families[] = {
    {"many rules", many_rules, 5000, 1, 5, 100},
    {"many values", many_values, 200, 1, 5, 10},
    {"many architectures", many_names, 100, 12, 4, 10},
    {"many calls", many_calls, 5000, 1, 5, 0},
    {"many actions", many_actions, 2000, 1, 5, 0},
    {"growing ranges", growing_ranges, 200, 1, 5, 0},
    {"many exceptions", many_exceptions, 200, 1, 5, 0},
    {"deep exceptions", deep_exceptions, 400, 1, 5, 0},
    {"many masks", many_masks, 800, 1, 5, 0},
    {"crossing ranges", crossing_ranges, 800, 1, 5, 0},
    {"tangled masks", tangled_masks, 5000, 1, 5, 120},
    {"tangled ranges", tangled_ranges, 5000, 1, 5, 120},
    {"everything at once", everything_at_once, 400, 1, 5, 0},
    {"many priorities", many_priorities, 5000, 1, 5, 0},
    {"many transactions", many_transactions, 5000, 1, 5, 0},
    {"equal arguments", equal_arguments, 100, 1, 5, 0},
    {"more equal arguments", equal_arguments, 250, 1, 5, 0},
    {"overlapping ranges", overlapping_ranges, 100, 1, 5, 0},
    /* 1000 are compiled twice, until it is known that no stack holds them. */
    {"overlapping intervals", overlapping_intervals, 250, 1, 6, 0},
    {"two bits", two_bits, 16, 1, 5, 0},
    {"more than fit any stack", equal_arguments, 25000, 1, 5, 0},
    {"equal arguments on many architectures", equal_arguments, 100, 12, 5, 0},
    {"few equal arguments", equal_arguments, 40, 1, 5, 0},
    {"few overlapping ranges", overlapping_ranges, 50, 1, 5, 0},
    /* As above. */
    {"more overlapping ranges", overlapping_ranges, 250, 1, 6, 0},
    {"more two bits", two_bits, 250, 1, 5, 0},
    {"a hundred thousand rules", many_rules, 25000, 1, 5, 0},
    {"all names on 3 and 12 architectures", many_names, 450, 3, 5, 0, true},
};

static int count_of(const struct family *family, bool more)
{
	return more && !family->grows_archs ? 4 * family->count : family->count;
}

/* Of adding the rules and making the program; whether that is short enough to be had does not matter here. */
static unsigned long work_of(const struct family *family, bool more, enum callgate_proof proof)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL);
	int count = count_of(family, more);

	ck_assert_ptr_nonnull(ctx);
	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), 0);
	for (size_t i = 0; i < family->archs * (more && family->grows_archs ? 4 : 1); i++)
		ck_assert_int_eq(seccomp_arch_add(ctx, seccomp_arch_resolve_name(little_endian[i])), 0);
	ck_assert_int_eq(callgate_proof_set(ctx, proof), 0);
	blocks = 0;
	for (int i = 0; i < count; i++)
		family->add(ctx, i);
	int result = seccomp_precompute(ctx);
	unsigned long work = blocks;
	ck_assert_msg(result == 0 || result == -EFAULT, "%s, %d rules: %d", family->name, count, result);
	seccomp_release(ctx);
	return work;
}

START_TEST(work_grows_with_the_number_of_rules)
{
	const struct family *family = &families[_i];
	unsigned long less = work_of(family, false, CALLGATE_PROOF_OFF_FOR_TIMING);
	unsigned long more = work_of(family, true, CALLGATE_PROOF_OFF_FOR_TIMING);
	double growth = (double)more / (double)less;

	printf("%s: %lu blocks for %d rules, %lu for %d: %.2f times\n", family->name, less, family->count, more,
	       count_of(family, true), growth);
	ck_assert_uint_gt(less, 1000);
	ck_assert_msg(growth < family->growth, "%s: %.2f times the work for 4 times as much", family->name, growth);
}
END_TEST

START_TEST(what_is_promised_is_kept_with_the_proof)
{
	const struct family *family = &families[_i];

	if (!family->most)
		return;
	unsigned long work = work_of(family, true, CALLGATE_PROOF_REQUIRED);
	printf("%s: %lu million blocks for %d rules with the proof\n", family->name, work / 1000000,
	       count_of(family, true));
	ck_assert_uint_lt(work, family->most * 1000000);
}
END_TEST

int main(void)
{
	enum { COUNT = sizeof(families) / sizeof(families[0]) };
	TCase *tcase = tcase_create("work");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, work_grows_with_the_number_of_rules, 0, COUNT);
	tcase_add_loop_test(tcase, what_is_promised_is_kept_with_the_proof, 0, COUNT);
	return test_run(tcase);
}
