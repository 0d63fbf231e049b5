/* <callgate/prove.h>: comparisons, stacks, questions and refusals. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/filter.h>

#include <callgate/diagnosis.h>
#include <callgate/prove.h>

#include "support/random.h"
#include "support/run.h"

static scmp_filter_ctx sockets(int denied)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), 0);
	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_X86_64), 0);
	if (denied)
		ck_assert_int_eq(seccomp_rule_add_exact(ctx, SCMP_ACT_ERRNO(1), 41, 1, SCMP_A0(SCMP_CMP_EQ, 38)), 0);
	return ctx;
}

START_TEST(one_rule_more_is_one_difference)
{
	scmp_filter_ctx open = sockets(0), shut = sockets(1);
	struct callgate_filter a = {.ctx = open}, b = {.ctx = shut};
	struct callgate_comparison *c;

	ck_assert_int_eq(callgate_compare(&a, &b, 10, &c), 0);
	ck_assert_int_eq(c->relation, CALLGATE_RELATION_SUPERSET);
	ck_assert(c->complete);
	ck_assert_uint_eq(c->count, 1);
	ck_assert_str_eq(c->differences[0].text, "socket(38, *, *) on x86_64: A allows, B gives ERRNO(EPERM)");
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
	struct callgate_filter rules = {.ctx = ctx}, stack = {.programs = twice, .program_count = 2};
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
	struct callgate_filter side = {.ctx = ctx};
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

static void check_numbers(const struct callgate_filter *side)
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
	struct callgate_filter rules = {.ctx = ctx}, side = {.programs = list, .program_count = 1};
	check_numbers(&rules);
	check_numbers(&side);
	ck_assert_int_eq(callgate_numbers_find(&rules, 12345, &numbers), -EINVAL);
	ck_assert_int_eq(callgate_numbers_find(NULL, SCMP_ARCH_X86_64, &numbers), -EINVAL);
	callgate_program_free(program);
	seccomp_release(ctx);
}
END_TEST

static bool case_has(const struct callgate_case *one, const struct callgate_call *call)
{
	for (size_t i = 0; i < one->condition_count; i++) {
		const struct callgate_condition *c = &one->conditions[i];
		uint64_t value = c->argument == 6 ? call->instruction_pointer : call->args[c->argument];
		int order = ((value & c->mask) > c->value) - ((value & c->mask) < c->value);
		ck_assert_uint_le(c->argument, 6);
		if (!(c->op == SCMP_CMP_NE   ? order != 0
		      : c->op == SCMP_CMP_LT ? order < 0
		      : c->op == SCMP_CMP_LE ? order <= 0
		      : c->op == SCMP_CMP_EQ ? order == 0
		      : c->op == SCMP_CMP_GE ? order >= 0
		                             : order > 0))
			return false;
	}
	return true;
}

/* Calls with arguments that matter and others: each is in just one case, and gets its action. */
static void check_cases(const struct callgate_filter *side, const struct callgate_program *program,
                        uint64_t first_argument)
{
	static const uint64_t values[] = {0, 1, 2, 3, 5, 7, 8, 9, 38, 1ULL << 32, (1ULL << 32) + 5, ~0ULL};
	const struct scmp_arg_cmp asked = {0, SCMP_CMP_EQ, first_argument, 0};
	struct random random = random_start("check_cases");
	struct callgate_cases *cases;

	ck_assert_int_eq(callgate_cases_find(side, SCMP_ARCH_X86_64, 41, 1, &asked, 10000, &cases), 0);
	ck_assert(cases->complete);
	for (int run = 0; run < 500; run++) {
		struct callgate_call call = {.arch = SCMP_ARCH_X86_64, .nr = 41, .args = {first_argument}};
		struct callgate_verdict verdict;
		size_t found = 0;
		for (int i = 1; i < 6; i++)
			call.args[i] = values[random_below(&random, 12)];
		ck_assert_int_eq(callgate_simulate_program(program, &call, &verdict), 0);
		for (size_t i = 0; i < cases->count; i++)
			if (case_has(&cases->cases[i], &call)) {
				found++;
				ck_assert_uint_eq(cases->cases[i].action, verdict.action);
			}
		ck_assert_uint_eq(found, 1);
	}
	for (size_t i = 0; i < cases->count; i++) {
		ck_assert(case_has(&cases->cases[i], &cases->cases[i].example));
		ck_assert_uint_eq(cases->cases[i].example.args[0], first_argument);
	}
	callgate_cases_free(cases);
}

START_TEST(cases_are_all_calls_and_no_others)
{
	scmp_filter_ctx ctx = sockets(1);
	struct callgate_program *program = NULL;
	struct callgate_cases *cases;

	ck_assert_int_eq(seccomp_rule_add_exact(ctx, SCMP_ACT_ERRNO(2), 41, 2, SCMP_A1(SCMP_CMP_GT, 5, 0),
	                                        SCMP_A2(SCMP_CMP_MASKED_EQ, 3, 1)),
	                 0);
	ck_assert_int_eq(
	    seccomp_rule_add_exact(ctx, SCMP_ACT_LOG, 41, 2, SCMP_A1(SCMP_CMP_LE, 5, 0), SCMP_A3(SCMP_CMP_NE, 7, 0)),
	    0);
	ck_assert_int_eq(callgate_program_compile(ctx, &program), 0);
	const struct callgate_program *const list[] = {program};
	struct callgate_filter rules = {.ctx = ctx}, side = {.programs = list, .program_count = 1};
	check_cases(&rules, program, 1);
	check_cases(&side, program, 1);
	check_cases(&rules, program, 38);
	check_cases(&side, program, 38);
	/* What was asked about is no condition; one case for all is without any. */
	const struct scmp_arg_cmp denied = {0, SCMP_CMP_EQ, 38, 0}, mask = {2, SCMP_CMP_MASKED_EQ, 3, 2};
	ck_assert_int_eq(callgate_cases_find(&side, SCMP_ARCH_X86_64, 41, 1, &denied, 100, &cases), 0);
	ck_assert(cases->complete && cases->count >= 1);
	callgate_cases_free(cases);
	ck_assert_int_eq(callgate_cases_find(&side, SCMP_ARCH_X86_64, 40, 1, &mask, 100, &cases), 0);
	ck_assert(cases->complete && cases->count == 1 && cases->cases[0].condition_count == 0);
	ck_assert_uint_eq(cases->cases[0].action, SCMP_ACT_ALLOW);
	ck_assert_uint_eq(cases->cases[0].example.args[2], 2);
	callgate_cases_free(cases);
	/* No calls, no cases; more cases than wanted; wrong questions. */
	const struct scmp_arg_cmp none[] = {{0, SCMP_CMP_EQ, 1, 0}, {0, SCMP_CMP_EQ, 2, 0}};
	ck_assert_int_eq(callgate_cases_find(&side, SCMP_ARCH_X86_64, 41, 2, none, 100, &cases), 0);
	ck_assert(cases->complete && cases->count == 0);
	callgate_cases_free(cases);
	ck_assert_int_eq(callgate_cases_find(&side, SCMP_ARCH_X86_64, 41, 0, NULL, 2, &cases), 0);
	ck_assert(!cases->complete && cases->count == 2);
	callgate_cases_free(cases);
	ck_assert_int_eq(callgate_cases_find(&side, 12345, 41, 0, NULL, 2, &cases), -EINVAL);
	ck_assert_int_eq(callgate_cases_find(&side, SCMP_ARCH_X86_64, 41, 1, NULL, 2, &cases), -EINVAL);
	ck_assert_int_eq(callgate_cases_find(&side, SCMP_ARCH_X86_64, 41, 0, NULL, 2, NULL), -EINVAL);
	ck_assert_int_eq(callgate_cases_find(NULL, SCMP_ARCH_X86_64, 41, 0, NULL, 2, &cases), -EINVAL);
	callgate_program_free(program);
	seccomp_release(ctx);
}
END_TEST

/* Rules of all operators, some of which cover or contradict others: then they are refused, or have no effect. */
START_TEST(cases_of_random_rules)
{
	static const uint64_t masks[] = {3, 5, 0xf0, 0xffffffff, ~0xffffffffULL, ~0ULL};
	static const uint64_t data[] = {0, 1, 2, 7, 8, 38, 0x10, 1ULL << 32, ~0ULL, 0xffffffff};
	struct random random = random_start("cases_of_random_rules");

	for (int run = 0; run < 40; run++) {
		scmp_filter_ctx ctx = sockets(0);
		struct callgate_program *program = NULL;
		for (int rule = 0; rule < 5; rule++) {
			struct scmp_arg_cmp conditions[2];
			for (unsigned i = 0; i < 2; i++)
				conditions[i] = (struct scmp_arg_cmp){i + 1, SCMP_CMP_NE + random_below(&random, 7),
				                                      data[random_below(&random, 10)],
				                                      data[random_below(&random, 10)]};
			for (unsigned i = 0; i < 2; i++)
				if (conditions[i].op == SCMP_CMP_MASKED_EQ)
					conditions[i].datum_a = masks[random_below(&random, 6)];
			(void)seccomp_rule_add_exact_array(ctx, SCMP_ACT_ERRNO(random_below(&random, 4)), 41,
			                                   1 + random_below(&random, 2), conditions);
		}
		ck_assert_int_eq(callgate_program_compile(ctx, &program), 0);
		const struct callgate_program *const list[] = {program};
		struct callgate_filter rules = {.ctx = ctx}, side = {.programs = list, .program_count = 1};
		check_cases(&rules, program, 1);
		check_cases(&side, program, 1);
		callgate_program_free(program);
		seccomp_release(ctx);
	}
}
END_TEST

/* A program that looks at a bit of the number: no range of numbers says which ones, but a mask does. */
START_TEST(numbers_by_a_bit)
{
	const struct sock_filter insns[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
	    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_ERRNO(2)),
	    BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_ALLOW),
	};
	struct callgate_program *programs[2];
	struct callgate_comparison *c;
	struct callgate_numbers *numbers;

	ck_assert_int_eq(callgate_program_new(insns, sizeof(insns), SCMP_ARCH_NATIVE, &programs[0]), 0);
	ck_assert_int_eq(callgate_program_new(&insns[3], sizeof(insns[3]), SCMP_ARCH_NATIVE, &programs[1]), 0);
	const struct callgate_program *const lists[2][1] = {{programs[0]}, {programs[1]}};
	struct callgate_filter sides[2] = {{NULL, lists[0], 1}, {NULL, lists[1], 1}};
	ck_assert_int_eq(callgate_compare(&sides[0], &sides[1], 9, &c), 0);
	ck_assert_int_eq(c->relation, CALLGATE_RELATION_SUBSET);
	ck_assert(c->complete);
	ck_assert_uint_eq(c->count, 1);
	ck_assert_uint_eq(c->differences[0].nr_first, 1);
	ck_assert_uint_eq(c->differences[0].nr_last, UINT32_MAX);
	ck_assert_uint_eq(c->differences[0].nr_mask, 1);
	ck_assert_uint_eq(c->differences[0].nr_value, 1);
	ck_assert_msg(strstr(c->differences[0].text, "(and all up to call number -1 whose number & 0x1 is 0x1)"), "%s",
	              c->differences[0].text);
	callgate_comparison_free(c);
	ck_assert_int_eq(callgate_numbers_find(&sides[0], SCMP_ARCH_X86_64, &numbers), 0);
	for (size_t i = 0; i < numbers->count; i++)
		ck_assert(numbers->ranges[i].ever_denied && numbers->ranges[i].ever_allowed);
	callgate_numbers_free(numbers);
	callgate_program_free(programs[0]);
	callgate_program_free(programs[1]);
}
END_TEST

/* What the differences of two programs that look at bits of the number are, against each of the smaller numbers. */
START_TEST(differences_say_which_numbers)
{
	enum { NUMBERS = 600 };
	struct random random = random_start("differences_say_which_numbers");

	for (int run = 0; run < 300; run++) {
		struct sock_filter insns[2][8];
		struct callgate_program *programs[2];
		struct callgate_comparison *c;
		for (int i = 0; i < 2; i++) {
			const struct sock_filter made[] = {
			    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
			    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, random_below(&random, NUMBERS), 0, 3),
			    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1u << random_below(&random, 10), 0, 1),
			    BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_ERRNO(random_below(&random, 3))),
			    BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_ALLOW),
			    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, random_below(&random, 256)),
			    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, random_below(&random, 8), 0, 0),
			    BPF_STMT(BPF_RET | BPF_K, SCMP_ACT_TRAP),
			};
			memcpy(insns[i], made, sizeof(made));
			if (random_below(&random, 2)) {
				insns[i][1].jf = 4;
				insns[i][6].jt = 0;
				insns[i][4] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0);
			}
			ck_assert_int_eq(
			    callgate_program_new(insns[i], sizeof(insns[i]), SCMP_ARCH_NATIVE, &programs[i]), 0);
		}
		const struct callgate_program *const lists[2][1] = {{programs[0]}, {programs[1]}};
		struct callgate_filter sides[2] = {{NULL, lists[0], 1}, {NULL, lists[1], 1}};
		ck_assert_int_eq(callgate_compare(&sides[0], &sides[1], SIZE_MAX, &c), 0);
		ck_assert(c->complete);
		for (int nr = 0; nr < NUMBERS; nr++) {
			struct callgate_call call = {.nr = nr};
			struct callgate_verdict verdicts[2];
			size_t rows = 0; /* neither program looks at the architecture */
			for (int i = 0; i < 2; i++)
				ck_assert_int_eq(callgate_simulate_program(programs[i], &call, &verdicts[i]), 0);
			for (size_t i = 0; i < c->count; i++) {
				const struct callgate_difference *d = &c->differences[i];
				if (d->nr_first <= (uint32_t)nr && (uint32_t)nr <= d->nr_last &&
				    ((uint32_t)nr & d->nr_mask) == d->nr_value) {
					rows++;
					ck_assert_uint_eq(d->first, verdicts[0].action);
					ck_assert_uint_eq(d->second, verdicts[1].action);
				}
			}
			ck_assert_uint_eq(rows, verdicts[0].action != verdicts[1].action);
		}
		callgate_comparison_free(c);
		callgate_program_free(programs[0]);
		callgate_program_free(programs[1]);
	}
}
END_TEST

/*
 * What a product of two words says is not decided. That the verdicts of the numbers before differ is; not what else is
 * allowed.
 */
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
	struct callgate_filter sides[2] = {{NULL, lists[0], 1}, {NULL, lists[1], 1}};
	ck_assert_int_eq(callgate_compare(&sides[0], &sides[1], 3, &c), 0);
	ck_assert_int_eq(c->relation, CALLGATE_RELATION_DIFFERENT);
	ck_assert(!c->complete);
	ck_assert_uint_eq(c->count, 1);
	ck_assert_ptr_nonnull(strstr(callgate_diagnosis(NULL), "not modelled: instruction 5 multiplies"));
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
	struct callgate_filter nothing = {0};

	ck_assert_int_eq(callgate_compare(&nothing, &nothing, 1, &c), -EINVAL);
	ck_assert_str_ne(callgate_diagnosis(NULL), "");
	ck_assert_int_eq(callgate_program_new(&bad, sizeof(bad), 0, &program), 0);
	const struct callgate_program *const list[] = {program};
	struct callgate_filter side = {.programs = list, .program_count = 1};
	ck_assert_int_eq(callgate_compare(&side, &side, 1, &c), 0);
	ck_assert_int_eq(c->relation, CALLGATE_RELATION_REFUSED);
	callgate_comparison_free(c);
	callgate_program_free(program);
	ck_assert_int_eq(callgate_proof_set(NULL, CALLGATE_PROOF_REQUIRED), -EINVAL);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("analysis-prove");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, one_rule_more_is_one_difference);
	tcase_add_test(tcase, a_program_is_compared_with_its_rules);
	tcase_add_test(tcase, questions_about_partial_calls);
	tcase_add_test(tcase, numbers_that_are_ever_allowed);
	tcase_add_test(tcase, cases_are_all_calls_and_no_others);
	tcase_add_test(tcase, cases_of_random_rules);
	tcase_add_test(tcase, numbers_by_a_bit);
	tcase_add_test(tcase, differences_say_which_numbers);
	tcase_add_test(tcase, a_difference_that_is_not_all);
	tcase_add_test(tcase, what_is_refused);
	return test_run(tcase);
}
