/*
 * What a plugin writes to its standard error comes to the host's, and what else the host's holds is not the plugin's to
 * read.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>
#include <callgate/plugin.h>

#include "leaks.h"
#include "plugin_orders.h"
#include "support/run.h"

static void without_landlock(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	ck_assert_ptr_nonnull(ctx);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0), 0);
	ck_assert_msg(seccomp_load(ctx) == 0, "%s", callgate_diagnosis(ctx));
	seccomp_release(ctx);
}

/*
 * Makes this process's standard error a file of the kind, which others have written to; *ret_other is the end of it
 * that they can read.
 */
static bool make_stderr(int kind, int *ret_other)
{
	char name[128];
	int fds[2] = {-1, -1};

	snprintf(name, sizeof(name), "%s/log", orders_home);
	switch (kind) {
	case 0:
		ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
		break;
	case 1:
		fds[0] = fds[1] = memfd_create("messages", MFD_CLOEXEC);
		break;
	case 2:
		fds[0] = fds[1] = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		break;
	default:
		fds[0] = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
		if (fds[0] >= 0 && unlockpt(fds[0]) == 0)
			fds[1] = open(ptsname(fds[0]), O_RDWR | O_NOCTTY | O_CLOEXEC);
	}
	*ret_other = fds[0];
	return fds[1] >= 0 && write(fds[1], "secret\n", 7) == 7 && dup2(fds[1], STDERR_FILENO) >= 0;
}

/* A file has it now; a pipe or terminal hands it over in parts, and a terminal after a moment. */
static bool holds(int fd, const char *text)
{
	static char found[256];
	size_t size = 0;
	ssize_t count = pread(fd, found, sizeof(found) - 1, 0);

	if (count >= 0)
		return memmem(found, (size_t)count, text, strlen(text));
	do {
		count = read(fd, found + size, sizeof(found) - size);
		ck_assert_int_gt(count, 0);
		size += (size_t)count;
	} while (size < sizeof(found) && !memmem(found, size, text, strlen(text)));
	return memmem(found, size, text, strlen(text));
}

/*
 * What the plugin's standard error leads to is not the plugin's to read, even where nothing limits which files are
 * opened.
 */
START_TEST(test_standard_error)
{
	static const char *const calls[] = {"openat", NULL};
	struct callgate_plugin_options options = {.allow_stderr = true, .allow_calls = _i / 4 == 2 ? calls : NULL};
	struct callgate_plugin *plugin = NULL;
	struct callgate_exit_reason reason;
	char results[256] = "";
	int other;

	orders_make_home();
	orders_make_plugin("open\n/proc/self/fd/2\n/proc/thread-self/fd/2\n/dev/stderr");
	if (!make_stderr(_i % 4, &other)) {
		printf("skipped: no terminal\n");
		orders_remove();
		return;
	}
	if (_i / 4 == 1)
		without_landlock();
	ck_assert_msg(callgate_plugin_open(orders_plugin, &options, &reason, &plugin) == 0, "%s",
	              callgate_diagnosis(NULL));
	ck_assert_int_eq(callgate_plugin_call(plugin, "", 0, results, sizeof(results) - 1, &reason), 0);
	for (char *rest = results, *line; (line = strtok_r(rest, "\n", &rest));)
		ck_assert_msg(atoi(line) != 0, "%s", line);
	ck_assert_uint_gt(reason.output_size, 0);
	callgate_plugin_close(plugin);
	orders_remove();
}
END_TEST

/* The last words of a plugin are there when its end is known, whatever kind of file they go to. */
START_TEST(test_last_words)
{
	struct callgate_plugin_options options = {.allow_stderr = true};
	struct callgate_plugin *plugin = NULL;
	struct callgate_exit_reason reason;
	int other;

	orders_make_home();
	orders_make_plugin("last words");
	if (make_stderr(_i, &other)) {
		ck_assert_int_eq(callgate_plugin_open(orders_plugin, &options, &reason, &plugin), -EPIPE);
		ck_assert_msg(reason.kind == CALLGATE_EXIT_EXITED && reason.value == 11, "%s", reason.text);
		ck_assert(holds(other, "last words"));
	}
	orders_remove();
}
END_TEST

/* Nobody reads what the plugin writes: the host keeps its deadline, and nothing is left that waits. */
START_TEST(test_words_that_nobody_reads)
{
	struct callgate_plugin_options options = {.allow_stderr = true, .call_deadline_ms = 500};
	struct callgate_plugin *plugin = NULL;
	struct callgate_exit_reason reason;
	char buffer[4096];
	int other, null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct timespec start, end;
	ssize_t count;

	orders_make_home();
	orders_make_plugin("write and write");
	ck_assert(make_stderr(0, &other));
	ck_assert_msg(callgate_plugin_open(orders_plugin, &options, &reason, &plugin) == 0, "%s",
	              callgate_diagnosis(NULL));
	clock_gettime(CLOCK_MONOTONIC, &start);
	ck_assert_int_eq(callgate_plugin_call(plugin, "", 0, NULL, 0, &reason), -EPIPE);
	clock_gettime(CLOCK_MONOTONIC, &end);
	ck_assert_msg(reason.kind == CALLGATE_EXIT_DEADLINE, "%s", reason.text);
	ck_assert_int_lt(end.tv_sec - start.tv_sec, 4);
	callgate_plugin_close(plugin);
	ck_assert(!leaks_any_child());
	/* The end comes when nobody has the other end any more. */
	for (int fd = 3; fd < 64; fd++)
		if (fd != other && fd != null)
			close(fd);
	ck_assert_int_eq(dup2(null, STDERR_FILENO), STDERR_FILENO);
	while ((count = read(other, buffer, sizeof(buffer))) > 0)
		;
	ck_assert_int_eq(count, 0);
	orders_remove();
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("messages of plugins");

	tcase_add_loop_test(tests, test_standard_error, 0, 12);
	tcase_add_loop_test(tests, test_last_words, 0, 4);
	tcase_add_test(tests, test_words_that_nobody_reads);
	tcase_set_timeout(tests, 60);
	return test_run(tests);
}
