/* <callgate/prove.h>: comparisons, stacks, questions and refusals. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/filter.h>

#include <callgate/diagnosis.h>
#include <callgate/prove.h>

#include "support/run.h"

static scmp_filter_ctx sockets(int denied)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), 0);
	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_X86_64), 0);
	if (denied)
		ck_assert_int_eq(
		    seccomp_rule_add_exact(ctx, SCMP_ACT_ERRNO(1), 41, 1, SCMP_A0(SCMP_CMP_EQ, 38)), 0);
	return ctx;
}

START_TEST(one_rule_more_is_one_difference)
{
	scmp_filter_ctx open = sockets(0), shut = sockets(1);
	struct callgate_side a = {.ctx = open}, b = {.ctx = shut};
	struct callgate_comparison *c;

	ck_assert_int_eq(callgate_compare(&a, &b, 10, &c), 0);
	ck_assert_int_eq(c->relation, CALLGATE_RELATION_SUPERSET);
	ck_assert(c->complete);
	ck_assert_uint_eq(c->count, 1);
	ck_assert_str_eq(c->differences[0].text,
	                 "socket(38, *, *) on x86_64: A allows, B gives ERRNO(EPERM)");
	callgate_comparison_free(c);
	ck_assert_int_eq(callgate_compare(&b, &a, 10, &c), 0);
	ck_assert_int_eq(c->relation, CALLGATE_RELATION_SUBSET);
	callgate_comparison_free(c);
	seccomp_release(open);
	seccomp_release(shut);
}
END_TEST

START_TEST(a_program_is_compared_with_its_rules)
{
	scmp_filter_ctx ctx = sockets(1);
	struct callgate_program *program = NULL;
	struct callgate_comparison *c;

	ck_assert_int_eq(callgate_program_compile(ctx, &program), 0);
	const struct callgate_program *const twice[] = {program, program};
	struct callgate_side rules = {.ctx = ctx}, stack = {.programs = twice, .program_count = 2};
	ck_assert_int_eq(callgate_compare(&rules, &stack, 1, &c), 0);
	ck_assert_int_eq(c->relation, CALLGATE_RELATION_EQUAL);
	callgate_comparison_free(c);
	callgate_program_free(program);
	seccomp_release(ctx);
}
END_TEST

START_TEST(questions_about_partial_calls)
{
	scmp_filter_ctx ctx = sockets(1);
	struct callgate_side side = {.ctx = ctx};
	struct callgate_answer answer;
	struct scmp_arg_cmp vsock = SCMP_A0(SCMP_CMP_EQ, 38), other = SCMP_A0(SCMP_CMP_GT, 38);

	ck_assert_int_eq(callgate_ask(&side, SCMP_ARCH_X86_64, 41, 1, &vsock, SCMP_ACT_ERRNO(1), &answer), 0);
	ck_assert(answer.proved && answer.holds && !answer.ever_allowed);
	ck_assert_int_eq(callgate_ask(&side, SCMP_ARCH_X86_64, 41, 1, &other, SCMP_ACT_ALLOW, &answer), 0);
	ck_assert(answer.proved && answer.holds && !answer.ever_denied);
	ck_assert_int_eq(callgate_ask(&side, SCMP_ARCH_X86_64, 41, 0, NULL, SCMP_ACT_ALLOW, &answer), 0);
	ck_assert(answer.proved && !answer.holds && answer.ever_allowed && answer.ever_denied);
	ck_assert_uint_eq(answer.witness.args[0], 38);
	ck_assert_uint_eq(answer.action, SCMP_ACT_ERRNO(1));
	seccomp_release(ctx);
}
END_TEST

static const struct callgate_number_range *range_of(const struct callgate_numbers *numbers, uint32_t nr)
{
	uint32_t next = 0;

	for (size_t i = 0; i < numbers->count; i++) {
		const struct callgate_number_range *range = &numbers->ranges[i];
		ck_assert_uint_eq(range->first, next);
		ck_assert_uint_le(range->first, range->last);
		ck_assert(range->complete && range->count > 0);
		if (range->first <= nr && nr <= range->last)
			return range;
		next = range->last + 1;
	}
	ck_abort_msg("no range has the number %u", nr);
	return NULL;
}

static void check_numbers(const struct callgate_side *side)
{
	struct callgate_numbers *numbers;
	const struct callgate_number_range *range;

	ck_assert_int_eq(callgate_numbers_find(side, SCMP_ARCH_X86_64, &numbers), 0);
	ck_assert_uint_eq(numbers->ranges[numbers->count - 1].last, UINT32_MAX);
	range = range_of(numbers, 40);
	ck_assert(range->ever_allowed && !range->ever_denied && range->first == 0 && range->last == 40);
	ck_assert(range->count == 1 && range->actions[0] == SCMP_ACT_ALLOW);
	range = range_of(numbers, 41);
	ck_assert(range->ever_allowed && range->ever_denied && range->first == 41 && range->last == 41);
	ck_assert(range->count == 2 && range->actions[0] == SCMP_ACT_ERRNO(1));
	range = range_of(numbers, 0x40000001);
	ck_assert(!range->ever_allowed && range->ever_denied);
	callgate_numbers_free(numbers);
}

START_TEST(numbers_that_are_ever_allowed)
{
	scmp_filter_ctx ctx = sockets(1);
	struct callgate_program *program = NULL;
	struct callgate_numbers *numbers;

	ck_assert_int_eq(callgate_program_compile(ctx, &program), 0);
	const struct callgate_program *const list[] = {program};
	struct callgate_side rules = {.ctx = ctx}, side = {.programs = list, .program_count = 1};
	check_numbers(&rules);
	check_numbers(&side);
	ck_assert_int_eq(callgate_numbers_find(&rules, 12345, &numbers), -EINVAL);
	ck_assert_int_eq(callgate_numbers_find(NULL, SCMP_ARCH_X86_64, &numbers), -EINVAL);
	callgate_program_free(program);
	seccomp_release(ctx);
}
END_TEST

/* A program that computes with the number and returns an argument: cells are no single numbers, and actions too many to list. */
START_TEST(numbers_of_a_computing_program)
{
	const struct sock_filter insns[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
	    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 1),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 2, 0),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
	    BPF_STMT(BPF_RET | BPF_A, 0),
	    BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_ERRNO(2)),
	};
	struct callgate_program *program;
	struct callgate_numbers *numbers;

	ck_assert_int_eq(callgate_program_new(insns, sizeof(insns), SCMP_ARCH_NATIVE, &program), 0);
	const struct callgate_program *const list[] = {program};
	struct callgate_side side = {.programs = list, .program_count = 1};
	ck_assert_int_eq(callgate_numbers_find(&side, SCMP_ARCH_X86_64, &numbers), 0);
	for (size_t i = 0; i < numbers->count; i++) {
		ck_assert(numbers->ranges[i].ever_denied && numbers->ranges[i].ever_allowed);
		ck_assert(!numbers->ranges[i].complete);
	}
	callgate_numbers_free(numbers);
	callgate_program_free(program);
}
END_TEST

/* Nothing behind the return reads the quotient, but the return does. */
START_TEST(a_quotient_is_returned)
{
	const struct sock_filter division[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
	    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 1),
	    BPF_STMT(BPF_MISC | BPF_TAX, 0),
	    BPF_STMT(BPF_LD | BPF_IMM, SCMP_ACT_ALLOW),
	    BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0),
	    BPF_STMT(BPF_RET | BPF_A, 0),
	    BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_KILL_THREAD),
	};
	struct callgate_program *programs[2];
	struct callgate_comparison *c;

	ck_assert_int_eq(callgate_program_new(division, sizeof(division), 0, &programs[0]), 0);
	ck_assert_int_eq(callgate_program_new(&division[6], sizeof(division[6]), 0, &programs[1]), 0);
	const struct callgate_program *const lists[2][1] = {{programs[0]}, {programs[1]}};
	struct callgate_side sides[2] = {{NULL, lists[0], 1}, {NULL, lists[1], 1}};
	ck_assert_int_eq(callgate_compare(&sides[0], &sides[1], 3, &c), 0);
	ck_assert_int_eq(c->relation, CALLGATE_RELATION_SUPERSET);
	ck_assert_uint_eq(c->count, 1);
	ck_assert_uint_eq(c->differences[0].witness.args[0] & 1, 1);
	ck_assert_uint_eq(c->differences[0].first, SCMP_ACT_ALLOW);
	callgate_comparison_free(c);
	callgate_program_free(programs[0]);
	callgate_program_free(programs[1]);
}
END_TEST

/* What a product of two words says is not decided. That the verdicts of the numbers before differ is; not what else is allowed. */
START_TEST(a_difference_that_is_not_all)
{
	const struct sock_filter product[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
	    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 5, 0, 6),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
	    BPF_STMT(BPF_MISC | BPF_TAX, 0),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 24),
	    BPF_STMT(BPF_ALU | BPF_MUL | BPF_X, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x12345679, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_ALLOW),
	    BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_ERRNO(1)),
	};
	const struct sock_filter deny = BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_ERRNO(2));
	struct callgate_program *programs[2];
	struct callgate_comparison *c;

	ck_assert_int_eq(callgate_program_new(product, sizeof(product), 0, &programs[0]), 0);
	ck_assert_int_eq(callgate_program_new(&deny, sizeof(deny), 0, &programs[1]), 0);
	const struct callgate_program *const lists[2][1] = {{programs[0]}, {programs[1]}};
	struct callgate_side sides[2] = {{NULL, lists[0], 1}, {NULL, lists[1], 1}};
	ck_assert_int_eq(callgate_compare(&sides[0], &sides[1], 3, &c), 0);
	ck_assert_int_eq(c->relation, CALLGATE_RELATION_DIFFERENT);
	ck_assert(!c->complete);
	ck_assert_uint_eq(c->count, 1);
	ck_assert_ptr_nonnull(strstr(callgate_diagnosis(NULL), "budget"));
	callgate_comparison_free(c);
	callgate_program_free(programs[0]);
	callgate_program_free(programs[1]);
}
END_TEST

START_TEST(what_is_refused)
{
	const struct sock_filter bad = {BPF_RET | BPF_X, 0, 0, 0};
	struct callgate_program *program;
	struct callgate_comparison *c;
	struct callgate_side nothing = {0};

	ck_assert_int_eq(callgate_compare(&nothing, &nothing, 1, &c), -EINVAL);
	ck_assert_str_ne(callgate_diagnosis(NULL), "");
	ck_assert_int_eq(callgate_program_new(&bad, sizeof(bad), 0, &program), 0);
	const struct callgate_program *const list[] = {program};
	struct callgate_side side = {.programs = list, .program_count = 1};
	ck_assert_int_eq(callgate_compare(&side, &side, 1, &c), 0);
	ck_assert_int_eq(c->relation, CALLGATE_RELATION_REFUSED);
	callgate_comparison_free(c);
	callgate_program_free(program);
	ck_assert_int_eq(callgate_proof_set(NULL, CALLGATE_PROOF_REQUIRED), -EINVAL);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("api-prove");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, one_rule_more_is_one_difference);
	tcase_add_test(tcase, a_program_is_compared_with_its_rules);
	tcase_add_test(tcase, questions_about_partial_calls);
	tcase_add_test(tcase, numbers_that_are_ever_allowed);
	tcase_add_test(tcase, numbers_of_a_computing_program);
	tcase_add_test(tcase, a_quotient_is_returned);
	tcase_add_test(tcase, a_difference_that_is_not_all);
	tcase_add_test(tcase, what_is_refused);
	return test_run(tcase);
}
