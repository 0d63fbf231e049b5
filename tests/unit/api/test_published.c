/* Mistakes of other generators of filters that were published: none of them is made here. */
#include <string.h>

#include <callgate/prove.h>
#include <callgate/simulate.h>

#include "support/context.h"
#include "support/published_mistakes.h"
#include "support/run.h"

static uint32_t verdict_of(scmp_filter_ctx ctx, uint32_t arch, int nr, const uint64_t *args, unsigned count)
{
	struct callgate_call call = {.arch = arch, .nr = nr};
	struct callgate_verdict verdict;

	memcpy(call.args, args, count * sizeof(*args));
	ck_assert_int_eq(callgate_simulate(ctx, &call, &verdict), 0);
	return verdict.action;
}

/* The rules in every order and with both orders of code: each verdict, and the proof that the program is that of its
 * rules. */
START_TEST(generators)
{
	const struct mistake *mistake = &mistakes[_i];

	for (int permutation = 0; permutation < mistake_permutations(mistake); permutation++)
		for (uint32_t optimize = 1; optimize <= 2; optimize++) {
			scmp_filter_ctx ctx = CONTEXT(MISTAKE_D, mistake->arch);
			ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, optimize), 0);
			ck_assert_int_eq(mistake_add_rules(ctx, mistake, permutation), 0);
			ck_assert_int_eq(seccomp_precompute(ctx), 0);
			for (int i = 0; i < MISTAKE_CALLS && mistake->calls[i].call; i++) {
				uint32_t arch = mistake->calls[i].arch ?: mistake->arch;
				uint32_t verdict =
				    verdict_of(ctx, arch, mistake_number(mistake, i), mistake->calls[i].args, 3);
				ck_assert_msg(verdict == mistake->calls[i].expected, "%s, order %d: call %d gives 0x%x",
				              mistake->name, permutation, i, verdict);
			}
			seccomp_release(ctx);
		}
}
END_TEST

/* Every comparison with every value where a half ends, on what is beside these values: also with the other half 0 or
 * full. */
START_TEST(halves)
{
	static const uint64_t values[] = {
	    0,           1,           0x7fffffff,         0x80000000,         0x80000001,        0xffffffff,
	    0x100000000, 0x100000001, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff};
	enum { VALUES = sizeof(values) / sizeof(values[0]) };
	enum scmp_compare op = (enum scmp_compare)_i;
	int read_number = seccomp_syscall_resolve_name("read");

	for (int i = 0; i < 2 * VALUES; i++) {
		scmp_filter_ctx ctx = CONTEXT(MISTAKE_D, SCMP_ARCH_X86_64);
		uint64_t k = values[i % VALUES], high = k >> 32;
		struct scmp_arg_cmp condition = {0, op, op == SCMP_CMP_MASKED_EQ ? UINT64_MAX : k, k};
		const uint64_t tried[] = {k - 1,
		                          k,
		                          k + 1,
		                          (high + 1) << 32,
		                          (high + 1) << 32 | UINT32_MAX,
		                          (high - 1) << 32,
		                          (high - 1) << 32 | UINT32_MAX};
		ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 1 + (uint32_t)(i / VALUES)), 0);
		ck_assert_int_eq(seccomp_rule_add_array(ctx, MISTAKE_E(1), read_number, 1, &condition), 0);
		ck_assert_int_eq(seccomp_precompute(ctx), 0);
		for (size_t j = 0; j < sizeof(tried) / sizeof(tried[0]); j++) {
			uint64_t x = tried[j];
			bool holds = op == SCMP_CMP_NE   ? x != k
			             : op == SCMP_CMP_LT ? x < k
			             : op == SCMP_CMP_LE ? x <= k
			             : op == SCMP_CMP_GE ? x >= k
			             : op == SCMP_CMP_GT ? x > k
			                                 : x == k;
			ck_assert_msg(verdict_of(ctx, SCMP_ARCH_X86_64, 0, &x, 1) == (holds ? MISTAKE_E(1) : MISTAKE_D),
			              "0x%llx, comparison %d with 0x%llx", (unsigned long long)x, (int)op,
			              (unsigned long long)k);
		}
		seccomp_release(ctx);
	}
}
END_TEST

/* The number that a tracer skips a call with, x32's numbers on x86_64, other architectures. */
START_TEST(numbers)
{
	static const uint64_t none[6];
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ALLOW, SCMP_ARCH_X86_64);

	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, MISTAKE_E(1), seccomp_syscall_resolve_name("ptrace"), 0), 0);
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86_64, -1, none, 6), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86_64, 101, none, 6), MISTAKE_E(1));
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86_64, 0x40000065, none, 6), SCMP_ACT_KILL);
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86_64, 0x40000000 + 521, none, 6), SCMP_ACT_KILL);
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86, 11, none, 6), SCMP_ACT_KILL);
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_AARCH64, 117, none, 6), SCMP_ACT_KILL);
	seccomp_release(ctx);
}
END_TEST

/* A number that two architectures share is denied on both, and ipc(2) whatever version its first argument has. */
START_TEST(architectures)
{
	static const uint64_t version[6] = {0x00010015}, none[6], get[6] = {0x00010017};
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ALLOW, SCMP_ARCH_X86_64, SCMP_ARCH_X86);

	ck_assert_int_eq(seccomp_rule_add(ctx, MISTAKE_E(1), seccomp_syscall_resolve_name("syslog"), 0), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, MISTAKE_E(2), seccomp_syscall_resolve_name("shmat"), 0), 0);
	ck_assert_int_eq(seccomp_precompute(ctx), 0);
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86_64, 103, none, 6), MISTAKE_E(1));
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86, 103, none, 6), MISTAKE_E(1));
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86, 117, version, 6), MISTAKE_E(2));
	ck_assert_uint_eq(verdict_of(ctx, SCMP_ARCH_X86, 117, get, 6), SCMP_ACT_ALLOW);
	seccomp_release(ctx);
}
END_TEST

/* No program compares with a pseudo number, and one without rules returns the default action. */
START_TEST(what_a_program_has)
{
	static const char *const names[] = {"arch_prctl", "socket", "accept", "shmget", "waitpid", "read"};
	static const uint64_t none[6];
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ALLOW, SCMP_ARCH_X86_64, SCMP_ARCH_X86);
	scmp_filter_ctx empty = CONTEXT(MISTAKE_D, SCMP_ARCH_X86_64);
	enum { JUMP = 5, CLASS = 7, LOWEST_PSEUDO = -20000 };
	unsigned char code[4096];
	size_t size = sizeof(code);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_int_eq(seccomp_rule_add(ctx, MISTAKE_E(1), seccomp_syscall_resolve_name(names[i]), 0), 0);
	ck_assert_int_eq(seccomp_export_bpf_mem(ctx, code, &size), 0);
	for (size_t i = 0; i < size; i += 8) {
		int32_t k;
		memcpy(&k, code + i + 4, sizeof(k));
		bool is_pseudo = k < -1 && k > LOWEST_PSEUDO;
		ck_assert_msg((code[i] & CLASS) != JUMP || !is_pseudo, "instruction %zu compares with %d", i / 8, k);
	}
	ck_assert_int_eq(seccomp_attr_set(empty, SCMP_FLTATR_CTL_OPTIMIZE, 2), 0);
	ck_assert_int_eq(seccomp_precompute(empty), 0);
	ck_assert_uint_eq(verdict_of(empty, SCMP_ARCH_X86_64, 0, none, 6), MISTAKE_D);
	seccomp_release(empty);
	seccomp_release(ctx);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("published mistakes");

	tcase_add_loop_test(tcase, generators, 0, MISTAKES);
	tcase_add_loop_test(tcase, halves, SCMP_CMP_NE, SCMP_CMP_MASKED_EQ + 1);
	tcase_add_test(tcase, numbers);
	tcase_add_test(tcase, architectures);
	tcase_add_test(tcase, what_a_program_has);
	return test_run(tcase);
}
