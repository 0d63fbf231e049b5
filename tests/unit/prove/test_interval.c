/* Regions that need no diagram: a verdict that is told without one is that of every call in the region. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "bpf/program.h"
#include "bpf/simulate.h"
#include "query/proof.h"
#include "prove/filter_model.h"
#include "prove/interval.h"
#include "prove/space.h"
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
	return (struct sock_filter){code, (uint8_t)random_below(random, most), (uint8_t)random_below(random, most),
	                            random_below(random, SMALL)};
}

/* Loads of nr, arch and an argument's word, sums, and all kinds of jumps. The returns are different actions. */
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
			insns[i] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, (uint32_t)i << 16};
	}
}

/* Without anything else between a load and a jump, no part is left to the diagrams. */
START_TEST(comparisons_are_followed)
{
	struct sock_filter insns[] = {
	    {BPF_LD | BPF_W | BPF_ABS, 0, 0, 4},
	    {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 3},
	    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_THREAD},
	    {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
	    {BPF_JMP | BPF_JGE | BPF_K, 1, 0, 5},
	    {BPF_JMP | BPF_JA, 0, 0, 1},
	    {BPF_JMP | BPF_JGT | BPF_K, 0, 1, 6},
	    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
	    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO},
	};
	/* Stacked on the other one it changes nothing. */
	struct sock_filter weaker[] = {
	    {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
	    {BPF_JMP | BPF_JGT | BPF_K, 1, 0, 6},
	    {BPF_JMP | BPF_JGT | BPF_K, 1, 0, 4},
	    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
	    {BPF_LD | BPF_W | BPF_ABS, 0, 0, 4},
	    {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 3},
	    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_THREAD},
	    {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO},
	};
	const struct callgate_program program = {.count = 9, .insns = insns, .bytes = insns};
	const struct callgate_program stacked = {.count = 8, .insns = weaker, .bytes = weaker};
	const struct callgate_program *list[] = {&program, &stacked};
	const struct filter filters[] = {{.programs = list, .program_count = 2},
	                                 {.programs = list, .program_count = 1}};
	const struct region region = {3, 3, 5, 6};
	struct arena arena = {0};
	struct parts left = {0};
	struct filter_model models[2];
	struct diagram diagram;

	diagram_init(&diagram, 0, 0);
	for (int i = 0; i < 2; i++)
		ck_assert(filter_init(&models[i], &filters[i], &arena));
	ck_assert(interval_walk(models, 2, &diagram, &REGION_EVERYTHING, &arena, &left));
	ck_assert_uint_eq(left.list.count, 0);
	weaker[7].k = SECCOMP_RET_TRAP;
	ck_assert(interval_walk(models, 2, &diagram, &REGION_EVERYTHING, &arena, &left));
	ck_assert_uint_eq(left.list.count, 1);
	ck_assert(memcmp(&left.list.items[0].region, &region, sizeof(region)) == 0);
	diagram_finish(&diagram);
	arena_finish(&arena);
}
END_TEST

static bool holds(const struct parts *parts, uint32_t arch, uint32_t nr)
{
	for (size_t i = 0; i < parts->list.count; i++) {
		const struct region *region = &parts->list.items[i].region;
		if (region->arch_first <= arch && arch <= region->arch_last && region->nr_first <= nr &&
		    nr <= region->nr_last)
			return true;
	}
	return false;
}

/* Where two programs differ, for any argument, the walk leaves a region. Returns how many numbers are in none. */
static unsigned long check_walk(const struct filter *first, const struct filter *second, const struct parts *left)
{
	unsigned long agreed = 0;

	for (uint32_t arch = 0; arch <= SMALL; arch++)
		for (uint32_t nr = 0; nr <= SMALL; nr++) {
			bool differ = false;
			for (uint32_t arg = 0; arg <= SMALL && !differ; arg++) {
				struct seccomp_data call = {.nr = (int)nr, .arch = arch, .args = {arg}};
				differ = witness_verdict(first, &call) != witness_verdict(second, &call);
			}
			ck_assert(!differ || holds(left, arch, nr));
			agreed += !holds(left, arch, nr);
		}
	return agreed;
}

/* A program of its own, or one that is nearly another. */
static void random_like(struct random *random, const struct sock_filter *model, struct sock_filter *insns)
{
	size_t changed = random_below(random, LENGTH);

	if (random_below(random, 3) == 0) {
		random_numbers(random, insns);
		return;
	}
	memcpy(insns, model, LENGTH * sizeof(*insns));
	if (BPF_CLASS(insns[changed].code) == BPF_RET ||
	    (BPF_CLASS(insns[changed].code) == BPF_JMP && insns[changed].code != (BPF_JMP | BPF_JA)))
		insns[changed].k++;
}

START_TEST(walks_leave_every_difference)
{
	enum { STACK = 3 };
	struct random random = random_start("walks_leave_every_difference");
	struct sock_filter insns[STACK][LENGTH];
	struct callgate_program programs[STACK];
	const struct callgate_program *list[STACK];
	unsigned long agreed = 0;

	for (int i = 0; i < PROGRAMS / 10; i++) {
		struct arena arena = {0};
		struct parts left = {0};
		struct filter_model sides[2];
		struct diagram diagram;
		size_t count = 2 + random_below(&random, STACK - 1);
		for (size_t j = 0; j < count; j++) {
			if (j == 0)
				random_numbers(&random, insns[j]);
			else
				random_like(&random, insns[0], insns[j]);
			programs[j] = (struct callgate_program){.count = LENGTH, .insns = insns[j], .bytes = insns[j]};
			list[j] = &programs[j];
		}
		struct filter first = {.programs = list, .program_count = 1};
		struct filter rest = {.programs = list + 1, .program_count = count - 1};
		diagram_init(&diagram, 0, random_below(&random, 4) ? 0 : 1 + random_below(&random, 60));
		ck_assert(filter_init(&sides[0], &first, &arena) && filter_init(&sides[1], &rest, &arena));
		ck_assert(interval_walk(sides, 2, &diagram, &REGION_EVERYTHING, &arena, &left));
		agreed += check_walk(&first, &rest, &left);
		diagram_finish(&diagram);
		arena_finish(&arena);
	}
	printf("agreed: %lu numbers of %d pairs\n", agreed, PROGRAMS / 10);
	ck_assert_uint_gt(agreed, PROGRAMS / 10);
}
END_TEST

/* Calls of a region: at its corners and anywhere, with arguments near those of the rules. */
static void check_calls(struct random *random, const struct policy *policy, const struct region *region,
                        uint32_t verdict)
{
	for (int i = 0; i < CALLS; i++) {
		struct seccomp_data call = random_call(random, policy);
		uint32_t width = region->nr_last - region->nr_first;
		uint32_t inside = width == UINT32_MAX ? (uint32_t)random_next(random) : random_below(random, width + 1);
		call.arch = i % 2 ? region->arch_first : region->arch_last;
		call.nr = (int)(i < 2 ? region->nr_last : region->nr_first + (i < 4 ? 0 : inside));
		ck_assert_uint_eq(policy_eval(policy, &call, NULL), verdict);
	}
}

static bool has_arch(const struct policy *policy, const struct region *slice)
{
	for (size_t i = 0; i < policy->arch_count; i++) {
		uint32_t audit = policy->archs[i].arch->audit;
		if (slice->arch_first <= audit && audit <= slice->arch_last)
			return true;
	}
	return false;
}

static unsigned long check_region(struct random *random, const struct policy *policy, struct policy_diagram *rules,
                                  const struct region *region)
{
	uint32_t verdict;
	bool decided = policy_diagram_constant(rules, region, &verdict);

	ck_assert(decided || has_arch(policy, region));
	if (decided)
		check_calls(random, policy, region, verdict);
	return decided;
}

/* All pieces of a region, in order and without gaps, and what goes a little beyond them. */
static unsigned long check_pieces(struct random *random, const struct policy *policy, struct policy_diagram *rules,
                                  struct arena *arena)
{
	unsigned long decided = check_region(random, policy, rules, &REGION_EVERYTHING);
	ARENA_VEC(struct region) pending = {0};
	struct region upper, before = {0};

	ck_assert(vec_push_in(&pending, arena, REGION_EVERYTHING));
	while (pending.count) {
		struct region piece = pending.items[--pending.count];
		while (policy_diagram_divide(rules, &piece, &upper))
			ck_assert(vec_push_in(&pending, arena, upper));
		ck_assert_uint_eq(piece.nr_first, before.nr_last == UINT32_MAX ? 0
		                                  : before.nr_last             ? before.nr_last + 1
		                                                               : piece.nr_first);
		before = piece;
		decided += check_region(random, policy, rules, &piece);
		piece.nr_first -= piece.nr_first > 0 ? random_below(random, 2) : 0;
		piece.nr_last += piece.nr_last < UINT32_MAX - 3 ? random_below(random, 3) : 0;
		decided += check_region(random, policy, rules, &piece);
	}
	ck_assert(before.arch_last == UINT32_MAX && before.nr_last == UINT32_MAX);
	return decided;
}

/* A program that tells more pairs of nr and arch apart than there are regions to spare for. */
START_TEST(too_many_regions_are_one)
{
	enum { EACH = 150, COUNT = 4 * EACH + 6 };
	static struct sock_filter insns[COUNT];
	struct sock_filter other[] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, 16},
	                              {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 5},
	                              {BPF_RET | BPF_K, 0, 0, 1},
	                              {BPF_RET | BPF_K, 0, 0, 2}};
	const struct callgate_program grid = {.count = COUNT, .insns = insns, .bytes = insns};
	const struct callgate_program other_program = {.count = 4, .insns = other, .bytes = other};
	const struct callgate_program *lists[] = {&grid, &other_program};
	struct filter subjects[2];
	struct arena arena = {0};
	struct parts left = {0};
	struct filter_model sides[2];
	struct diagram diagram;
	size_t at = 0;

	for (uint32_t field = 0; field < 2; field++) {
		insns[at++] = (struct sock_filter){BPF_LD | BPF_W | BPF_ABS, 0, 0, 4 * field};
		for (uint32_t i = 1; i <= EACH; i++) {
			insns[at++] = (struct sock_filter){BPF_JMP | BPF_JGE | BPF_K, 1, 0, 3 * i};
			insns[at++] = (struct sock_filter){BPF_JMP | BPF_JA, 0, 0, 0};
		}
	}
	memcpy(&insns[at], other, sizeof(other));
	diagram_init(&diagram, 0, 0);
	for (int i = 0; i < 2; i++) {
		subjects[i] = (struct filter){.programs = &lists[i], .program_count = 1};
		ck_assert(filter_init(&sides[1 - i], &subjects[i], &arena));
	}
	ck_assert(interval_walk(sides, 2, &diagram, &REGION_EVERYTHING, &arena, &left));
	ck_assert_uint_eq(left.list.count, 1);
	ck_assert(memcmp(&left.list.items[0].region, &REGION_EVERYTHING, sizeof(struct region)) == 0);
	struct prove_result result;
	ck_assert_int_eq(proof_equal(&subjects[0], &subjects[1], NULL, NULL, &result), 0);
	ck_assert_int_eq(result.outcome, PROVE_EQUAL);
	diagram_finish(&diagram);
	arena_finish(&arena);
}
END_TEST

START_TEST(rules_that_numbers_decide)
{
	struct random random = random_start("rules_that_numbers_decide");
	unsigned long decided = 0;

	for (int i = 0; i < POLICIES; i++) {
		struct arena arena = {0};
		const struct policy *policy = random_policy(&random, &arena, 8, 3);
		struct policy_diagram rules;
		ck_assert(policy && policy_diagram_init(&rules, policy, &arena));
		decided += check_pieces(&random, policy, &rules, &arena);
		arena_finish(&arena);
	}
	printf("decided: %lu regions of %d policies\n", decided, POLICIES);
	ck_assert_uint_gt(decided, 10 * POLICIES);
}
END_TEST

enum { DENSE = 12, DENSE_FIRST = 30 };

/*
 * Calls that follow each other on one or two entries of an architecture, most of them allowed whatever their arguments.
 */
struct dense {
	struct policy_syscall calls[2][DENSE];
	struct callgate_arch ranges[2]; /* with numbers of their own */
	struct policy_arch archs[2];
	struct policy policy;
};

static void random_dense(struct random *random, struct dense *dense)
{
	static const struct policy_condition condition = {.arg = 1, .op = POLICY_GE, .mask = UINT64_MAX, .value = 7};
	static const struct policy_rule kinds[] = {
	    {.action = SECCOMP_RET_ALLOW},
	    {.action = SECCOMP_RET_ALLOW, .condition_count = 1, .conditions = &condition},
	    {.action = SECCOMP_RET_LOG},
	};

	*dense = (struct dense){
	    .policy = {SECCOMP_RET_ERRNO | 1, SECCOMP_RET_KILL_PROCESS, 1, 1 + random_below(random, 2), dense->archs}};
	for (size_t i = 0; i < dense->policy.arch_count; i++) {
		struct policy_arch *arch = &dense->archs[i];
		dense->ranges[i] = *callgate_arch_find_name("x86_64");
		dense->ranges[i].nr_first = DENSE_FIRST - 2 + random_below(random, DENSE);
		dense->ranges[i].nr_last = dense->ranges[i].nr_first + random_below(random, 2 * DENSE);
		*arch = (struct policy_arch){.arch = &dense->ranges[i], .syscalls = dense->calls[i]};
		if (random_below(
		        random, 2)) { /* calls that are not known, perhaps after a known one that has only a priority */
			arch->unknown_first = arch->arch->nr_first + 1 + random_below(random, DENSE);
			arch->unknown_action = SECCOMP_RET_LOG;
		}
		for (uint32_t nr = DENSE_FIRST; nr < DENSE_FIRST + DENSE; nr++) {
			uint32_t kind = random_below(random, 10);
			if (kind == 0)
				continue;
			dense->calls[i][arch->syscall_count++] =
			    (struct policy_syscall){.nr = nr,
			                            .rule_count = kind > 1,
			                            .rules = &kinds[kind > 4   ? 0
			                                            : kind > 2 ? kind - 2
			                                                       : 0]};
		}
	}
}

/* What is said of an interval against each of its numbers. */
START_TEST(runs_of_calls)
{
	struct random random = random_start("runs_of_calls");
	unsigned long decided = 0;

	for (int i = 0; i < 20 * POLICIES; i++) {
		struct arena arena = {0};
		struct dense dense;
		struct policy_diagram rules;
		uint32_t verdict, last = DENSE_FIRST + DENSE, first = DENSE_FIRST + random_below(&random, DENSE);
		random_dense(&random, &dense);
		uint32_t audit = dense.archs[0].arch->audit;
		struct region region = {audit, audit, first, first + random_below(&random, last - first + 1)};
		ck_assert(policy_diagram_init(&rules, &dense.policy, &arena));
		bool constant = policy_diagram_constant(&rules, &region, &verdict);
		for (uint32_t nr = region.nr_first; constant && nr <= region.nr_last; nr++) {
			struct seccomp_data call = {.nr = (int)nr, .arch = audit, .args = {0, nr % 2 ? 9 : 3}};
			ck_assert_uint_eq(policy_eval(&dense.policy, &call, NULL), verdict);
			call.args[1] = nr % 2 ? 3 : 9;
			ck_assert_uint_eq(policy_eval(&dense.policy, &call, NULL), verdict);
		}
		decided += constant && region.nr_last > region.nr_first + 1;
		arena_finish(&arena);
	}
	printf("decided: %lu runs\n", decided);
	ck_assert_uint_gt(decided, POLICIES);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("prove-interval");

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, comparisons_are_followed);
	tcase_add_test(tcase, walks_leave_every_difference);
	tcase_add_test(tcase, too_many_regions_are_one);
	tcase_add_test(tcase, rules_that_numbers_decide);
	tcase_add_test(tcase, runs_of_calls);
	return test_run(tcase);
}
