/*
 * No plugin outlives its host, and no child takes its host past a deadline, whatever it does to itself: it blocks all signals, writes
 * without an end, or is held by a tracer, as the kernel holds a process that it lets hang.
 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <callgate/diagnosis.h>
#include <callgate/plugin.h>
#include <callgate/strict.h>

#include "functions.h"
#include "leaks.h"
#include "plugin_orders.h"
#include "support/run.h"

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* The state of a process, and its parent; 0 if there is none. */
static char state_of(pid_t pid, pid_t *ret_parent)
{
	char path[64], state = 0;
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "re");
	if (file && fscanf(file, "%*d (%*[^)]) %c %d", &state, &parent) != 2)
		state = 0;
	if (file)
		fclose(file);
	*ret_parent = parent;
	return state;
}

/* A child of `parent`, other than this process, which is no zombie; 0: there is none. */
static pid_t child_of(pid_t parent)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0, its_parent;

	while (parent && (entry = readdir(processes))) {
		pid_t pid = (pid_t)atoi(entry->d_name);
		char state = pid ? state_of(pid, &its_parent) : 0;
		if (state && state != 'Z' && its_parent == parent && pid != getpid())
			found = pid;
	}
	closedir(processes);
	return found;
}

/* The plugin's process of a host, and its watcher; 0: there is none. */
static pid_t plugin_of(pid_t host, pid_t *ret_watcher)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0, parent, its_parent;

	while ((entry = readdir(processes))) {
		pid_t pid = (pid_t)atoi(entry->d_name);
		if (pid && state_of(pid, &parent) && parent && state_of(parent, &its_parent) &&
		    its_parent == host) {
			found = pid;
			*ret_watcher = parent;
		}
	}
	closedir(processes);
	return found;
}

static bool is_there(pid_t pid)
{
	pid_t parent;
	char state = state_of(pid, &parent);

	return state != 0 && state != 'Z' && state != 'X';
}

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

static void (*const layouts[])(const struct state *) = {
    plain_host,
    host_with_a_copy,
    host_whose_first_thread_ended,
    host_whose_starting_thread_ended,
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
	kill(host, SIGKILL);
	start = now_ms();
	while ((is_there(attacker) || is_there(watcher)) && now_ms() - start < 5000)
		usleep(2000);
	long long took = now_ms() - start;
	kill(attacker, SIGKILL);
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

enum { DEADLINE_MS = 400, GRACE_MS = 2500 };

static void check_time(long long start)
{
	long long took = now_ms() - start;

	ck_assert_msg(took >= DEADLINE_MS && took < DEADLINE_MS + GRACE_MS, "it took %lld ms", took);
}

/* Starts an answer that never ends. */
UNCHECKED static int64_t writes_for_ever(struct callgate_strict_job *job)
{
	while (!*(volatile size_t *)&job->output_size)
		sys(SYS_write, 1, (long)"x", 1);
	return 0;
}

static const size_t vast = (size_t)1 << 30;

START_TEST(test_a_function_that_writes_for_ever)
{
	struct callgate_strict_options options = {.deadline_ms = DEADLINE_MS};
	struct callgate_exit_reason reason;
	char *output = malloc(vast);
	long long start = now_ms();

	ck_assert_ptr_nonnull(output);
	ck_assert_int_eq(callgate_strict_call(writes_for_ever, NULL, 0, output, vast, &options, &reason),
	                 -EPIPE);
	check_time(start);
	ck_assert_int_eq(reason.kind, CALLGATE_EXIT_DEADLINE);
	free(output);
	ck_assert(!leaks_any_child());
}
END_TEST

START_TEST(test_a_plugin_that_writes_for_ever)
{
	struct callgate_plugin_options options = {.call_deadline_ms = DEADLINE_MS, .response_limit = vast};
	struct callgate_exit_reason reason;
	char *output = malloc(vast);

	orders_make_home();
	orders_make_plugin("trickle");
	ck_assert_int_eq(callgate_plugin_open(orders_plugin, &options, &reason, &plugin), 0);
	long long start = now_ms();
	ck_assert_int_eq(callgate_plugin_call(plugin, "", 0, output, vast, &reason), -EPIPE);
	check_time(start);
	ck_assert_int_eq(reason.kind, CALLGATE_EXIT_DEADLINE);
	callgate_plugin_close(plugin);
	free(output);
	orders_remove();
	ck_assert(!leaks_any_child());
}
END_TEST

/* Becomes the tracer of the process that `find` finds, and never lets go of it. */
static pid_t start_tracer(pid_t (*find)(pid_t host))
{
	pid_t host = getpid(), tracer = fork(), found;

	if (tracer == 0) {
		while (!(found = find(host)))
			usleep(1000);
		if (ptrace(PTRACE_SEIZE, found, NULL, NULL) < 0)
			_exit(77);
		for (;;)
			pause();
	}
	return tracer;
}

static void end_tracer(pid_t tracer)
{
	int status;

	kill(tracer, SIGKILL);
	ck_assert_int_eq(waitpid(tracer, &status, 0), tracer);
	if (WIFEXITED(status))
		printf("skipped in part: this user may not trace\n");
}

UNCHECKED static int64_t waits(struct callgate_strict_job *job)
{
	for (volatile size_t *forever = &job->output_size; !*forever;)
		;
	return 0;
}

START_TEST(test_a_function_that_hangs)
{
	struct callgate_strict_options options = {.deadline_ms = DEADLINE_MS};
	struct callgate_exit_reason reason;
	pid_t tracer = start_tracer(child_of);
	long long start = now_ms();

	ck_assert_int_eq(callgate_strict_call(waits, NULL, 0, NULL, 0, &options, &reason), -EPIPE);
	check_time(start);
	ck_assert_int_eq(reason.kind, CALLGATE_EXIT_DEADLINE);
	end_tracer(tracer);
	/* It is left as a zombie at the most, which can be collected now. */
	while (waitpid(-1, NULL, __WALL) > 0)
		;
	ck_assert(!leaks_any_child());
}
END_TEST

static pid_t find_grandchild(pid_t host)
{
	pid_t unused;

	return plugin_of(host, &unused);
}

START_TEST(test_a_plugin_that_hangs)
{
	struct callgate_plugin_options options = {.call_deadline_ms = DEADLINE_MS};
	struct callgate_exit_reason reason;

	orders_make_home();
	orders_make_plugin("spin while serving");
	pid_t tracer = start_tracer(find_grandchild);
	ck_assert_int_eq(callgate_plugin_open(orders_plugin, &options, &reason, &plugin), 0);
	usleep(50000);
	long long start = now_ms();
	ck_assert_int_eq(callgate_plugin_call(plugin, "", 0, NULL, 0, &reason), -EPIPE);
	check_time(start);
	ck_assert_int_eq(reason.kind, CALLGATE_EXIT_DEADLINE);
	start = now_ms();
	callgate_plugin_close(plugin);
	ck_assert_int_lt(now_ms() - start, GRACE_MS);
	end_tracer(tracer);
	orders_remove();
	ck_assert(!leaks_any_child());
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
	tcase_add_test(tests, test_a_function_that_writes_for_ever);
	tcase_add_test(tests, test_a_plugin_that_writes_for_ever);
	tcase_add_test(tests, test_a_function_that_hangs);
	tcase_add_test(tests, test_a_plugin_that_hangs);
	tcase_add_test(tests, test_a_descriptor_in_disguise);
	tcase_set_timeout(tests, 60);
	return test_run(tests);
}
