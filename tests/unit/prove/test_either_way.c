/* Which side is which makes no difference. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "compile/compile.h"
#include "query/query.h"
#include "query/differences.h"
#include "query/proof.h"
#include "support/random_policy.h"
#include "support/random_program.h"
#include "support/run.h"

enum { LONGEST = 24, PAIRS = 1200 };

static void is_alike(size_t there, size_t back)
{
	size_t least = there < back ? there : back, most = there < back ? back : there;

	ck_assert_msg(most - least <= 8 + least / 8, "%zu there, %zu back", there, back);
}

/* The outcome, which is the same the other way round; and the work is, but for what one side leaves to be found again.
 */
static enum prove_outcome outcome_of(const struct filter *a, const struct filter *b)
{
	const struct prove_budget budget = {1 << 14, 1 << 17};
	struct prove_result there, back;

	ck_assert_int_eq(proof_equal(a, b, &budget, NULL, &there), 0);
	ck_assert_int_eq(proof_equal(b, a, &budget, NULL, &back), 0);
	ck_assert_int_eq(there.outcome, back.outcome);
	is_alike(there.work, back.work);
	is_alike(there.nodes, back.nodes);
	return there.outcome;
}

/* A program that returns a word, though it never comes to that, against rules that allow one call. */
START_TEST(not_modelled_on_either_side)
{
	struct sock_filter insns[] = {
	    {BPF_LD | BPF_W | BPF_ABS, 0, 0, 16},
	    {BPF_JMP | BPF_JEQ | BPF_K, 0, 4, 5},
	    {BPF_LD | BPF_W | BPF_ABS, 0, 0, 16},
	    {BPF_JMP | BPF_JEQ | BPF_K, 2, 0, 5},
	    {BPF_LD | BPF_W | BPF_ABS, 0, 0, 24},
	    {BPF_RET | BPF_A, 0, 0, 0},
	    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS},
	};
	const struct callgate_program program = {.count = 7, .insns = insns, .bytes = insns};
	const struct callgate_program *list = &program;
	struct policy_condition condition = {.op = POLICY_EQ, .mask = UINT64_MAX, .value = 7};
	struct policy_rule rule = {SECCOMP_RET_KILL_PROCESS, 1, 1, &condition};
	struct policy_syscall call = {.nr = 1, .rule_count = 1, .rules = &rule};
	struct policy_arch arch = {.arch = callgate_arch_find_name("x86_64"), .syscall_count = 1, .syscalls = &call};
	struct policy policy = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_PROCESS, 1, 1, &arch};
	struct filter rules = {.policy = &policy}, made = {.programs = &list, .program_count = 1};
	struct differences result;

	struct diag diag = {""};

	ck_assert_int_eq(outcome_of(&rules, &made), PROVE_UNPROVED);
	ck_assert_int_eq(differences_find(&made, &rules, 4, &diag, &result), 0);
	ck_assert_int_eq(result.outcome, PROVE_UNPROVED);
	ck_assert_msg(strstr(diag.text, "not modelled: instruction 5 returns a computed word"), "%s", diag.text);
	/* The same program is the same, whatever it does. */
	ck_assert_int_eq(outcome_of(&made, &made), PROVE_EQUAL);
	ck_assert_int_eq(differences_find(&made, &made, 4, &diag, &result), 0);
	ck_assert_int_eq(result.outcome, PROVE_EQUAL);
	vec_finish(&result.list);
}
END_TEST

/* Of three programs in a stack each counts, also where a sum leaves the question to the diagrams. */
START_TEST(each_program_of_a_stack_counts)
{
	enum { STACK = 3 };
	struct sock_filter insns[STACK][5];
	struct callgate_program programs[STACK];
	const struct callgate_program *stack[STACK], *others[STACK];

	for (int i = 0; i < STACK; i++) {
		struct sock_filter strict[] = {
		    {BPF_LD | BPF_W | BPF_ABS, 0, 0, 16},       {BPF_ALU | BPF_ADD | BPF_K, 0, 0, (uint32_t)i + 1},
		    {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 40},      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | 7},
		    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
		};
		memcpy(insns[i], strict, sizeof(strict));
		programs[i] = (struct callgate_program){.count = 5, .insns = insns[i], .bytes = insns[i]};
		stack[i] = others[i] = &programs[i];
	}
	for (int i = 0; i < STACK; i++) {
		struct filter all = {.programs = stack, .program_count = STACK};
		struct filter some = {.programs = others, .program_count = STACK};
		others[i] = &programs[(i + 1) % STACK];
		ck_assert_int_eq(outcome_of(&all, &some), PROVE_DIFFERENT);
		others[i] = &programs[i];
		ck_assert_int_eq(outcome_of(&all, &some), PROVE_EQUAL);
	}
	/* In whatever order, as all have the same verdict. */
	others[0] = &programs[2];
	others[2] = &programs[0];
	ck_assert_int_eq(outcome_of(&(struct filter){.programs = stack, .program_count = STACK},
	                            &(struct filter){.programs = others, .program_count = STACK}),
	                 PROVE_EQUAL);
}
END_TEST

/* A word, or a constant, shifted by X: the low five bits of X count, at their ends too. */
START_TEST(shifts_by_x)
{
	static const uint32_t distances[] = {0, 1, 16, 30, 31, 32, 33, 62, 63, 64, 0xffffffff};
	const uint32_t distance = distances[_i], word = 0x80000001;

	for (int left = 0; left < 2; left++)
		for (int is_constant = 0; is_constant < 2; is_constant++) {
			uint16_t op = BPF_ALU | (left ? BPF_LSH : BPF_RSH);
			uint32_t k = left ? word << (distance & 31) : word >> (distance & 31);
			struct sock_filter load = {BPF_LD | BPF_W | BPF_ABS, 0, 0, 16};
			if (is_constant)
				load = (struct sock_filter){BPF_LD | BPF_IMM, 0, 0, word};
			struct sock_filter insns[2][6] = {{load,
			                                   {BPF_LDX | BPF_IMM, 0, 0, distance},
			                                   {op | BPF_X, 0, 0, 0},
			                                   {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, k},
			                                   {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | 7},
			                                   {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}},
			                                  {load,
			                                   {op | BPF_K, 0, 0, distance & 31},
			                                   {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, k},
			                                   {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | 7},
			                                   {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}}};
			struct callgate_program x = {.count = 6, .insns = insns[0], .bytes = insns[0]};
			struct callgate_program by_k = {.count = 5, .insns = insns[1], .bytes = insns[1]};
			const struct callgate_program *a = &x, *b = &by_k;
			ck_assert_int_eq(outcome_of(&(struct filter){.programs = &a, .program_count = 1},
			                            &(struct filter){.programs = &b, .program_count = 1}),
			                 PROVE_EQUAL);
			insns[0][3].k ^= 1u << 30;
			ck_assert_int_eq(outcome_of(&(struct filter){.programs = &a, .program_count = 1},
			                            &(struct filter){.programs = &b, .program_count = 1}),
			                 PROVE_DIFFERENT);
		}
}
END_TEST

/* A store changes neither register, and what is loaded again is what was stored. */
START_TEST(stores_keep_registers)
{
	enum { STORED = 8, PLAIN = 4 };
	const bool by_x = _i;
	struct sock_filter stored[STORED] = {
	    {BPF_LD | BPF_W | BPF_ABS, 0, 0, 16},
	    {by_x ? BPF_MISC | BPF_TAX : BPF_LDX | BPF_IMM, 0, 0, 5},
	    {by_x ? BPF_STX : BPF_ST, 0, 0, 3},
	    {BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 7},
	    {BPF_LD | BPF_MEM, 0, 0, 3},
	    {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 7},
	    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | 7},
	    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
	};
	struct sock_filter plain[PLAIN] = {
	    {BPF_LD | BPF_W | BPF_ABS, 0, 0, 16},
	    {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 7},
	    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | 7},
	    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
	};
	struct callgate_program first = {.count = STORED, .insns = stored, .bytes = stored};
	struct callgate_program second = {.count = PLAIN, .insns = plain, .bytes = plain};
	const struct callgate_program *a = &first, *b = &second;

	ck_assert_int_eq(outcome_of(&(struct filter){.programs = &a, .program_count = 1},
	                            &(struct filter){.programs = &b, .program_count = 1}),
	                 PROVE_EQUAL);
}
END_TEST

static struct filter random_subject(struct random *random, struct arena *arena, struct callgate_program *program,
                                    const struct callgate_program **list, struct sock_filter *insns)
{
	if (random_below(random, 3) == 0)
		return (struct filter){.policy = random_policy(random, arena, 3, 4)};
	*program = (struct callgate_program){false, random_modelled(random, insns, LONGEST), insns, insns};
	*list = program;
	return (struct filter){.programs = list, .program_count = 1};
}

/*
 * Rules and programs of all kinds of instructions, most of which differ; and rules beside a program made of them, which
 * do not.
 */
START_TEST(both_ways_alike)
{
	struct random random = random_start("both_ways_alike");
	unsigned long outcomes[PROVE_REFUSED + 1] = {0};

	for (int i = 0; i < PAIRS; i++) {
		struct arena arena = {0};
		struct callgate_program programs[2];
		const struct callgate_program *lists[2];
		struct sock_filter insns[2][LONGEST];
		struct compile_output output = {0};
		struct filter a = random_subject(&random, &arena, &programs[0], &lists[0], insns[0]);
		struct filter b = random_subject(&random, &arena, &programs[1], &lists[1], insns[1]);
		outcomes[outcome_of(&a, &b)]++;
		if (a.policy && compile_policy(a.policy, false, NULL, &output) == 0) {
			b = (struct filter){.programs = (const struct callgate_program *const *)output.programs,
			                    .program_count = output.count};
			outcomes[outcome_of(&a, &b)]++;
		}
		compile_output_finish(&output);
		arena_finish(&arena);
	}
	printf("%lu equal, %lu different, %lu beyond the test's small budget\n", outcomes[PROVE_EQUAL],
	       outcomes[PROVE_DIFFERENT], outcomes[PROVE_UNPROVED]);
	ck_assert_uint_gt(outcomes[PROVE_EQUAL], PAIRS / 10);
	ck_assert_uint_gt(outcomes[PROVE_DIFFERENT], PAIRS / 2);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("prove-either-way");

	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, not_modelled_on_either_side);
	tcase_add_test(tcase, each_program_of_a_stack_counts);
	tcase_add_loop_test(tcase, shifts_by_x, 0, 11);
	tcase_add_loop_test(tcase, stores_keep_registers, 0, 2);
	tcase_add_test(tcase, both_ways_alike);
	return test_run(tcase);
}
