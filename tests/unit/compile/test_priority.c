/* What a user says about priorities and optimisation moves calls in the program, and never changes an answer. */
#include <check.h>
#include <stdlib.h>

#include <callgate/simulate.h>

#include "support/simulated.h"

enum { CALLS = 330 };

static uint32_t action_of(int nr)
{
	return nr % 7 == 3 ? SCMP_ACT_ERRNO((uint32_t)nr) : SCMP_ACT_ALLOW;
}

static scmp_filter_ctx make(uint32_t optimize, int favourite)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);

	ck_assert_ptr_nonnull(ctx);
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, optimize), 0);
	for (int nr = 0; nr < CALLS; nr++)
		ck_assert_int_eq(seccomp_rule_add(ctx, action_of(nr), nr, 0), 0);
	if (favourite >= 0)
		ck_assert_int_eq(seccomp_syscall_priority(ctx, favourite, 255), 0);
	return ctx;
}

static size_t executed(scmp_filter_ctx ctx, int nr)
{
	struct callgate_call call = {.nr = nr};
	struct callgate_verdict verdict = {0};

	ck_assert_int_eq(callgate_simulate(ctx, &call, &verdict), 0);
	ck_assert_uint_eq(verdict.action, nr < CALLS ? action_of(nr) : SCMP_ACT_KILL_PROCESS);
	return verdict.executed;
}

START_TEST(a_favourite_is_reached_sooner)
{
	scmp_filter_ctx plain = make(1, -1);
	size_t with = 0, without = 0;

	for (int nr = 3; nr < CALLS; nr += 77) {
		scmp_filter_ctx favoured = make(1, nr);
		ck_assert_uint_le(executed(favoured, nr), executed(plain, nr));
		with += executed(favoured, nr);
		without += executed(plain, nr);
		for (int other = 0; other <= CALLS; other++)
			executed(favoured, other);
		seccomp_release(favoured);
	}
	ck_assert_uint_lt(with, without);
	seccomp_release(plain);
}
END_TEST

/* The calls on either side of it have the same answer, and no priority. */
START_TEST(a_favourite_among_its_like_is_reached_sooner)
{
	scmp_filter_ctx plain = make(1, -1);
	size_t with = 0, without = 0;

	for (int nr = 7; nr < CALLS; nr += 77) {
		scmp_filter_ctx favoured = make(1, nr);
		ck_assert_uint_le(executed(favoured, nr), executed(plain, nr));
		with += executed(favoured, nr);
		without += executed(plain, nr);
		seccomp_release(favoured);
	}
	ck_assert_uint_lt(with, without);
	seccomp_release(plain);
}
END_TEST

START_TEST(a_tree_by_number_favours_nobody)
{
	scmp_filter_ctx tree = make(2, -1);
	size_t least = SIZE_MAX, most = 0;

	for (int nr = 0; nr <= CALLS; nr++) {
		size_t count = executed(tree, nr);
		least = count < least ? count : least;
		most = count > most ? count : most;
	}
	ck_assert_uint_le(most, least + 7);
	seccomp_release(tree);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("priority");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_favourite_is_reached_sooner);
	tcase_add_test(tcase, a_favourite_among_its_like_is_reached_sooner);
	tcase_add_test(tcase, a_tree_by_number_favours_nobody);
	return simulated_run(tcase);
}
