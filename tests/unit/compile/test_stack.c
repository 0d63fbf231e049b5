/* Policies that need several programs. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/action.h>
#include "bpf/program.h"
#include "bpf/simulate.h"
#include "compile/compile.h"
#include "support/random_policy.h"
#include "support/run.h"

enum { RULES_PER_CALL = 40 };

/* `calls` system calls of an architecture from a number on, each with rules that share nothing. */
static const struct policy *long_policy(struct arena *arena, const char *name, uint32_t first, uint32_t calls,
                                        uint32_t default_action)
{
	struct policy *policy = ARENA_NEW(arena, struct policy);
	struct policy_arch *arch = ARENA_NEW(arena, struct policy_arch);
	struct policy_syscall *list = ARENA_ARRAY(arena, struct policy_syscall, calls);
	struct policy_rule *rules = ARENA_ARRAY(arena, struct policy_rule, calls * RULES_PER_CALL);
	struct policy_condition *conditions = ARENA_ARRAY(arena, struct policy_condition, calls * RULES_PER_CALL);

	ck_assert(policy && arch && list && rules && conditions);
	arch->arch = callgate_arch_find_name(name);
	arch->syscalls = list;
	arch->syscall_count = calls;
	for (uint32_t i = 0; i < calls * RULES_PER_CALL; i++) {
		conditions[i] =
		    (struct policy_condition){(uint8_t)(i % 6), POLICY_EQ, policy_word_mask(arch->arch), i * 977};
		rules[i] = (struct policy_rule){SECCOMP_RET_ERRNO | (1 + i % 2), i + 1, 1, &conditions[i]};
	}
	for (uint32_t i = 0; i < calls; i++)
		list[i] = (struct policy_syscall){first + i, 0, RULES_PER_CALL, &rules[i * RULES_PER_CALL]};
	*policy = (struct policy){default_action, SECCOMP_RET_KILL_PROCESS, 1, 1, arch};
	return policy;
}

static uint32_t answer(const struct compile_output *output, const struct seccomp_data *call)
{
	uint32_t verdict = SECCOMP_RET_ALLOW;

	for (size_t i = 0; i < output->count; i++)
		verdict = callgate_action_strictest(bpf_simulate(output->programs[i], call, NULL), verdict);
	return verdict;
}

static void check_answers(const struct policy *policy, const struct compile_output *output)
{
	struct random random = random_start("stack");

	for (int i = 0; i < 3000; i++) {
		struct seccomp_data call = random_call(&random, policy);
		ck_assert_uint_eq(answer(output, &call), policy_eval(policy, &call, NULL));
	}
}

/* Nothing that is loaded before the last part may deny what the loader still needs. */
static void check_loader_calls(const struct policy *policy, const struct compile_output *output)
{
	static const char *const names[] = {"seccomp", "prctl"};

	for (size_t i = 0; i < 2; i++) {
		const struct callgate_arch *arch = policy->archs[0].arch;
		struct seccomp_data call = {.arch = arch->audit, .nr = arch_syscall_direct_number(arch, names[i])};
		for (size_t j = 0; j + 1 < output->count; j++)
			ck_assert_uint_eq(bpf_simulate(output->programs[j], &call, NULL), SECCOMP_RET_ALLOW);
	}
}

START_TEST(parts_together_say_what_the_whole_says)
{
	static const char *const archs[] = {"x86_64", "mips"};
	struct arena arena = {0};
	const struct callgate_arch *arch = callgate_arch_find_name(archs[_i % 2]);
	/* The calls that load filters are among the first ones, or are none of them. */
	uint32_t first =
	    _i < 4 ? arch->nr_base : (uint32_t)arch_syscall_direct_number(arch, _i < 6 ? "prctl" : "seccomp") - 3;
	const struct policy *policy =
	    long_policy(&arena, archs[_i % 2], first, 50, _i % 4 < 2 ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS);
	struct compile_output output;
	struct diag diag = {""};

	ck_assert_msg(compile_policy(policy, false, &diag, &output) == 0, "%s", diag.text);
	ck_assert_uint_gt(output.count, 1);
	ck_assert_str_eq(diag.text, "");
	for (size_t i = 0; i < output.count; i++)
		ck_assert_int_eq(bpf_accept(output.programs[i], &diag), 0);
	check_answers(policy, &output);
	check_loader_calls(policy, &output);
	compile_output_finish(&output);
	arena_finish(&arena);
}
END_TEST

START_TEST(a_single_program_is_refused_with_its_length)
{
	struct arena arena = {0};
	const struct policy *policy = long_policy(&arena, "x86_64", 0, 50, SECCOMP_RET_ALLOW);
	struct compile_output output = {.count = 77};
	struct diag diag = {""};

	ck_assert_int_eq(compile_policy(policy, true, &diag, &output), -E2BIG);
	ck_assert_ptr_nonnull(strstr(diag.text, "4096"));
	ck_assert_uint_eq(output.count, 77);
	arena_finish(&arena);
}
END_TEST

START_TEST(more_than_a_process_may_have_is_refused)
{
	struct arena arena = {0};
	const struct policy *policy = long_policy(&arena, "x86_64", 0, 440, SECCOMP_RET_ALLOW);
	struct compile_output output = {.count = 77};
	struct diag diag = {""};

	ck_assert_int_eq(compile_policy(policy, false, &diag, &output), -E2BIG);
	ck_assert_ptr_nonnull(strstr(diag.text, "too long"));
	ck_assert_uint_eq(output.count, 77);
	arena_finish(&arena);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("stack");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, parts_together_say_what_the_whole_says, 0, 8);
	tcase_add_test(tcase, a_single_program_is_refused_with_its_length);
	tcase_add_test(tcase, more_than_a_process_may_have_is_refused);
	return test_run(tcase);
}
