/* Whichever allocation fails: reading a test file says -ENOMEM, and running a test never says what is not so. */
#include <errno.h>
#include <string.h>

#include <callgate/coverage.h>
#include <callgate/test_file.h>

#include "support/context.h"
#include "support/run.h"
#include "support/allocations.h"

/* Each kind of line; the second of two fails where there are two. */
static const char text[] = "profile \"x.json\"\n"
                           "arch x86_64 x86\n"
                           "cap CAP_KILL\n"
                           "option strict\n"
                           "option unknown-calls enosys\n"
                           "test all kinds\n"
                           "read, write(0..2), @network -> EPERM\n"
                           "read(1, * & (O_RDWR|3) == 1) -> ALLOW\n"
                           "only read, @file -> ALLOW\n"
                           "only read -> ALLOW\n"
                           "other calls -> EPERM\n"
                           "other calls -> EACCES\n"
                           "unknown calls -> EPERM\n"
                           "other architectures -> KILL\n"
                           "other architectures -> TRAP\n"
                           "no weaker than other.json\n"
                           "no weaker than \"weak.json\"\n"
                           "live: read(0, \"a\\x20text\", 3) -> 0\n";

static const char wrong[] = "raed -> ALLOW\n"
                            "@netwrok -> ALLOW\n"
                            "read(O_RODNLY, 1) -> ALLOW\n"
                            "test x\n"
                            "read -> ALOW\n";

static long read_with_failures(const char *bytes, size_t messages)
{
	struct callgate_test_file *file = NULL;
	long allocation = 0;

	do {
		start_failing(allocation++);
		int result = callgate_test_file_parse(bytes, strlen(bytes), &file);
		fail_at = -1;
		ck_assert_int_eq(result, failed ? -ENOMEM : 0);
		ck_assert(failed == !file);
	} while (failed);
	for (size_t i = 0; i < messages; i++)
		ck_assert_ptr_nonnull(callgate_test_file_message(file, i));
	ck_assert_ptr_null(callgate_test_file_message(file, messages));
	callgate_test_file_free(file);
	return allocation;
}

START_TEST(reading)
{
	ck_assert_int_gt(read_with_failures(text, 0), 5);
	ck_assert_int_gt(read_with_failures(wrong, 4), 3);
}
END_TEST

static scmp_filter_ctx make(uint32_t action)
{
	scmp_filter_ctx ctx = CONTEXT(action, SCMP_ARCH_X86_64, SCMP_ARCH_X86);

	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0_64(SCMP_CMP_LT, 3)),
	                 action == SCMP_ACT_ALLOW ? -EACCES : 0);
	return ctx;
}

/* The answer with all memory, or none. What a lack of memory does below may also show as trouble. */
static void run_with_failures(const struct callgate_test_file *file, size_t test, const struct callgate_filter *sides,
                              const scmp_filter_ctx ctx)
{
	struct callgate_test_result right;
	long allocation = 0;

	ck_assert_int_eq(callgate_test_run(file, test, sides, NULL, &right), 0);
	ck_assert(right.status == CALLGATE_TEST_PASSED || right.status == CALLGATE_TEST_FAILED);
	do {
		struct callgate_test_result result = {0};
		struct callgate_simulator *simulator;
		ck_assert_int_eq(callgate_simulator_new(ctx, &simulator), 0);
		start_failing(allocation);
		allocation += allocation < 400 ? 1 : 1 + allocation / 20;
		int status = callgate_test_run(file, test, sides, simulator, &result);
		fail_at = -1;
		ck_assert_msg(status == 0 || (failed && status == -ENOMEM), "%s: %d",
		              callgate_test_file_test(file, test)->name, status);
		if (status == 0 && !(failed && result.status == CALLGATE_TEST_ERROR)) {
			ck_assert_int_eq(result.status, right.status);
			ck_assert(result.status == CALLGATE_TEST_PASSED || result.text);
		}
		callgate_test_result_finish(&result);
		callgate_simulator_free(simulator);
	} while (failed);
	callgate_test_result_finish(&right);
}

START_TEST(running)
{
	struct callgate_test_file *file;
	scmp_filter_ctx ctx = make(SCMP_ACT_ERRNO(EPERM)), weak = make(SCMP_ACT_ALLOW);
	const struct callgate_filter sides[] = {{.ctx = ctx}, {.ctx = ctx}, {.ctx = weak}};
	const struct callgate_test *test;
	size_t count = 0;

	ck_assert_int_eq(callgate_test_file_parse(text, strlen(text), &file), 0);
	for (; (test = callgate_test_file_test(file, count)); count++)
		if (test->kind != CALLGATE_TEST_LIVE)
			run_with_failures(file, count, sides, ctx);
	ck_assert_uint_eq(count, 12);
	callgate_test_file_free(file);
	seccomp_release(ctx);
	seccomp_release(weak);
}
END_TEST

START_TEST(taking_architectures)
{
	struct callgate_test_file *file;
	scmp_filter_ctx ctx = make(SCMP_ACT_KILL);

	ck_assert_int_eq(callgate_test_file_parse("read -> KILL", 12, &file), 0);
	start_failing(0);
	int result = callgate_test_file_take_archs(file, 0, ctx);
	fail_at = -1;
	ck_assert(failed ? result == -ENOMEM && callgate_test_file_filter(file, 0)->arch_count == 0 : result == 0);
	ck_assert_int_eq(callgate_test_file_take_archs(file, 0, ctx), 0);
	ck_assert_uint_eq(callgate_test_file_filter(file, 0)->arch_count, 2);
	callgate_test_file_free(file);
	seccomp_release(ctx);
}
END_TEST

/* Coverage and mutants, all of them or none. */
START_TEST(covering)
{
	static const char line[] = "write(0..2) -> ALLOW";
	scmp_filter_ctx ctx = make(SCMP_ACT_ERRNO(EPERM));
	const struct callgate_filter side = {.ctx = ctx};
	struct callgate_test_file *file;
	long allocation = 0;

	ck_assert_int_eq(callgate_test_file_parse(line, strlen(line), &file), 0);
	do {
		struct callgate_coverage *coverage = NULL;
		struct callgate_mutants *mutants = NULL;
		start_failing(allocation);
		allocation += allocation < 100 ? 1 : 1 + allocation / 10;
		int status = callgate_coverage_new(&side, NULL, NULL, &coverage);
		ck_assert(!coverage == (status < 0));
		if (status == 0)
			status = callgate_coverage_test(coverage, file, 0, &side, NULL);
		if (status == 0)
			status = callgate_mutants_run(coverage, NULL, NULL, &mutants);
		fail_at = -1;
		ck_assert_msg(status == 0 || (failed && status == -ENOMEM), "%ld: %d", allocation, status);
		ck_assert(!mutants == (status < 0));
		if (!failed) {
			ck_assert_uint_eq(coverage->rules_total.hit, 2); /* on both architectures */
			ck_assert_uint_gt(mutants->survivor_count, 0);
		}
		callgate_mutants_free(mutants);
		callgate_coverage_free(coverage);
	} while (failed);
	ck_assert_int_gt(allocation, 100);
	callgate_test_file_free(file);
	seccomp_release(ctx);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("test file memory");

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, reading);
	tcase_add_test(tests, running);
	tcase_add_test(tests, taking_architectures);
	tcase_add_test(tests, covering);
	return test_run(tests);
}
