/*
 * check.h - as much of libcheck's interface as the tests use, for targets that have no libcheck: each test in a process
 * of its own, with a time limit.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CALLGATE_TESTS_CHECK_H
#define CALLGATE_TESTS_CHECK_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CK_ENV, CHECK_TESTS_MAX = 64, CHECK_USUAL_TIMEOUT = 60 };

struct check_test {
	const char *name;
	void (*function)(int loop);
	int first, end;
};

typedef struct check_tests {
	const char *name;
	unsigned timeout; /* seconds */
	int count, checks, failures;
	void (*setup)(void), (*teardown)(void); /* around each test, in its process; NULL: none */
	struct check_test tests[CHECK_TESTS_MAX];
} TCase;
/* A suite is its only test case, and a runner its only suite. */
typedef TCase Suite;
typedef TCase SRunner;

static inline TCase *tcase_create(const char *name)
{
	TCase *tests = calloc(1, sizeof(*tests));

	if (!tests)
		abort();
	tests->name = name;
	tests->timeout = CHECK_USUAL_TIMEOUT;
	return tests;
}

static inline void tcase_set_timeout(TCase *tests, double seconds)
{
	tests->timeout = (unsigned)seconds;
}

static inline void tcase_add_checked_fixture(TCase *tests, void (*setup)(void), void (*teardown)(void))
{
	if (tests->setup || tests->teardown)
		abort(); /* one fixture a test case */
	tests->setup = setup;
	tests->teardown = teardown;
}

static inline void check_add(TCase *tests, struct check_test test)
{
	if (tests->count == CHECK_TESTS_MAX)
		abort();
	tests->tests[tests->count++] = test;
}

#define tcase_add_test(tests, function) check_add((tests), (struct check_test){#function, function, 0, 1})
#define tcase_add_loop_test(tests, function, first, end) \
	check_add((tests), (struct check_test){#function, function, (int)(first), (int)(end)})

#define suite_create(name)            NULL
#define suite_add_tcase(suite, tests) ((suite) = (tests))
#define srunner_create(suite)         (suite)
#define srunner_ntests_failed(runner) ((runner)->failures)
#define srunner_free(runner)          free(runner)

/* CK_TIMEOUT_MULTIPLIER, for slow machines. */
static inline unsigned check_timeout(const TCase *tests)
{
	const char *multiplier = getenv("CK_TIMEOUT_MULTIPLIER");

	return tests->timeout * (multiplier && atoi(multiplier) > 0 ? (unsigned)atoi(multiplier) : 1);
}

static inline void check_run_one(TCase *tests, const struct check_test *test, int loop)
{
	int status = 0;

	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		setpgid(0, 0);
		alarm(check_timeout(tests));
		if (tests->setup)
			tests->setup();
		test->function(loop);
		if (tests->teardown)
			tests->teardown();
		exit(EXIT_SUCCESS);
	}
	tests->checks++;
	if (child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	tests->failures++;
	printf("%s:%d: failed, wait status 0x%x\n", test->name, loop, (unsigned)status);
}

static inline void srunner_run_all(SRunner *tests, int mode)
{
	(void)mode;
	for (int i = 0; i < tests->count; i++)
		for (int loop = tests->tests[i].first; loop < tests->tests[i].end; loop++)
			check_run_one(tests, &tests->tests[i], loop);
	printf("%s: %d checks, %d failures\n", tests->name, tests->checks, tests->failures);
}

#define START_TEST(name)         \
	static void name(int _i) \
	{                        \
		(void)_i;
#define END_TEST }

__attribute__((noreturn, format(printf, 3, 4))) static inline void check_fail(const char *file, int line,
                                                                              const char *format, ...)
{
	va_list list;

	va_start(list, format);
	printf("%s:%d: ", file, line);
	vprintf(format, list);
	printf("\n");
	va_end(list);
	exit(EXIT_FAILURE);
}

#define ck_abort_msg(...)         check_fail(__FILE__, __LINE__, __VA_ARGS__)
#define ck_assert_msg(holds, ...) ((holds) ? (void)0 : check_fail(__FILE__, __LINE__, __VA_ARGS__))
#define ck_assert(holds)          ck_assert_msg((holds), "%s does not hold", #holds)
#define ck_assert_ptr_null(p)     ck_assert((p) == NULL)
#define ck_assert_ptr_nonnull(p)  ck_assert((p) != NULL)
#define ck_assert_ptr_eq(x, y)    ck_assert((const void *)(x) == (const void *)(y))
#define ck_assert_mem_eq(x, y, n) ck_assert(memcmp((x), (y), (n)) == 0)
#define ck_assert_double_le(x, y) ck_assert((double)(x) <= (double)(y))

#define CHECK_NUMBERS(type, format, x, op, y)                                                                 \
	do {                                                                                                  \
		type check_x_ = (type)(x), check_y_ = (type)(y);                                              \
		ck_assert_msg(check_x_ op check_y_, "%s " #op " %s: %" format ", %" format, #x, #y, check_x_, \
		              check_y_);                                                                      \
	} while (0)
#define ck_assert_int_eq(x, y)  CHECK_NUMBERS(intmax_t, PRIdMAX, x, ==, y)
#define ck_assert_int_ne(x, y)  CHECK_NUMBERS(intmax_t, PRIdMAX, x, !=, y)
#define ck_assert_int_lt(x, y)  CHECK_NUMBERS(intmax_t, PRIdMAX, x, <, y)
#define ck_assert_int_le(x, y)  CHECK_NUMBERS(intmax_t, PRIdMAX, x, <=, y)
#define ck_assert_int_gt(x, y)  CHECK_NUMBERS(intmax_t, PRIdMAX, x, >, y)
#define ck_assert_int_ge(x, y)  CHECK_NUMBERS(intmax_t, PRIdMAX, x, >=, y)
#define ck_assert_uint_eq(x, y) CHECK_NUMBERS(uintmax_t, PRIuMAX, x, ==, y)
#define ck_assert_uint_ne(x, y) CHECK_NUMBERS(uintmax_t, PRIuMAX, x, !=, y)
#define ck_assert_uint_lt(x, y) CHECK_NUMBERS(uintmax_t, PRIuMAX, x, <, y)
#define ck_assert_uint_le(x, y) CHECK_NUMBERS(uintmax_t, PRIuMAX, x, <=, y)
#define ck_assert_uint_gt(x, y) CHECK_NUMBERS(uintmax_t, PRIuMAX, x, >, y)
#define ck_assert_uint_ge(x, y) CHECK_NUMBERS(uintmax_t, PRIuMAX, x, >=, y)

/* NULL is equal to NULL alone. */
static inline int check_compare(const char *x, const char *y)
{
	return x && y ? strcmp(x, y) : (x != NULL) - (y != NULL);
}

#define CHECK_STRINGS(x, op, y)                                                                        \
	do {                                                                                           \
		const char *check_x_ = (x), *check_y_ = (y);                                           \
		ck_assert_msg(check_compare(check_x_, check_y_) op 0, "%s " #op " %s: %s, %s", #x, #y, \
		              check_x_ ? check_x_ : "NULL", check_y_ ? check_y_ : "NULL");             \
	} while (0)
#define ck_assert_str_eq(x, y)  CHECK_STRINGS(x, ==, y)
#define ck_assert_str_ne(x, y)  CHECK_STRINGS(x, !=, y)
#define ck_assert_str_lt(x, y)  CHECK_STRINGS(x, <, y)
#define ck_assert_pstr_eq(x, y) CHECK_STRINGS(x, ==, y)

#endif
