/* Cells that need no diagram: a verdict that is told without one is that of every call in the cell. */
#include <check.h>
#include <stdio.h>

#include "bpf/accept.h"
#include "bpf/simulate.h"
#include "prove/side.h"
#include "prove/scan.h"
#include "support/random_policy.h"
#include "support/run.h"

enum { SMALL = 8, LENGTH = 10, PROGRAMS = 60000, POLICIES = 400, CALLS = 40 };

static struct sock_filter random_branch(struct random *random, size_t left)
{
	static const uint16_t codes[] = {BPF_JMP | BPF_JEQ | BPF_K, BPF_JMP | BPF_JGT | BPF_K,
	                                 BPF_JMP | BPF_JGE | BPF_K, BPF_JMP | BPF_JSET | BPF_K,
	                                 BPF_JMP | BPF_JEQ | BPF_X, BPF_JMP | BPF_JA};
	uint16_t code = codes[random_below(random, 6)];
	uint32_t most = (uint32_t)left;

	if (code == (BPF_JMP | BPF_JA))
		return (struct sock_filter){code, 0, 0, random_below(random, most)};
	return (struct sock_filter){code, (uint8_t)random_below(random, most),
	                            (uint8_t)random_below(random, most), random_below(random, SMALL)};
}

/* Loads of nr, arch and an argument's word, sums, and all kinds of jumps. The returns are different. */
static void random_numbers(struct random *random, struct sock_filter *insns)
{
	for (size_t i = 0; i < LENGTH; i++) {
		uint32_t kind = i + 1 == LENGTH ? 9 : random_below(random, 10);
		if (kind < 4)
			insns[i] = (struct sock_filter){BPF_LD | BPF_W | BPF_ABS, 0, 0,
			                                kind < 2    ? 0
			                                : kind == 2 ? 4
			                                            : 16};
		else if (kind == 4)
			insns[i] = (struct sock_filter){BPF_ALU | BPF_ADD | BPF_K, 0, 0, 1};
		else if (kind < 9)
			insns[i] = random_branch(random, LENGTH - i - 1);
		else
			insns[i] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, (uint32_t)i};
	}
}

static void random_interval(struct random *random, uint32_t *ret_first, uint32_t *ret_last)
{
	*ret_first = random_below(random, SMALL);
	*ret_last =
	    random_below(random, 2) ? *ret_first : *ret_first + random_below(random, SMALL - *ret_first);
}

static void check_every_call(const struct callgate_program *program, const struct cell *cell,
                             uint32_t verdict)
{
	for (uint32_t arch = cell->arch_first; arch <= cell->arch_last; arch++)
		for (uint32_t nr = cell->nr_first; nr <= cell->nr_last; nr++)
			for (uint32_t arg = 0; arg <= SMALL; arg++) {
				struct seccomp_data call = {.nr = (int)nr, .arch = arch, .args = {arg}};
				ck_assert_uint_eq(bpf_simulate(program, &call, NULL), verdict);
			}
}

START_TEST(programs_that_numbers_decide)
{
	struct random random = random_start("programs_that_numbers_decide");
	unsigned long decided = 0, intervals = 0;
	struct sock_filter insns[LENGTH];
	const struct callgate_program program = {.count = LENGTH, .insns = insns, .bytes = insns};

	for (int i = 0; i < PROGRAMS; i++) {
		struct cell cell;
		uint32_t verdict;
		size_t steps = 0;
		random_numbers(&random, insns);
		ck_assert_int_eq(bpf_accept(&program, NULL), 0);
		random_interval(&random, &cell.arch_first, &cell.arch_last);
		random_interval(&random, &cell.nr_first, &cell.nr_last);
		if (!scan_verdict(&program, &cell, &verdict, &steps))
			continue;
		ck_assert_uint_lt(steps, LENGTH);
		check_every_call(&program, &cell, verdict);
		decided++;
		intervals += cell.nr_first != cell.nr_last && steps > 1;
	}
	printf("decided: %lu of %d programs, %lu after jumps on an interval\n", decided, PROGRAMS, intervals);
	ck_assert_uint_gt(decided, PROGRAMS / 20);
	ck_assert_uint_gt(intervals, PROGRAMS / 200);
}
END_TEST

/* Without anything else between a load and a jump, no cell of one number is left to the diagrams. */
START_TEST(comparisons_are_followed)
{
	struct sock_filter insns[] = {
	    {BPF_LD | BPF_W | BPF_ABS, 0, 0, 4},  {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 3},
	    {BPF_RET | BPF_K, 0, 0, 0},           {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
	    {BPF_JMP | BPF_JGE | BPF_K, 1, 0, 5}, {BPF_JMP | BPF_JA, 0, 0, 1},
	    {BPF_JMP | BPF_JGT | BPF_K, 0, 1, 6}, {BPF_RET | BPF_K, 0, 0, 1},
	    {BPF_RET | BPF_K, 0, 0, 2},
	};
	const struct callgate_program program = {.count = 9, .insns = insns, .bytes = insns};

	for (uint32_t nr = 0; nr < SMALL; nr++)
		for (uint32_t arch = 2; arch < 5; arch++) {
			struct cell cell = {arch, arch, nr, nr};
			size_t steps = 0;
			uint32_t verdict;
			ck_assert(scan_verdict(&program, &cell, &verdict, &steps));
			ck_assert_uint_eq(verdict, arch != 3 ? 0 : nr <= 4 || nr > 6 ? 1 : 2);
			ck_assert_uint_eq(steps, arch != 3 ? 2 : 5);
		}
}
END_TEST

/* Calls of a cell: at its corners and anywhere, with arguments near those of the rules. */
static void check_calls(struct random *random, const struct policy *policy, const struct cell *cell,
                        uint32_t verdict)
{
	for (int i = 0; i < CALLS; i++) {
		struct seccomp_data call = random_call(random, policy);
		uint32_t width = cell->nr_last - cell->nr_first;
		uint32_t inside =
		    width == UINT32_MAX ? (uint32_t)random_next(random) : random_below(random, width + 1);
		call.arch = i % 2 ? cell->arch_first : cell->arch_last;
		call.nr = (int)(i < 2 ? cell->nr_last : cell->nr_first + (i < 4 ? 0 : inside));
		ck_assert_uint_eq(policy_eval(policy, &call, NULL), verdict);
	}
}

static unsigned long check_section(struct random *random, const struct policy *policy, struct rules *rules,
                                   const struct cell *section, struct cuts *numbers)
{
	unsigned long decided = 0;
	uint32_t verdict;

	if (rules_foreign(rules, section)) {
		ck_assert(rules_verdict(rules, section, &verdict));
		check_calls(random, policy, section, verdict);
		return 1;
	}
	cuts_clear(numbers);
	rules_cuts_nr(rules, section, false, numbers);
	ck_assert(cuts_finish(numbers));
	for (size_t i = 0; i < numbers->starts.count; i++) {
		struct cell cell = *section;
		cell.nr_first = numbers->starts.items[i];
		cell.nr_last = cuts_last(numbers, i);
		if (!rules_verdict(rules, &cell, &verdict))
			continue;
		check_calls(random, policy, &cell, verdict);
		decided++;
	}
	return decided;
}

START_TEST(rules_that_numbers_decide)
{
	struct random random = random_start("rules_that_numbers_decide");
	unsigned long decided = 0;

	for (int i = 0; i < POLICIES; i++) {
		struct arena arena = {0};
		struct cuts archs = {.arena = &arena}, numbers = {.arena = &arena};
		const struct policy *policy = random_policy(&random, &arena, 8, 3);
		struct rules rules;
		ck_assert(policy && rules_init(&rules, policy, &arena));
		rules_cuts_arch(&rules, &archs);
		ck_assert(cuts_finish(&archs));
		for (size_t j = 0; j < archs.starts.count; j++) {
			struct cell section = {archs.starts.items[j], cuts_last(&archs, j), 0, UINT32_MAX};
			decided += check_section(&random, policy, &rules, &section, &numbers);
		}
		arena_finish(&arena);
	}
	printf("decided: %lu cells of %d policies\n", decided, POLICIES);
	ck_assert_uint_gt(decided, 2 * POLICIES);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("prove-plain");

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, programs_that_numbers_decide);
	tcase_add_test(tcase, comparisons_are_followed);
	tcase_add_test(tcase, rules_that_numbers_decide);
	return test_run(tcase);
}
