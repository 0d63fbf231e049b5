/* How much memory it takes to hold and compile a large container's rules. */
#include <check.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/prove.h>

#include "support/run.h"

enum { PEAK_MOST = 100 * 1024, ALLOCATIONS_MOST = 150 };

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *at);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *at);

static size_t present, peak, allocations, fail_at; /* the allocation that fails, from 1; 0 for none */

static bool fails(void)
{
	return fail_at && ++allocations == fail_at;
}

static void *note(void *at)
{
	if (!at)
		return NULL;
	present += malloc_usable_size(at);
	peak = present > peak ? present : peak;
	allocations += !fail_at;
	return at;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : note(__real_malloc(size));
}

void *__wrap_calloc(size_t number, size_t size)
{
	return fails() ? NULL : note(__real_calloc(number, size));
}

void *__wrap_realloc(void *old, size_t size)
{
	if (fails())
		return NULL;
	present -= malloc_usable_size(old);
	return note(__real_realloc(old, size));
}

void __wrap_free(void *at)
{
	present -= malloc_usable_size(at);
	__real_free(at);
}

/* Calls that are mostly allowed, by number; a few are checked. How many rules failed. */
static int add_rules(scmp_filter_ctx ctx)
{
	int failed = 0;

	for (int nr = 0; nr < 400; nr++) {
		int result = 0;
		if (nr % 11 == 3 || nr % 17 == 5)
			continue;
		if (nr % 50 == 1)
			result = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 2,
			                          SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)nr),
			                          SCMP_A1(SCMP_CMP_MASKED_EQ, 0xff00, 0x100));
		else
			result = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 0);
		failed += result != 0;
	}
	return failed;
}

/* libcheck's own memory would be counted too: it is not asked anything in between. */
static int build_and_release(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(1));

	if (!ctx)
		return -1;
	(void)callgate_proof_set(ctx, CALLGATE_PROOF_OFF_FOR_TIMING);
	int failed = add_rules(ctx);
	if (seccomp_precompute(ctx) != 0)
		failed++;
	seccomp_release(ctx);
	return failed;
}

START_TEST(little_memory_is_used)
{
	present = peak = allocations = 0;
	int failed = build_and_release();
	size_t left = present, most = peak, count = allocations;

	printf("%zu bytes of heap at most, in %zu allocations\n", most, count);
	ck_assert_int_eq(failed, 0);
	ck_assert_uint_eq(left, 0);
	ck_assert_uint_gt(most, 1024);
	ck_assert_uint_lt(most, PEAK_MOST);
	ck_assert_uint_lt(count, ALLOCATIONS_MOST);
}
END_TEST

/* Every allocation in turn: an error is told, nothing is lost, and nothing that is not the program is handed out. */
START_TEST(every_allocation_may_fail)
{
	fail_at = present = allocations = 0;
	int failed = build_and_release();
	size_t count = allocations, unnoticed = 0, left = present;

	for (size_t i = 1; i <= count; i++) {
		fail_at = i;
		allocations = 0;
		unnoticed += build_and_release() == 0;
		left += present;
	}
	fail_at = 0;
	ck_assert_int_eq(failed, 0);
	ck_assert_uint_gt(count, 20);
	ck_assert_uint_eq(left, 0);
	ck_assert_uint_eq(unnoticed, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("memory");

	tcase_add_test(tcase, little_memory_is_used);
	tcase_add_test(tcase, every_allocation_may_fail);
	return test_run(tcase);
}
