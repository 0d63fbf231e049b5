/* Calls that are newer than the tables: what the policy says for every architecture, and what the program does. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/program.h>
#include <callgate/rule.h>
#include <callgate/simulate.h>
#include <callgate/syscall.h>

#include "bpf/simulate.h"
#include "policy/policy.h"
#include "support/context.h"
#include "support/simulated.h"

#define UNKNOWN (SECCOMP_RET_ERRNO | 38)
#define DEFAULT (SECCOMP_RET_ERRNO | 1)

static uint32_t ask(const struct policy *policy, uint32_t nr)
{
	struct seccomp_data call = {.nr = (int)nr, .arch = policy->archs[0].arch->audit};

	return policy_eval(policy, &call, NULL);
}

static void check_arch(const struct callgate_arch *arch)
{
	struct arena arena = {0};
	struct policy_arch list = {.arch = arch};
	struct policy policy = {DEFAULT, SECCOMP_RET_KILL_THREAD, 1, 1, &list};
	uint32_t newest = (uint32_t)arch_syscall_number_newest(arch);

	ck_assert(policy_arch_set_unknown(&list, 0, UNKNOWN, DEFAULT, &arena));
	ck_assert_uint_eq(ask(&policy, newest), DEFAULT);
	ck_assert_uint_eq(ask(&policy, newest + 1), UNKNOWN);
	ck_assert_uint_eq(ask(&policy, (uint32_t)arch_syscall_number_max(arch) + 1), UNKNOWN);
	ck_assert_uint_eq(ask(&policy, arch->nr_last == UINT32_MAX ? UINT32_MAX - 1 : arch->nr_last), UNKNOWN);
	ck_assert_uint_eq(ask(&policy, UINT32_MAX), DEFAULT);
	for (size_t i = 0; i < arch_syscall_number_count(arch); i++)
		ck_assert_uint_eq(ask(&policy, (uint32_t)arch_syscall_number_at(arch, i)), DEFAULT);
	arena_finish(&arena);
}

START_TEST(every_architecture)
{
	for (size_t i = 0; i < arch_count(); i++)
		check_arch(callgate_arch_at(i));
}
END_TEST

START_TEST(private_calls_are_not_the_newest)
{
	ck_assert_int_lt(arch_syscall_number_newest(callgate_arch_find_name("arm")), 512);
	ck_assert_int_lt(arch_syscall_number_newest(callgate_arch_find_name("x32")) & 0x3fffffff, 512);
	for (size_t i = 0; i < arch_count(); i++)
		ck_assert_int_ge(
		    arch_syscall_number_newest(callgate_arch_at(i)) - (int32_t)callgate_arch_at(i)->nr_base, 469);
}
END_TEST

static uint32_t simulate(scmp_filter_ctx ctx, int nr, uint64_t arg)
{
	static char bytes[CALLGATE_PROGRAM_MAX * 8];
	size_t size = sizeof(bytes);
	struct callgate_program *program;
	struct seccomp_data call = {.nr = nr, .arch = AUDIT_ARCH_X86_64, .args = {arg}};

	ck_assert_int_eq(seccomp_export_bpf_mem(ctx, bytes, &size), 0);
	ck_assert_int_eq(callgate_program_new(bytes, size, SCMP_ARCH_X86_64, &program), 0);
	uint32_t verdict = bpf_simulate(program, &call, NULL);
	callgate_program_free(program);
	return verdict;
}

static scmp_filter_ctx context(void)
{
	return CONTEXT(DEFAULT, SCMP_ARCH_X86_64);
}

START_TEST(the_program_knows_unknown_calls)
{
	scmp_filter_ctx ctx = context();
	int newest = arch_syscall_number_newest(callgate_arch_find_name("x86_64"));

	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), 0), 0);
	ck_assert_uint_eq(simulate(ctx, newest + 1, 0), DEFAULT);
	ck_assert_int_eq(callgate_rule_unknown(ctx, SCMP_ARCH_X86_64, UNKNOWN), 0);
	ck_assert_uint_eq(simulate(ctx, newest + 1, 0), UNKNOWN);
	ck_assert_uint_eq(simulate(ctx, newest, 0), DEFAULT);
	ck_assert_uint_eq(simulate(ctx, 0, 0), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(simulate(ctx, 1, 0), DEFAULT);
	ck_assert_int_eq(callgate_rule_unknown(ctx, SCMP_ARCH_S390X, UNKNOWN), -EINVAL);
	ck_assert_int_eq(callgate_rule_unknown(ctx, 1, UNKNOWN), -EINVAL);
	ck_assert_int_eq(callgate_rule_unknown(ctx, SCMP_ARCH_X86_64, 0xdeadbeef), -EINVAL);
	ck_assert_int_eq(callgate_rule_unknown(NULL, SCMP_ARCH_X86_64, UNKNOWN), -EINVAL);
	seccomp_release(ctx);
}
END_TEST

/* A known call with a number above the one that is given gets it too, one with a rule does not. */
START_TEST(calls_after_a_number_are_unknown)
{
	for (size_t i = 0; i < arch_count(); i++) {
		const struct callgate_arch *arch = callgate_arch_at(i);
		struct policy_arch list = {.arch = arch};
		struct policy policy = {DEFAULT, SECCOMP_RET_KILL_THREAD, 1, 1, &list};
		uint32_t first = arch->nr_base + 300;
		ck_assert(policy_arch_set_unknown(&list, first, UNKNOWN, DEFAULT, NULL));
		ck_assert_uint_eq(ask(&policy, first - 1), DEFAULT);
		ck_assert_uint_eq(ask(&policy, first), UNKNOWN);
		ck_assert_uint_eq(ask(&policy, (uint32_t)arch_syscall_number_newest(arch)), UNKNOWN);
		ck_assert_uint_eq(ask(&policy, (uint32_t)arch_syscall_number_max(arch)), UNKNOWN);
		ck_assert_uint_eq(ask(&policy, UINT32_MAX), DEFAULT);
	}
}
END_TEST

START_TEST(the_program_knows_calls_after_a_number)
{
	scmp_filter_ctx ctx = context();

	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ALLOW, 435, 0, NULL), 0);
	ck_assert_int_eq(callgate_rule_unknown_after(ctx, SCMP_ARCH_X86_64, UNKNOWN, 318), 0);
	ck_assert_uint_eq(simulate(ctx, 318, 0), DEFAULT);
	ck_assert_uint_eq(simulate(ctx, 319, 0), UNKNOWN);
	ck_assert_uint_eq(simulate(ctx, 435, 0), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(simulate(ctx, 100000, 0), UNKNOWN);
	ck_assert_int_eq(callgate_rule_unknown_after(ctx, SCMP_ARCH_X86_64, UNKNOWN, -1), -EINVAL);
	ck_assert_int_eq(callgate_rule_unknown_after(ctx, SCMP_ARCH_X86_64, UNKNOWN, -101), -EINVAL);
	ck_assert_int_eq(callgate_rule_unknown_after(ctx, SCMP_ARCH_X86_64, UNKNOWN, 0x40000000), -EINVAL);
	ck_assert_int_eq(callgate_rule_unknown_after(ctx, SCMP_ARCH_S390X, UNKNOWN, 5), -EINVAL);
	ck_assert_int_eq(callgate_rule_unknown_after(NULL, SCMP_ARCH_X86_64, UNKNOWN, 5), -EINVAL);
	ck_assert_uint_eq(simulate(ctx, 319, 0), UNKNOWN);
	seccomp_release(ctx);
}
END_TEST

/* ---- baselines ---- */

/*
 * The naive meaning: calls without a rule that a kernel of the version may lack get ENOSYS, the others the default
 * action.
 */
static uint32_t expected_of(const struct callgate_arch *arch, int32_t nr, unsigned major, unsigned minor)
{
	struct callgate_since since;

	if (callgate_syscall_since(arch->token, nr, &since) < 0)
		return SCMP_ACT_ERRNO(arch->enosys);
	bool has = since.by.major && (since.by.major < major || (since.by.major == major && since.by.minor <= minor));
	return has ? DEFAULT : SCMP_ACT_ERRNO(arch->enosys);
}

static uint32_t answer(scmp_filter_ctx ctx, const struct callgate_arch *arch, int32_t nr, uint64_t arg)
{
	const struct callgate_call call = {.arch = arch->token, .nr = nr, .args = {arg}};
	struct callgate_verdict verdict;

	ck_assert_int_eq(callgate_simulate(ctx, &call, &verdict), 0);
	return verdict.action;
}

static const unsigned baselines[][2] = {{1, 0}, {2, 6}, {3, 10}, {4, 4}, {4, 18}, {5, 10}, {6, 1}, {7, 1}, {255, 255}};
enum { BASELINES = sizeof(baselines) / sizeof(baselines[0]) };

START_TEST(baselines_deny_what_is_newer)
{
	unsigned major = baselines[_i][0], minor = baselines[_i][1];

	for (size_t a = 0; a < arch_count(); a++) {
		const struct callgate_arch *arch = callgate_arch_at(a);
		scmp_filter_ctx ctx = CONTEXT(DEFAULT, arch->token);
		int named = callgate_syscall_number(arch->token, "clone3"),
		    compared = callgate_syscall_number(arch->token, "openat2");
		struct scmp_arg_cmp one = SCMP_A0_64(SCMP_CMP_EQ, 1);
		ck_assert_int_eq(callgate_rule_add(ctx, arch->token, SCMP_ACT_ALLOW, compared, 1, &one), 0);
		ck_assert_int_eq(callgate_baseline(ctx, major, minor), 0);
		ck_assert_int_eq(callgate_baseline(ctx, major, minor), 0);
		if (named >= 0)
			ck_assert_int_eq(callgate_rule_add(ctx, arch->token, SCMP_ACT_ALLOW, named, 0, NULL), 0);
		for (size_t i = 0; i < arch_syscall_number_count(arch); i++) {
			int32_t nr = arch_syscall_number_at(arch, i);
			uint32_t expected = nr == named      ? SCMP_ACT_ALLOW
			                    : nr == compared ? DEFAULT
			                                     : expected_of(arch, nr, major, minor);
			ck_assert_msg(answer(ctx, arch, nr, 0) == expected, "%s %d", arch->name, nr);
		}
		ck_assert_uint_eq(answer(ctx, arch, compared, 1), SCMP_ACT_ALLOW);
		ck_assert_uint_eq(answer(ctx, arch, arch_syscall_number_newest(arch) + 1, 0),
		                  SCMP_ACT_ERRNO(arch->enosys));
		seccomp_release(ctx);
	}
}
END_TEST

/* The program is proved to be these rules, and the kernel's view of x86_64 with x32 is theirs. */
START_TEST(a_baseline_is_compiled)
{
	scmp_filter_ctx ctx = CONTEXT(DEFAULT, SCMP_ARCH_X86_64, SCMP_ARCH_X32, SCMP_ARCH_X86);

	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(callgate_baseline(ctx, 5, 8), 0);
	ck_assert_uint_eq(simulate(ctx, 0, 0), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(simulate(ctx, 1, 0), DEFAULT);
	ck_assert_uint_eq(simulate(ctx, 437, 0), DEFAULT);
	ck_assert_uint_eq(simulate(ctx, 436, 0), UNKNOWN);
	ck_assert_uint_eq(simulate(ctx, 0x40000000 + 436, 0), UNKNOWN);
	ck_assert_uint_eq(simulate(ctx, 0x40000000 + 437, 0), DEFAULT);
	ck_assert_uint_eq(simulate(ctx, 100000, 0), UNKNOWN);
	/* A priority does not name a call. */
	ck_assert_int_eq(seccomp_syscall_priority(ctx, 436, 200), 0);
	ck_assert_uint_eq(simulate(ctx, 436, 0), UNKNOWN);
	/* The unknown calls may have another action. */
	ck_assert_int_eq(callgate_rule_unknown(ctx, SCMP_ARCH_X86_64, SCMP_ACT_KILL_PROCESS), 0);
	ck_assert_uint_eq(simulate(ctx, 100000, 0), SCMP_ACT_KILL_PROCESS);
	ck_assert_uint_eq(simulate(ctx, 436, 0), UNKNOWN);
	/* A rule names it, and a transaction takes the rule back, and not the baseline. */
	ck_assert_int_eq(seccomp_transaction_start(ctx), 0);
	ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ALLOW, 436, 0, NULL), 0);
	ck_assert_uint_eq(simulate(ctx, 436, 0), SCMP_ACT_ALLOW);
	seccomp_transaction_reject(ctx);
	ck_assert_uint_eq(simulate(ctx, 436, 0), UNKNOWN);
	ck_assert_int_eq(seccomp_reset(ctx, DEFAULT), 0);
	ck_assert_int_eq(callgate_baseline(ctx, 4, 4), 0);
	seccomp_release(ctx);
}
END_TEST

START_TEST(bad_baselines)
{
	static const uint32_t others[] = {SCMP_ACT_ALLOW, SCMP_ACT_LOG, SCMP_ACT_TRACE(1)};
	scmp_filter_ctx ctx = CONTEXT(DEFAULT, SCMP_ARCH_X86_64), other = CONTEXT(DEFAULT, SCMP_ARCH_AARCH64);

	ck_assert_int_eq(callgate_baseline(NULL, 5, 10), -EINVAL);
	ck_assert_int_eq(callgate_baseline(ctx, 0, 0), -EINVAL);
	ck_assert_str_eq(callgate_diagnosis(ctx), "0.0 is not a version of Linux");
	ck_assert_int_eq(callgate_baseline(ctx, 0, 5), -EINVAL);
	ck_assert_int_eq(callgate_baseline(ctx, 256, 0), -EINVAL);
	ck_assert_int_eq(callgate_baseline(ctx, 5, UINT32_MAX), -EINVAL);
	ck_assert_int_eq(callgate_baseline(ctx, 5, 10), 0);
	ck_assert_int_eq(callgate_baseline(ctx, 5, 4), -EEXIST);
	ck_assert_str_eq(callgate_diagnosis(ctx), "the baseline is Linux 5.10 already; 5.4 contradicts it");
	ck_assert_int_eq(seccomp_merge(ctx, other), -EINVAL);
	ck_assert_str_eq(callgate_diagnosis(ctx), "the contexts differ in their baseline: Linux 5.10 and 0.0");
	ck_assert_int_eq(callgate_baseline(other, 5, 10), 0);
	ck_assert_int_eq(seccomp_merge(ctx, other), 0);
	ck_assert_uint_eq(answer(ctx, callgate_arch_find_name("aarch64"), 440, 0), DEFAULT);
	ck_assert_uint_eq(answer(ctx, callgate_arch_find_name("aarch64"), 442, 0), UNKNOWN);
	seccomp_release(ctx);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		ctx = CONTEXT(others[i], SCMP_ARCH_X86_64);
		ck_assert_int_eq(callgate_baseline(ctx, 5, 10), -EINVAL);
		ck_assert_ptr_nonnull(strstr(callgate_diagnosis(ctx), "whose default action denies calls"));
		seccomp_release(ctx);
	}
}
END_TEST

START_TEST(several_conditions_on_one_argument_all_hold)
{
	struct scmp_arg_cmp range[] = {SCMP_A0_64(SCMP_CMP_GE, 10), SCMP_A0_64(SCMP_CMP_LE, 0x100000000)};
	int socket_nr = callgate_syscall_number(SCMP_ARCH_X86_64, "socket");
	scmp_filter_ctx ctx = context();

	ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ALLOW, socket_nr, 2, range), 0);
	ck_assert_uint_eq(simulate(ctx, socket_nr, 9), DEFAULT);
	ck_assert_uint_eq(simulate(ctx, socket_nr, 10), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(simulate(ctx, socket_nr, 0x100000000), SCMP_ACT_ALLOW);
	ck_assert_uint_eq(simulate(ctx, socket_nr, 0x100000001), DEFAULT);
	seccomp_release(ctx);
}
END_TEST

START_TEST(bad_input)
{
	struct scmp_arg_cmp one[1] = {SCMP_A0_64(SCMP_CMP_GE, 10)};
	scmp_filter_ctx ctx = context();

	ck_assert_int_eq(callgate_rule_add(NULL, SCMP_ARCH_X86_64, SCMP_ACT_ALLOW, 0, 0, NULL), -EINVAL);
	ck_assert_int_eq(callgate_rule_add(ctx, 7, SCMP_ACT_ALLOW, 0, 0, NULL), -EINVAL);
	ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ALLOW, -101, 0, NULL), -EINVAL);
	ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ALLOW, -1, 0, NULL), -EINVAL);
	ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ALLOW, 0, 1025, one), -EINVAL);
	ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ALLOW, 0, 1, NULL), -EINVAL);
	ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_X86_64, DEFAULT, 0, 0, NULL), -EACCES);
	ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_S390X, SCMP_ACT_ALLOW, 0, 0, NULL), -EINVAL);
	one[0].arg = 6;
	ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ALLOW, 0, 1, one), -EINVAL);
	seccomp_release(ctx);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("unknown calls and rules for one architecture");

	tcase_add_test(tcase, every_architecture);
	tcase_add_test(tcase, private_calls_are_not_the_newest);
	tcase_add_test(tcase, the_program_knows_unknown_calls);
	tcase_add_test(tcase, calls_after_a_number_are_unknown);
	tcase_add_test(tcase, the_program_knows_calls_after_a_number);
	tcase_add_loop_test(tcase, baselines_deny_what_is_newer, 0, BASELINES);
	tcase_add_test(tcase, a_baseline_is_compiled);
	tcase_add_test(tcase, bad_baselines);
	tcase_add_test(tcase, several_conditions_on_one_argument_all_hold);
	tcase_add_test(tcase, bad_input);
	return simulated_run(tcase);
}
