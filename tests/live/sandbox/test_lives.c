/* No plugin outlives its host, whatever it does to itself. */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <callgate/diagnosis.h>
#include <callgate/plugin.h>

#include "plugin_orders.h"
#include "processes.h"
#include "support/run.h"

static bool blocks_all_signals(pid_t pid)
{
	char path[64], line[256];
	unsigned long long blocked = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		(void)sscanf(line, "SigBlk: %llx", &blocked);
	if (file)
		fclose(file);
	return (blocked & 1ULL << (SIGIO - 1)) && (blocked & 1ULL << (SIGTERM - 1));
}

static struct callgate_plugin *plugin;

static int open_attacker(bool is_strict)
{
	static const char *const blocking[] = {"rt_sigprocmask", NULL};
	struct callgate_plugin_options options = {.load_deadline_ms = 60000, .call_deadline_ms = 60000};

	if (is_strict)
		options.confinement = CALLGATE_PLUGIN_STRICT;
#ifndef __x86_64__
	else
		options.allow_calls = blocking;
#endif
	(void)blocking;
	return callgate_plugin_open(orders_plugin, &options, NULL, &plugin);
}

static const struct state {
	const char *orders;
	bool is_strict;
} states[] = {
    {"spin while loading", false}, {"spin while serving", false}, {"block", false}, {"block", true},
    {"spin while serving", true},
};
enum { STATES = sizeof(states) / sizeof(states[0]) };

static void use_plugin(const struct state *state)
{
	if (open_attacker(state->is_strict) == 0)
		callgate_plugin_call(plugin, "", 0, NULL, 0, NULL);
	_exit(9);
}

static void *use_plugin_in_thread(void *state)
{
	use_plugin(state);
	return NULL;
}

static void *open_in_thread(void *state)
{
	open_attacker(((const struct state *)state)->is_strict);
	return NULL;
}

/* Neither fork(), which handlers can follow, nor exec: some programs start processes so. */
static void copy_oneself(void)
{
	if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0)
		for (;;)
			pause();
}

/* How a host can be made. Each ends up in a call, or in opening, for good. */
static void plain_host(const struct state *state)
{
	use_plugin(state);
}

static void host_with_a_copy(const struct state *state)
{
	pthread_t thread;

	pthread_create(&thread, NULL, use_plugin_in_thread, (void *)(uintptr_t)state);
	pid_t unused;
	while (!plugin_of(getpid(), &unused))
		usleep(1000);
	copy_oneself();
	pthread_join(thread, NULL);
}

static void host_whose_first_thread_ended(const struct state *state)
{
	pthread_t thread;

	pthread_create(&thread, NULL, use_plugin_in_thread, (void *)(uintptr_t)state);
	pthread_exit(NULL);
}

static void host_whose_starting_thread_ended(const struct state *state)
{
	pthread_t thread;

	if (strcmp(state->orders, "spin while loading") == 0)
		use_plugin(state); /* such a thread never ends */
	pthread_create(&thread, NULL, open_in_thread, (void *)(uintptr_t)state);
	pthread_join(thread, NULL);
	callgate_plugin_call(plugin, "", 0, NULL, 0, NULL);
	_exit(9);
}

static void become_another_program(int number)
{
	(void)number;
	execl("/bin/sleep", "sleep", "60", (char *)NULL);
	_exit(9);
}

/* The process stays, and what used the plugin is gone. */
static void host_that_executes(const struct state *state)
{
	signal(SIGTERM, become_another_program);
	use_plugin(state);
}

static void (*const layouts[])(const struct state *) = {
    plain_host, host_with_a_copy, host_whose_first_thread_ended, host_whose_starting_thread_ended, host_that_executes,
};
enum { LAYOUTS = sizeof(layouts) / sizeof(layouts[0]) };

START_TEST(test_dies_with_its_host)
{
	const struct state *state = &states[_i % STATES];
	pid_t watcher = 0, attacker = 0;
	long long start = now_ms();

	orders_make_home();
	orders_make_plugin(state->orders);
	pid_t host = fork();
	if (host == 0)
		layouts[_i / STATES](state);
	while (!(attacker && blocks_all_signals(attacker) && is_there(watcher))) {
		usleep(2000);
		attacker = plugin_of(host, &watcher);
		ck_assert_msg(now_ms() - start < 50000, "no plugin is there that blocks signals");
	}
	if (layouts[_i / STATES] == host_with_a_copy)
		usleep(50000); /* for the copy */
	kill(host, layouts[_i / STATES] == host_that_executes ? SIGTERM : SIGKILL);
	start = now_ms();
	while ((is_there(attacker) || is_there(watcher)) && now_ms() - start < 5000)
		usleep(2000);
	long long took = now_ms() - start;
	kill(attacker, SIGKILL);
	ck_assert_msg(layouts[_i / STATES] != host_that_executes || is_there(host), "the host is gone");
	kill(host, SIGKILL);
	waitpid(host, NULL, 0);
	orders_remove();
	ck_assert_msg(took < 1000, "the plugin was there for %lld ms", took);
}
END_TEST

/* A plugin whose watcher is killed, as when memory is short, goes too. */
START_TEST(test_dies_with_its_watcher)
{
	struct callgate_exit_reason reason;
	struct callgate_plugin_options options = {.call_deadline_ms = 20000};

	orders_make_home();
	orders_make_plugin("spin while serving");
	ck_assert_int_eq(callgate_plugin_open(orders_plugin, &options, &reason, &plugin), 0);
	pid_t watcher = 0, attacker = plugin_of(getpid(), &watcher);
	ck_assert_int_gt(attacker, 0);
	kill(watcher, SIGKILL);
	long long start = now_ms();
	ck_assert_int_eq(callgate_plugin_call(plugin, "", 0, NULL, 0, &reason), -EPIPE);
	ck_assert_int_eq(reason.kind, CALLGATE_EXIT_KILLED);
	while (is_there(attacker) && now_ms() - start < 5000)
		usleep(2000);
	ck_assert_int_lt(now_ms() - start, 1000);
	callgate_plugin_close(plugin);
	orders_remove();
}
END_TEST

/* A number whose upper half the kernel does not look at is no way around a filter. */
START_TEST(test_a_descriptor_in_disguise)
{
	struct callgate_exit_reason reason;

	orders_make_home();
	orders_make_plugin("close 4 in disguise");
	int result = callgate_plugin_open(orders_plugin, NULL, &reason, &plugin);
	ck_assert_msg(result == -EPIPE && reason.kind == CALLGATE_EXIT_FORBIDDEN, "%d: %s", result,
	              callgate_diagnosis(NULL));
	ck_assert_ptr_nonnull(strstr(reason.text, "close"));
	orders_remove();
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("lives of children");

	tcase_add_loop_test(tests, test_dies_with_its_host, 0, STATES * LAYOUTS);
	tcase_add_test(tests, test_dies_with_its_watcher);
	tcase_add_test(tests, test_a_descriptor_in_disguise);
	tcase_set_timeout(tests, 60);
	return test_run(tests);
}
