/* callgate_profile_load() comes back in time, and what it started ends in time, whatever the supervisor does. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#include <callgate/oci.h>

#include "support/run.h"

enum { DEADLINE = 5, SLACK = 20, METADATA = 1 << 20, SKIPPED = 77 }; /* seconds; bytes; an exit status */

static struct sockaddr_un address;

static int make_supervisor(int backlog)
{
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sun_family = AF_UNIX;
	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/callgate-deadline-%d", (int)getpid());
	unlink(address.sun_path);
	ck_assert_int_eq(bind(sock, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(sock, backlog), 0);
	return sock;
}

/* A profile that notifies of a call that nobody makes here. */
static int load(size_t metadata_size)
{
	static char metadata[METADATA + 1], text[METADATA + 512];
	struct callgate_profile *profile;
	scmp_filter_ctx ctx;

	memset(metadata, 'x', metadata_size);
	snprintf(text, sizeof(text),
	         "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"%s\",\"listenerMetadata\":\"%s\","
	         "\"syscalls\":[{\"names\":[\"swapoff\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}",
	         address.sun_path, metadata);
	if (callgate_profile_new(&profile) < 0 || callgate_profile_read_memory(profile, text, strlen(text), NULL) < 0 ||
	    callgate_profile_context(profile, &ctx) < 0)
		_exit(2);
	int result = callgate_profile_load(profile, ctx);
	if (result < 0)
		fprintf(stderr, "%s\n", callgate_profile_diagnosis(profile));
	return result;
}

static void check_child(pid_t child, int wanted)
{
	int status;

	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	if (WEXITSTATUS(status) == SKIPPED)
		printf("skipped: no filter can be loaded here\n");
	else
		ck_assert_int_eq(WEXITSTATUS(status), wanted);
}

static void check_seconds(time_t start, int least)
{
	ck_assert_int_ge(time(NULL) - start, least);
	ck_assert_int_le(time(NULL) - start, least + SLACK);
}

/* The supervisor's queue is full, and it accepts nobody. */
START_TEST(nobody_accepts)
{
	int supervisor = make_supervisor(0);
	int before, result;
	time_t start = time(NULL);

	do {
		before = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		result = connect(before, (struct sockaddr *)&address, sizeof(address));
	} while (result == 0);
	ck_assert_int_eq(errno, EAGAIN);
	pid_t child = fork();
	if (child == 0)
		_exit(load(10) == -ETIMEDOUT ? 0 : 1);
	check_child(child, 0);
	check_seconds(start, DEADLINE - 1);
	close(supervisor);
	unlink(address.sun_path);
}
END_TEST

/* A notification that nobody answers stops the helper when it ends, as a process in uninterruptible sleep does. */
static void load_with_stuck_helper(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	if (!ctx || seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(exit_group), 0) < 0 || seccomp_load(ctx) < 0)
		syscall(SYS_exit, SKIPPED);
	syscall(SYS_exit, load(10) == -ETIMEDOUT ? 0 : 1);
}

START_TEST(the_helper_hangs)
{
	int supervisor = make_supervisor(8);
	time_t start = time(NULL);
	pid_t child = fork();

	if (child == 0)
		load_with_stuck_helper();
	check_child(child, 0);
	check_seconds(start, DEADLINE - 1);
	close(supervisor);
	unlink(address.sun_path);
}
END_TEST

static size_t read_all(int connection, unsigned pause_milliseconds)
{
	char bytes[4096];
	size_t sum = 0;
	ssize_t count;
	struct pollfd more = {.fd = connection, .events = POLLIN};

	while (poll(&more, 1, (DEADLINE + SLACK) * 1000) > 0 && (count = read(connection, bytes, sizeof(bytes))) > 0) {
		sum += (size_t)count;
		poll(NULL, 0, (int)pause_milliseconds);
	}
	return sum;
}

/*
 * The supervisor accepts, and reads so slowly that there is always some room: the process gets on at once, and the
 * helper gives up.
 */
START_TEST(nobody_reads)
{
	int supervisor = make_supervisor(8);
	time_t start = time(NULL);
	pid_t child = fork();

	if (child == 0) {
		close(supervisor);
		int result = load(METADATA);
		_exit(result == 0 ? 0 : result == -ETIMEDOUT ? 1 : SKIPPED);
	}
	int connection = accept(supervisor, NULL, NULL);
	ck_assert_int_ge(connection, 0);
	check_child(child, 0);
	ck_assert_int_le(time(NULL) - start, DEADLINE - 1);
	ck_assert_uint_lt(read_all(connection, 200), METADATA);
	close(connection);
	close(supervisor);
	unlink(address.sun_path);
}
END_TEST

/* All of a long text arrives where the supervisor reads it. */
START_TEST(somebody_reads)
{
	int supervisor = make_supervisor(8);
	pid_t child = fork();

	if (child == 0) {
		close(supervisor);
		int result = load(METADATA);
		_exit(result == 0 ? 0 : result == -ETIMEDOUT ? 1 : SKIPPED);
	}
	int connection = accept(supervisor, NULL, NULL);
	ck_assert_int_ge(connection, 0);
	ck_assert_uint_gt(read_all(connection, 0), METADATA);
	check_child(child, 0);
	close(connection);
	close(supervisor);
	unlink(address.sun_path);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("deadline");

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, nobody_accepts);
	tcase_add_test(tests, the_helper_hangs);
	tcase_add_test(tests, nobody_reads);
	tcase_add_test(tests, somebody_reads);
	return test_run(tests);
}
