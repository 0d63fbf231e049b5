/* Whichever allocation fails: an error that says so, nothing left behind, and the next call works. */
#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/plugin.h>

#include "functions.h"
#include "leaks.h"
#include "support/run.h"

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);

/* How many allocations still work; negative: all. */
static long allowed = -1;

static bool may_allocate(void)
{
	return allowed < 0 || allowed-- > 0;
}

void *malloc(size_t size)
{
	return may_allocate() ? __libc_malloc(size) : (errno = ENOMEM, NULL);
}

void *calloc(size_t count, size_t size)
{
	return may_allocate() ? __libc_calloc(count, size) : (errno = ENOMEM, NULL);
}

void *realloc(void *at, size_t size)
{
	return may_allocate() ? __libc_realloc(at, size) : (errno = ENOMEM, NULL);
}

static int call_strictly(struct callgate_exit_reason *reason)
{
	struct callgate_strict_options options = {.confinement = CALLGATE_STRICT_FILTER};
	char output[8];

	return callgate_strict_call(upper, "abc", 3, output, sizeof(output), &options, reason);
}

static int open_plugin(struct callgate_exit_reason *reason)
{
	struct callgate_plugin *plugin = NULL;
	int result = callgate_plugin_open(PLUGINS "/obedient.so", NULL, reason, &plugin);

	callgate_plugin_close(plugin);
	return result == 0 && !plugin ? -EIO : result;
}

/* Some allocations only serve speed, and the call succeeds without them: enough successes in a row are the end. */
static void fail_each(int (*call)(struct callgate_exit_reason *))
{
	struct callgate_exit_reason reason;
	int failures = 0, successes = 0;

	ck_assert_int_eq(call(&reason), 0);
	struct leaks before = leaks_now();
	for (long n = 0; successes < 50; n++) {
		allowed = n;
		int result = call(&reason);
		bool exhausted = allowed == 0;
		allowed = -1;
		ck_assert_msg(result == 0 || result == -ENOMEM, "allocation %ld: %d, %s", n, result,
		              callgate_diagnosis(NULL));
		if (result < 0)
			ck_assert_str_ne(callgate_diagnosis(NULL), "");
		failures += result < 0;
		successes = result == 0 && !exhausted ? successes + 1 : result == 0 ? successes : 0;
		ck_assert(!leaks_any_child());
	}
	ck_assert_int_gt(failures, 5);
	struct leaks after = leaks_now();
	ck_assert_int_eq(after.fds, before.fds);
	ck_assert_uint_eq(after.bytes, before.bytes);
	ck_assert_int_eq(call(&reason), 0);
}

START_TEST(test_strict_call)
{
	fail_each(call_strictly);
}
END_TEST

START_TEST(test_plugin)
{
	fail_each(open_plugin);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("no memory");

	/* malloc's own caches would count as bytes in use. */
	if (LEAKS_EXACT && !getenv("GLIBC_TUNABLES")) {
		printf("run with GLIBC_TUNABLES=glibc.malloc.tcache_count=0\n");
		return 77;
	}
	if (!LEAKS_EXACT) {
		printf("a sanitizer has an allocator of its own\n");
		return 77;
	}
	tcase_add_test(tests, test_strict_call);
	tcase_add_test(tests, test_plugin);
	tcase_set_timeout(tests, 200);
	return test_run(tests);
}
