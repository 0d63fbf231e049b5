/* Thousands of plugin calls with crashes at random, over several plugins and threads, leave nothing behind. */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <callgate/diagnosis.h>
#include <callgate/plugin.h>

#include "leaks.h"
#include "support/random.h"
#include "support/run.h"

enum { THREADS = 4, PLUGIN_COUNT = 2 };

struct calls {
	struct callgate_plugin *plugin;
	struct random random;
	int count, crashes;
	bool shared; /* another thread may crash or restart the plugin at any time */
	char problem[512];
};

static const struct {
	const char *request;
	enum callgate_exit_kind end;
} crashes[] = {
    {"c", CALLGATE_EXIT_CRASHED},   {"x", CALLGATE_EXIT_EXITED},  {"p", CALLGATE_EXIT_FORBIDDEN},
    {"n", CALLGATE_EXIT_MALFORMED}, {"d", CALLGATE_EXIT_CRASHED},
};

static void crash(struct calls *calls)
{
	uint32_t which = random_below(&calls->random, sizeof(crashes) / sizeof(crashes[0]));
	struct callgate_exit_reason reason;
	int result = callgate_plugin_call(calls->plugin, crashes[which].request, 1, NULL, 0, &reason);

	if (!calls->shared && (result != -EPIPE || reason.kind != crashes[which].end))
		snprintf(calls->problem, sizeof(calls->problem), "\"%s\" gave %d, %s", crashes[which].request, result,
		         reason.text);
	calls->crashes++;
	if (callgate_plugin_restart(calls->plugin, &reason) < 0)
		snprintf(calls->problem, sizeof(calls->problem), "restart: %s", callgate_diagnosis(NULL));
}

static void call(struct calls *calls)
{
	char request[2000], response[2000];
	size_t size = 1 + random_below(&calls->random, sizeof(request) - 1);
	struct callgate_exit_reason reason;

	memset(request, (int)random_below(&calls->random, 256), size);
	request[0] = 'e';
	int result = callgate_plugin_call(calls->plugin, request, size, response, sizeof(response), &reason);
	if (result < 0 && !calls->shared)
		snprintf(calls->problem, sizeof(calls->problem), "echo: %s", callgate_diagnosis(NULL));
	if (result == 0 && (reason.output_size != size - 1 || memcmp(response, request + 1, size - 1) != 0))
		snprintf(calls->problem, sizeof(calls->problem), "echo of %zu bytes came back wrong", size);
}

static void *calls_at_random(void *argument)
{
	struct calls *calls = argument;

	for (int i = 0; i < calls->count && !calls->problem[0]; i++)
		if (random_below(&calls->random, 20) == 0)
			crash(calls);
		else
			call(calls);
	return NULL;
}

static struct callgate_plugin *opened(void)
{
	struct callgate_plugin_options options = {.arena_size = 4096, .response_limit = 4096, .request_limit = 4096};
	struct callgate_plugin *plugin = NULL;

	ck_assert_msg(callgate_plugin_open(PLUGINS "/obedient.so", &options, NULL, &plugin) == 0, "%s",
	              callgate_diagnosis(NULL));
	return plugin;
}

static int calls_wanted(void)
{
	const char *text = getenv("CALLGATE_CALLS");

	return text ? atoi(text) : 10000;
}

/* malloc's own bookkeeping settles in the first rounds; what a call leaks would come back a thousand times. */
START_TEST(test_one_thread)
{
	struct leaks at_first = leaks_now();
	struct calls calls = {.plugin = opened(), .random = random_start("plugin calls"), .count = 200};

	calls_at_random(&calls);
	struct leaks before = leaks_now();
	calls.count = calls_wanted();
	calls.crashes = 0;
	calls_at_random(&calls);
	struct leaks after = leaks_now();
	ck_assert_msg(!calls.problem[0], "%s", calls.problem);
	printf("%d calls, %d of them ended the plugin\n", calls.count, calls.crashes);
	ck_assert_int_gt(calls.crashes, 0);
	ck_assert_int_eq(after.fds, before.fds);
	if (LEAKS_EXACT && !getenv("CALLGATE_MEMCHECK")) {
		ck_assert_int_eq(after.mappings, before.mappings);
		ck_assert_uint_eq(after.bytes, before.bytes);
	}
	callgate_plugin_close(calls.plugin);
	ck_assert(!leaks_any_child());
	ck_assert_int_eq(leaks_now().fds, at_first.fds);
}
END_TEST

/* Two plugins, two threads each. */
START_TEST(test_many_threads)
{
	struct random random = random_start("plugin calls from threads");
	struct leaks before = leaks_now();
	struct callgate_plugin *plugins[PLUGIN_COUNT] = {opened(), opened()};
	struct calls calls[THREADS] = {0};
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++) {
		calls[i] = (struct calls){.plugin = plugins[i % PLUGIN_COUNT],
		                          .random = {random_next(&random)},
		                          .count = calls_wanted() / THREADS,
		                          .shared = true};
		pthread_create(&threads[i], NULL, calls_at_random, &calls[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_msg(!calls[i].problem[0], "%s", calls[i].problem);
	}
	for (int i = 0; i < PLUGIN_COUNT; i++)
		callgate_plugin_close(plugins[i]);
	ck_assert(!leaks_any_child());
	ck_assert_int_eq(leaks_now().fds, before.fds);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("many plugin calls");

	leaks_grow_stack();
	tcase_add_test(tests, test_one_thread);
	tcase_add_test(tests, test_many_threads);
	tcase_set_timeout(tests, 600);
	return test_run(tests);
}
