/* Plugins: calls, limits, every way to end, restarts, and what is refused. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <callgate/diagnosis.h>
#include <callgate/plugin.h>

#include "leaks.h"
#include "support/run.h"

static const char obedient[] = PLUGINS "/obedient.so";
static struct callgate_plugin *plugin;
static struct callgate_exit_reason reason;

static void open_with(const struct callgate_plugin_options *options)
{
	int result = callgate_plugin_open(obedient, options, &reason, &plugin);

	ck_assert_msg(result == 0, "%d: %s", result, callgate_diagnosis(NULL));
}

static int ask(const char *request)
{
	char response[64];

	return callgate_plugin_call(plugin, request, strlen(request), response, sizeof(response), &reason);
}

static void expect(const char *request, enum callgate_exit_kind end)
{
	int result = ask(request);

	ck_assert_msg(reason.kind == end, "\"%s\": %s instead of %s: %s", request, callgate_exit_kind_name(reason.kind),
	              callgate_exit_kind_name(end), reason.text);
	ck_assert_int_eq(result, end == CALLGATE_EXIT_VALUE ? 0 : end == CALLGATE_EXIT_TOO_LARGE ? -EMSGSIZE : -EPIPE);
	if (result < 0)
		ck_assert_ptr_nonnull(strstr(callgate_diagnosis(NULL), reason.text));
	ck_assert(callgate_plugin_alive(plugin) == (result != -EPIPE));
}

static void expect_and_restart(const char *request, enum callgate_exit_kind end)
{
	expect(request, end);
	ck_assert(!leaks_any_child());
	ck_assert_int_eq(callgate_plugin_restart(plugin, NULL), 0);
	expect("v", CALLGATE_EXIT_VALUE);
}

START_TEST(test_calls)
{
	char response[100];

	open_with(NULL);
	expect("v", CALLGATE_EXIT_VALUE);
	ck_assert_int_eq(reason.value, -42);
	ck_assert_int_eq(callgate_plugin_call(plugin, "ehello", 6, response, sizeof(response), &reason), 0);
	ck_assert_uint_eq(reason.output_size, 5);
	ck_assert_mem_eq(response, "hello", 5);
	ck_assert_int_eq(callgate_plugin_call(plugin, "v", 1, NULL, 0, NULL), 0);
	ck_assert_int_eq(callgate_plugin_call(plugin, NULL, 0, NULL, 0, &reason), 0);
	ck_assert_int_eq(reason.value, -1);
	callgate_plugin_close(plugin);
	ck_assert(!leaks_any_child());
}
END_TEST

START_TEST(test_large_messages)
{
	size_t size = 5 << 20;
	char *request = malloc(size + 1), *response = malloc(size);
	struct callgate_plugin_options options = {.request_limit = size + 1, .response_limit = size};

	for (size_t i = 0; i <= size; i++)
		request[i] = (char)(i * 7);
	request[0] = 'e';
	open_with(&options);
	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(callgate_plugin_call(plugin, request, size + 1, response, size, &reason), 0);
		ck_assert_uint_eq(reason.output_size, size);
		ck_assert_mem_eq(response, request + 1, size);
		ck_assert_int_eq(callgate_plugin_call(plugin, request, size + 1, response, size - 1, &reason),
		                 -EMSGSIZE);
		ck_assert_int_eq(reason.kind, CALLGATE_EXIT_TOO_LARGE);
		ck_assert_uint_eq(reason.output_size, size);
	}
	ck_assert_int_eq(callgate_plugin_call(plugin, request, size + 2, response, size, &reason), -EINVAL);
	ck_assert_ptr_nonnull(strstr(callgate_diagnosis(NULL), "limit"));
	expect("z", CALLGATE_EXIT_TOO_LARGE);
	ck_assert_uint_eq(reason.output_size, 65);
	expect("v", CALLGATE_EXIT_VALUE);
	callgate_plugin_close(plugin);
	free(request);
	free(response);
}
END_TEST

START_TEST(test_endings)
{
	struct callgate_plugin_options options = {.call_deadline_ms = 1500, .arena_size = 1 << 20};

	open_with(&options);
	expect("a", CALLGATE_EXIT_VALUE);
	ck_assert_int_gt(reason.value, 1000000);
	expect_and_restart("c", CALLGATE_EXIT_CRASHED);
	expect("c", CALLGATE_EXIT_CRASHED);
	ck_assert_int_eq(reason.signal, SIGSEGV);
	ck_assert_int_eq(ask("v"), -EPIPE);
	ck_assert_int_eq(reason.kind, CALLGATE_EXIT_CRASHED);
	ck_assert_ptr_nonnull(strstr(callgate_diagnosis(NULL), "restart"));
	ck_assert_int_eq(callgate_plugin_restart(plugin, &reason), 0);
	expect_and_restart("d", CALLGATE_EXIT_CRASHED);
	expect_and_restart("l", CALLGATE_EXIT_DEADLINE);
	expect_and_restart("x", CALLGATE_EXIT_EXITED);
	expect_and_restart("n", CALLGATE_EXIT_MALFORMED);
	ck_assert_int_eq(callgate_plugin_restart(plugin, &reason), 0);
	callgate_plugin_close(plugin);
}
END_TEST

static void expect_forbidden(const char *request, long syscall, const char *name)
{
	expect(request, CALLGATE_EXIT_FORBIDDEN);
	ck_assert_int_eq(reason.syscall, syscall);
	ck_assert_uint_eq(reason.arch, seccomp_arch_native());
	ck_assert_ptr_nonnull(strstr(reason.text, name));
	ck_assert_int_eq(callgate_plugin_restart(plugin, NULL), 0);
}

START_TEST(test_forbidden_calls_are_named)
{
	open_with(NULL);
	expect_forbidden("m", SYS_mmap, "mmap");
	expect_forbidden("p", SYS_getpid, "getpid");
	expect_forbidden("s", SYS_write, "write");
	expect_forbidden("t", SYS_clock_gettime, "clock_gettime");
	expect("o", CALLGATE_EXIT_FORBIDDEN);
	callgate_plugin_close(plugin);
}
END_TEST

START_TEST(test_widened)
{
	static const char *const calls[] = {"getpid", "fcntl", NULL};
	struct callgate_plugin_options options = {
	    .allow = CALLGATE_ALLOW_CLOCK | CALLGATE_ALLOW_MEMORY, .allow_calls = calls, .allow_stderr = true};
	int fds[2];
	char text[64] = "";

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(dup2(fds[1], 2), 2);
	open_with(&options);
	expect("t", CALLGATE_EXIT_VALUE);
	ck_assert_int_eq(reason.value, 0);
	expect("m", CALLGATE_EXIT_VALUE);
	ck_assert_int_eq(reason.value, 0);
	expect("p", CALLGATE_EXIT_VALUE);
	ck_assert_int_gt(reason.value, 1);
	expect("s", CALLGATE_EXIT_VALUE);
	ck_assert_int_eq(read(fds[0], text, sizeof(text)), 16);
	ck_assert_str_eq(text, "from the plugin\n");
	/* 0, 1 and 2, and the socket twice. */
	expect("f", CALLGATE_EXIT_VALUE);
	ck_assert_int_eq(reason.value, 31);
	callgate_plugin_close(plugin);
}
END_TEST

START_TEST(test_strict_mode)
{
	struct callgate_plugin_options options = {.confinement = CALLGATE_PLUGIN_STRICT};

	open_with(&options);
	expect_and_restart("p", CALLGATE_EXIT_KILLED);
	ck_assert_int_eq(ask("m"), -EPIPE);
	ck_assert_int_eq(reason.signal, SIGKILL);
	ck_assert_ptr_nonnull(strstr(reason.text, "probably a forbidden call"));
	callgate_plugin_close(plugin);
}
END_TEST

START_TEST(test_cpu_limit)
{
	struct callgate_plugin_options options = {.cpu_seconds = 1};

	open_with(&options);
	expect("l", CALLGATE_EXIT_CPU);
	callgate_plugin_close(plugin);
}
END_TEST

static void refuse(const char *path, const struct callgate_plugin_options *options, int result, const char *why)
{
	struct callgate_plugin *untouched = (struct callgate_plugin *)&reason;

	int got = callgate_plugin_open(path, options, &reason, &untouched);
	ck_assert_msg(got == result, "%d instead of %d: %s", got, result, callgate_diagnosis(NULL));
	ck_assert_msg(strstr(callgate_diagnosis(NULL), why) != NULL, "%s", callgate_diagnosis(NULL));
	ck_assert_ptr_eq(untouched, (struct callgate_plugin *)&reason);
	ck_assert(!leaks_any_child());
}

/*
 * Somebody who may write in the plugin's directory puts a link in the plugin's place: what it leads to may not be read.
 */
START_TEST(test_replaced_by_link)
{
	char folder[] = "/tmp/callgate-plugin-XXXXXX", path[64], other[64], command[512];

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/plugin.so", folder);
	snprintf(other, sizeof(other), "%s/other.so", folder);
	snprintf(command, sizeof(command), "cp %s %s", obedient, path);
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(callgate_plugin_open(path, NULL, &reason, &plugin), 0);
	ck_assert_int_eq(callgate_plugin_restart(plugin, &reason), 0);
	ck_assert_int_eq(rename(path, other), 0);
	ck_assert_int_eq(symlink(other, path), 0);
	ck_assert_int_eq(callgate_plugin_restart(plugin, &reason), -EPIPE);
	ck_assert_int_eq(reason.kind, CALLGATE_EXIT_REFUSED);
	callgate_plugin_close(plugin);
	unlink(path);
	unlink(other);
	rmdir(folder);
}
END_TEST

/* The helper keeps open nothing that the host has: a pipe whose end the host closes is at its end. */
START_TEST(test_descriptors_of_the_host)
{
	enum { ABOVE_THE_HELPERS_OWN = 20 };
	int ends[2];
	char byte;

	ck_assert_int_eq(pipe(ends), 0);
	int writing = fcntl(ends[1], F_DUPFD, ABOVE_THE_HELPERS_OWN);
	ck_assert_int_ge(writing, ABOVE_THE_HELPERS_OWN);
	open_with(NULL);
	expect("v", CALLGATE_EXIT_VALUE);
	close(ends[1]);
	close(writing);
	alarm(10);
	ck_assert_int_eq(read(ends[0], &byte, 1), 0);
	alarm(0);
	close(ends[0]);
	callgate_plugin_close(plugin);
}
END_TEST

/* More than an address space holds, and less than what is refused as a number. */
static const size_t unmappable = sizeof(size_t) > 4 ? SIZE_MAX >> 14 : SIZE_MAX - SIZE_MAX / 8;

START_TEST(test_refusals)
{
	static const char *const unknown_calls[] = {"getpid", "no_such_call", NULL};
	struct callgate_plugin_options options = {.allow_calls = unknown_calls};
	struct leaks before = leaks_now();

	refuse(NULL, NULL, -EINVAL, "path is NULL");
	ck_assert_int_eq(callgate_plugin_open(obedient, NULL, NULL, NULL), -EINVAL);
	refuse("/no/such/plugin.so", NULL, -ENOENT, "/no/such/plugin.so");
	refuse(PLUGINS "/empty.so", NULL, -EPIPE, "callgate_plugin_serve");
	ck_assert_int_eq(reason.kind, CALLGATE_EXIT_REFUSED);
	refuse("/etc/passwd", NULL, -EPIPE, "/etc/passwd");
	ck_assert_int_eq(reason.kind, CALLGATE_EXIT_REFUSED);
	refuse(obedient, &options, -EINVAL, "no_such_call");
	options = (struct callgate_plugin_options){.confinement = (enum callgate_plugin_confinement)9};
	refuse(obedient, &options, -EINVAL, "confinement 9");
	options = (struct callgate_plugin_options){.confinement = CALLGATE_PLUGIN_STRICT, .allow_stderr = true};
	refuse(obedient, &options, -EINVAL, "can't be widened");
	options = (struct callgate_plugin_options){.allow = 1U << 31};
	refuse(obedient, &options, -EINVAL, "0x80000000");
	options = (struct callgate_plugin_options){.response_limit = SIZE_MAX};
	refuse(obedient, &options, -EINVAL, "limit");
	options = (struct callgate_plugin_options){.response_limit = unmappable};
	refuse(obedient, &options, -EPIPE, "setting limits");
	options = (struct callgate_plugin_options){.memory = 4096};
	refuse(obedient, &options, -EPIPE, "");
	options = (struct callgate_plugin_options){.helper = "/no/such/helper"};
	refuse(obedient, &options, -ENOENT, "/no/such/helper");
	options = (struct callgate_plugin_options){.helper = "/bin/true"};
	refuse(obedient, &options, -EPIPE, "exited with status 0");
	options = (struct callgate_plugin_options){.helper = "/etc/passwd"};
	refuse(obedient, &options, -EACCES, "/etc/passwd");
	ck_assert_int_eq(leaks_now().fds, before.fds);

	ck_assert_int_eq(callgate_plugin_call(NULL, "v", 1, NULL, 0, &reason), -EINVAL);
	ck_assert_int_eq(callgate_plugin_restart(NULL, &reason), -EINVAL);
	ck_assert(!callgate_plugin_alive(NULL));
	callgate_plugin_close(NULL);
	open_with(NULL);
	ck_assert_int_eq(callgate_plugin_call(plugin, NULL, 1, NULL, 0, &reason), -EINVAL);
	ck_assert_int_eq(callgate_plugin_call(plugin, "v", 1, NULL, 1, &reason), -EINVAL);
	callgate_plugin_close(plugin);
}
END_TEST

START_TEST(test_no_descriptors)
{
	struct rlimit usual, few;
	struct leaks before = leaks_now();

	getrlimit(RLIMIT_NOFILE, &usual);
	for (rlim_t limit = 3; limit < 11; limit++) {
		few = (struct rlimit){.rlim_cur = limit, .rlim_max = usual.rlim_max};
		setrlimit(RLIMIT_NOFILE, &few);
		int result = callgate_plugin_open(obedient, NULL, &reason, &plugin);
		setrlimit(RLIMIT_NOFILE, &usual);
		ck_assert_msg(result == -EMFILE, "%d: %s", result, callgate_diagnosis(NULL));
		ck_assert_int_eq(leaks_now().fds, before.fds);
	}
}
END_TEST

/* The host dies without a chance to say so: its plugin must go, too. */
START_TEST(test_dies_with_the_host)
{
	int fds[2];
	char byte;
	static const char *const calls[] = {"getpid", NULL};
	struct callgate_plugin_options options = {.allow_calls = calls, .call_deadline_ms = 60000};

	ck_assert_int_eq(pipe(fds), 0);
	pid_t host = fork();
	if (host == 0) {
		open_with(&options);
		ask("p");
		pid_t child = (pid_t)reason.value;
		(void)!write(fds[1], &child, sizeof(child));
		ask("l");
		_exit(0);
	}
	pid_t child = 0;
	close(fds[1]);
	ck_assert_int_eq(read(fds[0], &child, sizeof(child)), sizeof(child));
	ck_assert_int_gt(child, 1);
	ck_assert_int_eq(kill(child, 0), 0);
	kill(host, SIGKILL);
	waitpid(host, NULL, 0);
	ck_assert_int_eq(read(fds[0], &byte, 1), 0);
	/* Its new parent may take its time to collect it. */
	char path[64], state = 'R';
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)child);
	for (int i = 0; i < 2000 && state != 'Z' && state != 0; i++) {
		FILE *file = fopen(path, "r");
		state = 0;
		if (file) {
			if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
				state = 0;
			fclose(file);
		}
		usleep(1000);
	}
	ck_assert_msg(state == 'Z' || state == 0, "the plugin is still there, in state %c", state);
}
END_TEST

static void *open_in_thread(void *options)
{
	open_with(options);
	return NULL;
}

START_TEST(test_threads_that_start_plugins_may_end)
{
	struct callgate_plugin_options options = {0};
	pthread_t thread;

	pthread_create(&thread, NULL, open_in_thread, &options);
	pthread_join(thread, NULL);
	usleep(20000);
	expect("v", CALLGATE_EXIT_VALUE);
	callgate_plugin_close(plugin);

	options.die_with_thread = true;
	pthread_create(&thread, NULL, open_in_thread, &options);
	pthread_join(thread, NULL);
	usleep(200000);
	expect("v", CALLGATE_EXIT_KILLED);
	callgate_plugin_close(plugin);
}
END_TEST

START_TEST(test_a_host_that_ignores_its_children)
{
	signal(SIGCHLD, SIG_IGN);
	open_with(NULL);
	expect("v", CALLGATE_EXIT_VALUE);
	ck_assert_int_eq(ask("c"), -EPIPE);
	/* From Linux 6.15 on the status is still known. */
	ck_assert_msg(reason.kind == CALLGATE_EXIT_CRASHED || reason.kind == CALLGATE_EXIT_UNKNOWN, "%s", reason.text);
	ck_assert_int_eq(callgate_plugin_restart(plugin, NULL), 0);
	expect("v", CALLGATE_EXIT_VALUE);
	callgate_plugin_close(plugin);
	ck_assert(!leaks_any_child());
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("plugin");

	tcase_add_test(tests, test_calls);
	tcase_add_test(tests, test_large_messages);
	tcase_add_test(tests, test_endings);
	tcase_add_test(tests, test_forbidden_calls_are_named);
	tcase_add_test(tests, test_widened);
	tcase_add_test(tests, test_strict_mode);
	tcase_add_test(tests, test_cpu_limit);
	tcase_add_test(tests, test_replaced_by_link);
	tcase_add_test(tests, test_descriptors_of_the_host);
	tcase_add_test(tests, test_refusals);
	tcase_add_test(tests, test_no_descriptors);
	tcase_add_test(tests, test_dies_with_the_host);
	tcase_add_test(tests, test_threads_that_start_plugins_may_end);
	tcase_add_test(tests, test_a_host_that_ignores_its_children);
	tcase_set_timeout(tests, 60);
	return test_run(tests);
}
