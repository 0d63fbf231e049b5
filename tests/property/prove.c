/* The prover against policy_eval() and the simulator, on random policies and random changes of their programs. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <linux/audit.h>

#include "bpf/program.h"
#include "bpf/simulate.h"
#include "compile/compile.h"
#include "query/proof.h"
#include "support/random_policy.h"
#include "support/run.h"

static void ck_same_verdict(const struct policy *policy, struct callgate_program *const *programs, size_t count,
                            struct random *random)
{
	struct filter rules = {.policy = policy};
	struct filter made = {.programs = (const struct callgate_program *const *)programs, .program_count = count};

	for (int i = 0; i < 20; i++) {
		struct seccomp_data call = random_call(random, policy);
		if (witness_verdict(&rules, &call) == witness_verdict(&made, &call))
			continue;
		random_policy_print(policy);
		random_call_print(&call);
		ck_abort_msg("proved equal, but the simulator says otherwise");
	}
}

enum { LONG_EVERY = 32, LONG_RULES = 64, REPORT_EVERY = 100000 };

/* Several short lists of rules, or now and then one long one. */
static const struct policy *next_policy(struct random *random, struct arena *arena)
{
	if (random_below(random, LONG_EVERY) == 0)
		return random_long_policy(random, arena, 1 + random_below(random, LONG_RULES));
	return random_policy(random, arena, 3, 8);
}

/* How often the compiler refused a list as too long for any program, and the largest proof of another. */
static unsigned long too_long;
static size_t most_nodes;

static void check_policy(struct random *random)
{
	struct arena arena = {0};
	struct compile_output output = {0};
	struct diag diag = {""};
	struct prove_result result;
	const struct policy *policy = next_policy(random, &arena);

	ck_assert_ptr_nonnull(policy);
	int compiled = compile_policy(policy, false, &diag, &output);
	if (compiled == -E2BIG) {
		too_long++;
		arena_finish(&arena);
		return;
	}
	ck_assert_msg(compiled == 0, "%s", diag.text);
	ck_assert_int_eq(proof_policy(policy, output.programs, output.count, NULL, &diag, &result), 0);
	if (result.outcome != PROVE_EQUAL) {
		random_policy_print(policy);
		ck_abort_msg("outcome %d: %s", (int)result.outcome, diag.text);
	}
	most_nodes = result.nodes > most_nodes ? result.nodes : most_nodes;
	ck_same_verdict(policy, output.programs, output.count, random);
	compile_output_finish(&output);
	arena_finish(&arena);
}

START_TEST(compiled_policies_are_proved_equal)
{
	struct random random = random_start("compiled_policies_are_proved_equal");

	unsigned long runs = random_runs(100000);

	for (unsigned long i = 0; i < runs; i++) {
		check_policy(&random);
		if ((i + 1) % REPORT_EVERY == 0) {
			printf("%lu policies proved, with up to %zu nodes, %lu were too long for a program\n",
			       i + 1 - too_long, most_nodes, too_long);
			fflush(stdout);
		}
	}
	ck_assert_uint_le(too_long, runs / 1000);
}
END_TEST

/* One field of one instruction, changed. */
static void change(struct random *random, struct sock_filter *insns, size_t count)
{
	struct sock_filter *insn = &insns[random_below(random, (uint32_t)count)];

	switch (random_below(random, 5)) {
	case 0:
		insn->k ^= 1u << random_below(random, 32);
		break;
	case 1:
		insn->k += random_below(random, 2) ? 1 : UINT32_MAX;
		break;
	case 2: {
		uint8_t jt = insn->jt;
		insn->jt = insn->jf;
		insn->jf = jt;
		break;
	}
	case 3:
		insn->code ^= (uint16_t)(1u << random_below(random, 8));
		break;
	default:
		insn->jt ^= (uint8_t)(1u << random_below(random, 8));
		break;
	}
}

static enum prove_outcome check_mutant(struct random *random, const struct policy *policy,
                                       const struct callgate_program *program)
{
	struct callgate_program *mutant = NULL;
	struct prove_result result;
	struct diag diag = {""};

	struct sock_filter insns[BPF_PROGRAM_MAX];
	memcpy(insns, program->insns, program->count * sizeof(*insns));
	change(random, insns, program->count);
	ck_assert_int_eq(bpf_program_new(insns, program->count, program->big_endian, NULL, &mutant), 0);
	ck_assert_int_eq(proof_policy(policy, &mutant, 1, NULL, &diag, &result), 0);
	bool accepted = bpf_accept(mutant, NULL) == 0;
	ck_assert_msg(accepted == (result.outcome != PROVE_REFUSED), "outcome %d, accepted %d", result.outcome,
	              accepted);
	if (result.outcome == PROVE_EQUAL)
		ck_same_verdict(policy, &mutant, 1, random);
	bpf_program_free(mutant);
	return result.outcome;
}

START_TEST(mutants_are_told_apart_or_equal)
{
	struct random random = random_start("mutants_are_told_apart_or_equal");
	unsigned long outcomes[PROVE_REFUSED + 1] = {0};

	for (unsigned long i = random_runs(60); i > 0; i--) {
		struct arena arena = {0};
		struct compile_output output = {0};
		struct diag diag = {""};
		const struct policy *policy = random_policy(&random, &arena, 3, 6);
		ck_assert_ptr_nonnull(policy);
		ck_assert_msg(compile_policy(policy, false, &diag, &output) == 0, "%s", diag.text);
		for (int j = 0; output.count == 1 && j < 30; j++)
			outcomes[check_mutant(&random, policy, output.programs[0])]++;
		compile_output_finish(&output);
		arena_finish(&arena);
	}
	printf("mutants: %lu different, %lu equal, %lu not modelled, %lu not acceptable\n", outcomes[PROVE_DIFFERENT],
	       outcomes[PROVE_EQUAL], outcomes[PROVE_UNPROVED], outcomes[PROVE_REFUSED]);
	ck_assert_uint_gt(outcomes[PROVE_DIFFERENT], 0);
}
END_TEST

/*
 * Every bit of a program: flipped, it is refused by the kernel, or shown different, or equal on every call tried, or
 * the changed instruction is not modelled.
 */
static void flip_all_bits(struct random *random, const struct policy *policy, const struct callgate_program *program,
                          unsigned long *outcomes)
{
	uint8_t bytes[8 * BPF_PROGRAM_MAX];

	for (size_t bit = 0; bit < program->count * 64; bit++) {
		struct callgate_program *mutant = NULL;
		struct prove_result result;
		struct diag diag = {""};
		memcpy(bytes, program->bytes, program->count * 8);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_int_eq(bpf_program_from_bytes(bytes, program->count * 8, program->big_endian, NULL, &mutant),
		                 0);
		ck_assert_int_eq(proof_policy(policy, &mutant, 1, NULL, &diag, &result), 0);
		outcomes[result.outcome]++;
		ck_assert(result.outcome != PROVE_UNPROVED ||
		          (result.failure.error == -EOPNOTSUPP && result.failure.place.instruction == bit / 64));
		ck_assert((bpf_accept(mutant, NULL) < 0) == (result.outcome == PROVE_REFUSED));
		if (result.outcome == PROVE_EQUAL)
			ck_same_verdict(policy, &mutant, 1, random);
		if (result.outcome == PROVE_DIFFERENT) {
			ck_assert_uint_eq(policy_eval(policy, &result.witness.call, NULL), result.witness.expected);
			ck_assert_uint_eq(bpf_simulate(mutant, &result.witness.call, NULL), result.witness.actual);
			ck_assert_uint_ne(result.witness.expected, result.witness.actual);
		}
		bpf_program_free(mutant);
	}
}

START_TEST(every_flipped_bit_is_answered)
{
	struct random random = random_start("every_flipped_bit_is_answered");
	unsigned long outcomes[PROVE_REFUSED + 1] = {0};

	for (unsigned long i = random_runs(12); i > 0; i--) {
		struct arena arena = {0};
		struct compile_output output = {0};
		const struct policy *policy = random_policy(&random, &arena, 3, 6);
		ck_assert_ptr_nonnull(policy);
		ck_assert_int_eq(compile_policy(policy, false, &(struct diag){""}, &output), 0);
		if (output.count == 1)
			flip_all_bits(&random, policy, output.programs[0], outcomes);
		compile_output_finish(&output);
		arena_finish(&arena);
	}
	printf("flipped bits: %lu different, %lu equal, %lu not modelled, %lu not acceptable\n",
	       outcomes[PROVE_DIFFERENT], outcomes[PROVE_EQUAL], outcomes[PROVE_UNPROVED], outcomes[PROVE_REFUSED]);
	ck_assert_uint_lt(outcomes[PROVE_UNPROVED], outcomes[PROVE_DIFFERENT] / 10);
}
END_TEST

/* What a compiler with a wrong comparison would emit: > for every >=, of a policy that has an ordered comparison. */
START_TEST(a_wrong_comparison_is_caught)
{
	struct policy_condition condition = {0, POLICY_GE, UINT64_MAX, UINT64_C(0x100000005)};
	struct policy_rule rule = {
	    .action = SECCOMP_RET_ALLOW, .id = 1, .condition_count = 1, .conditions = &condition};
	struct policy_syscall syscall = {.nr = 1, .rule_count = 1, .rules = &rule};
	struct policy_arch arch = {.arch = callgate_arch_find_name("x86_64"), .syscall_count = 1, .syscalls = &syscall};
	struct policy policy = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_PROCESS, 1, 1, &arch};
	struct compile_output output = {0};
	struct prove_result result;
	struct random random = random_start("a_wrong_comparison_is_caught");
	int wrong = 0;

	ck_assert_int_eq(compile_policy(&policy, true, &(struct diag){""}, &output), 0);
	ck_assert_int_eq(proof_policy(&policy, output.programs, 1, NULL, NULL, &result), 0);
	ck_assert_int_eq(result.outcome, PROVE_EQUAL);
	struct sock_filter *insns = output.programs[0]->insns;
	for (size_t i = 0; i < output.programs[0]->count; i++) {
		struct callgate_program *changed;
		if (insns[i].code != (BPF_JMP | BPF_JGE | BPF_K) && insns[i].code != (BPF_JMP | BPF_JGT | BPF_K))
			continue;
		insns[i].code ^= BPF_JGE ^ BPF_JGT;
		ck_assert_int_eq(bpf_program_new(insns, output.programs[0]->count, false, NULL, &changed), 0);
		insns[i].code ^= BPF_JGE ^ BPF_JGT;
		ck_assert_int_eq(proof_policy(&policy, &changed, 1, NULL, &(struct diag){""}, &result), 0);
		if (result.outcome == PROVE_EQUAL)
			ck_same_verdict(&policy, &changed, 1, &random);
		wrong += result.outcome == PROVE_DIFFERENT;
		bpf_program_free(changed);
	}
	ck_assert_int_gt(wrong, 0);
	compile_output_finish(&output);
}
END_TEST

/* A program that returns an argument's low half. */
START_TEST(a_returned_word_is_not_modelled)
{
	struct policy_condition condition = {0, POLICY_MASKED_EQ, UINT32_MAX, SECCOMP_RET_ALLOW};
	struct policy_rule rule = {
	    .action = SECCOMP_RET_ALLOW, .id = 1, .condition_count = 1, .conditions = &condition};
	struct policy_syscall syscall = {.nr = 1, .rule_count = 1, .rules = &rule};
	struct policy_arch arch = {.arch = callgate_arch_find_name("x86_64"), .syscall_count = 1, .syscalls = &syscall};
	struct policy policy = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_PROCESS, 1, 1, &arch};
	struct sock_filter insns[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 5),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 3),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SECCOMP_RET_ALLOW, 0, 1),
	    BPF_STMT(BPF_RET | BPF_A, 0),           BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct callgate_program *program = NULL;
	struct prove_result result;
	struct diag diag = {""};

	ck_assert_int_eq(bpf_program_new(insns, 8, false, NULL, &program), 0);
	ck_assert_int_eq(proof_policy(&policy, &program, 1, NULL, &diag, &result), 0);
	ck_assert_int_eq(result.outcome, PROVE_UNPROVED);
	ck_assert_int_eq(result.failure.error, -EOPNOTSUPP);
	ck_assert_str_eq(diag.text,
	                 "no proof for write on x86_64: not modelled: instruction 6 returns a computed word");
	bpf_program_free(program);
}
END_TEST

/* What a big-endian machine will read is proved, and not what this one has beside it. */
START_TEST(foreign_bytes_are_proved)
{
	struct policy_condition condition = {0, POLICY_EQ, UINT64_MAX, 7};
	struct policy_rule rule = {
	    .action = SECCOMP_RET_ALLOW, .id = 1, .condition_count = 1, .conditions = &condition};
	struct policy_syscall syscall = {.nr = 3, .rule_count = 1, .rules = &rule};
	struct policy_arch arch = {.arch = callgate_arch_find_name(bpf_host_is_big_endian() ? "x86_64" : "s390x"),
	                           .syscall_count = 1,
	                           .syscalls = &syscall};
	struct policy policy = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_PROCESS, 1, 1, &arch};
	struct compile_output output = {0};
	struct prove_result result;
	unsigned long different = 0;

	ck_assert_int_eq(compile_policy(&policy, false, &(struct diag){""}, &output), 0);
	struct callgate_program *program = output.programs[0];
	ck_assert(program->bytes != program->insns);
	for (size_t at = 0; at < program->count; at++) {
		ck_assert_int_eq(proof_policy(&policy, output.programs, 1, NULL, NULL, &result), 0);
		ck_assert_int_eq(result.outcome, PROVE_EQUAL);
		program->bytes[at].k ^= 1;
		ck_assert_int_eq(proof_policy(&policy, output.programs, 1, NULL, &(struct diag){""}, &result), 0);
		different += result.outcome != PROVE_EQUAL;
		program->bytes[at].k ^= 1;
	}
	ck_assert_uint_eq(different, program->count);
	compile_output_finish(&output);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("prove");

	tcase_set_timeout(tcase, 36000);
	tcase_add_test(tcase, compiled_policies_are_proved_equal);
	tcase_add_test(tcase, a_returned_word_is_not_modelled);
	tcase_add_test(tcase, every_flipped_bit_is_answered);
	tcase_add_test(tcase, foreign_bytes_are_proved);
	tcase_add_test(tcase, a_wrong_comparison_is_caught);
	tcase_add_test(tcase, mutants_are_told_apart_or_equal);
	return test_run(tcase);
}
