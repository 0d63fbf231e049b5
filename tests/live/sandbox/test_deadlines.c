/*
 * No child takes its host past a deadline, whatever it does to itself: it writes without an end, or is held by a
 * tracer, as the kernel holds a process that it lets hang. And what is killed has ended, or is said not to have.
 */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>
#include <callgate/plugin.h>
#include <callgate/strict.h>

#include "functions.h"
#include "leaks.h"
#include "plugin_orders.h"
#include "processes.h"
#include "support/run.h"

static struct callgate_plugin *plugin;

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
	ck_assert_int_eq(callgate_strict_call(writes_for_ever, NULL, 0, output, vast, &options, &reason), -EPIPE);
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
	ck_assert_int_eq(callgate_plugin_open(orders_plugin, &options, &reason, &plugin), 0);
	pid_t tracer =
	    start_tracer(find_grandchild); /* not before: a plugin that is stopped while it is loaded is late */
	usleep(300000);
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

/* A filter around the host claims that signals were sent. */
static void fake(const char *const *names)
{
	scmp_filter_ctx outer = seccomp_init(SCMP_ACT_ALLOW);

	ck_assert_ptr_nonnull(outer);
	for (; *names; names++)
		ck_assert_int_eq(seccomp_rule_add(outer, SCMP_ACT_ERRNO(0), seccomp_syscall_resolve_name(*names), 0),
		                 0);
	ck_assert_int_eq(seccomp_load(outer), 0);
	seccomp_release(outer);
}

static const char *const by_pidfd[] = {"pidfd_send_signal", NULL};
static const char *const every_signal[] = {"pidfd_send_signal", "kill", "tgkill", NULL};

START_TEST(test_a_plugin_and_faked_signals)
{
	struct callgate_plugin_options options = {.call_deadline_ms = DEADLINE_MS};
	struct callgate_exit_reason reason;
	pid_t watcher = 0;

	orders_make_home();
	orders_make_plugin("spin while serving");
	fake(_i ? every_signal : by_pidfd);
	ck_assert_int_eq(callgate_plugin_open(orders_plugin, &options, &reason, &plugin), 0);
	pid_t attacker = plugin_of(getpid(), &watcher);
	ck_assert_int_gt(attacker, 0);
	long long start = now_ms();
	ck_assert_int_eq(callgate_plugin_call(plugin, "", 0, NULL, 0, &reason), -EPIPE);
	ck_assert_int_eq(reason.kind, CALLGATE_EXIT_DEADLINE);
	callgate_plugin_close(plugin);
	check_time(start);
	ck_assert(!is_there(watcher));
	for (start = now_ms(); is_there(attacker) && now_ms() - start < 1000;)
		usleep(2000);
	ck_assert(!is_there(attacker));
	ck_assert(!leaks_any_child());
	orders_remove();
}
END_TEST

START_TEST(test_a_function_and_faked_signals)
{
	struct callgate_strict_options options = {.confinement = CALLGATE_STRICT_FILTER, .deadline_ms = DEADLINE_MS};
	struct callgate_exit_reason reason;

	fake(_i ? every_signal : by_pidfd);
	long long start = now_ms();
	ck_assert_int_eq(callgate_strict_call(waits, NULL, 0, NULL, 0, &options, &reason), -EPIPE);
	check_time(start);
	ck_assert_int_eq(reason.kind, CALLGATE_EXIT_DEADLINE);
	/* What can't be ended is said to be there; it goes with this process. */
	ck_assert_int_eq(strstr(reason.text, "has not ended") != NULL, _i);
	ck_assert_int_eq(leaks_any_child(), _i);
}
END_TEST

/* A report of which only the beginning ever comes is no answer in time, and not a malformed one. */
START_TEST(test_a_refusal_that_never_ends)
{
	struct callgate_plugin_options options = {.load_deadline_ms = DEADLINE_MS};
	struct callgate_exit_reason reason;

	orders_make_home();
	orders_make_plugin("refuse at length");
	long long start = now_ms();
	ck_assert_int_eq(callgate_plugin_open(orders_plugin, &options, &reason, &plugin), -EPIPE);
	check_time(start);
	ck_assert_msg(reason.kind == CALLGATE_EXIT_DEADLINE, "%s", reason.text);
	ck_assert(!leaks_any_child());
	orders_remove();
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("deadlines");

	tcase_add_test(tests, test_a_function_that_writes_for_ever);
	tcase_add_test(tests, test_a_plugin_that_writes_for_ever);
	tcase_add_test(tests, test_a_function_that_hangs);
	tcase_add_test(tests, test_a_plugin_that_hangs);
	tcase_add_loop_test(tests, test_a_plugin_and_faked_signals, 0, 2);
	tcase_add_loop_test(tests, test_a_function_and_faked_signals, 0, 2);
	tcase_add_test(tests, test_a_refusal_that_never_ends);
	tcase_set_timeout(tests, 60);
	return test_run(tests);
}
