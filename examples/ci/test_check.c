/* The filter's tests in libcheck. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALLGATE_FAIL(file, line, text) ck_abort_msg("%s", text)
#include <callgate/testing.h>

#include "filter.h"

static scmp_filter_ctx filter;

static void setup(void)
{
	filter = filter_new();
	ck_assert_ptr_nonnull(filter);
}

static void teardown(void)
{
	seccomp_release(filter);
}

/* These load nothing. What is not given, and CALLGATE_ANY, is any value: proved, not tried out. */
START_TEST(reads_files)
{
	callgate_expect(filter, "openat", SCMP_ACT_ALLOW, AT_FDCWD, CALLGATE_ANY, O_RDONLY);
	callgate_expect(filter, "openat", SCMP_ACT_ALLOW, CALLGATE_ANY, CALLGATE_ANY, O_RDONLY | O_CLOEXEC);
	callgate_expect(filter, "read", SCMP_ACT_ALLOW);
	callgate_expect(filter, "close", SCMP_ACT_ALLOW);
}
END_TEST

START_TEST(opens_nothing_for_writing)
{
	callgate_expect(filter, "openat", SCMP_ACT_ERRNO(EACCES), CALLGATE_ANY, CALLGATE_ANY,
	                CALLGATE_BITS(O_ACCMODE, O_WRONLY));
	callgate_expect(filter, "openat", SCMP_ACT_ERRNO(EACCES), CALLGATE_ANY, CALLGATE_ANY,
	                CALLGATE_BITS(O_ACCMODE, O_RDWR));
	callgate_expect(filter, "openat", SCMP_ACT_KILL_PROCESS, CALLGATE_ANY, CALLGATE_ANY,
	                CALLGATE_BITS(O_ACCMODE | O_CREAT, O_CREAT));
	callgate_expect(filter, "openat", SCMP_ACT_KILL_PROCESS, CALLGATE_ANY, CALLGATE_ANY,
	                CALLGATE_BITS(O_ACCMODE | O_TRUNC, O_TRUNC));
}
END_TEST

START_TEST(prints)
{
	callgate_expect(filter, "write", SCMP_ACT_ALLOW, 1);
	callgate_expect(filter, "write", SCMP_ACT_ALLOW, 2);
	callgate_expect(filter, "write", SCMP_ACT_KILL_PROCESS, 0);
	callgate_expect(filter, "write", SCMP_ACT_KILL_PROCESS, 3);
	callgate_expect(filter, "ioctl", SCMP_ACT_ALLOW, 1, TCGETS);
	callgate_expect(filter, "ioctl", SCMP_ACT_KILL_PROCESS, CALLGATE_ANY, TIOCSTI);
}
END_TEST

START_TEST(makes_no_code)
{
	callgate_expect(filter, "mmap", SCMP_ACT_ALLOW, CALLGATE_ANY, CALLGATE_ANY, PROT_READ | PROT_WRITE);
	callgate_expect(filter, "mmap", SCMP_ACT_KILL_PROCESS, CALLGATE_ANY, CALLGATE_ANY,
	                CALLGATE_BITS(PROT_EXEC, PROT_EXEC));
	callgate_expect(filter, "mprotect", SCMP_ACT_KILL_PROCESS);
}
END_TEST

START_TEST(allows_nothing_else)
{
	callgate_expect_only(filter, "read close fstat newfstatat brk munmap exit_group write ioctl mmap openat");
}
END_TEST

/* The same rules on another machine, tested on this one. */
START_TEST(holds_on_arm)
{
	scmp_filter_ctx arm = seccomp_init(SCMP_ACT_KILL_PROCESS);

	if (seccomp_arch_native() != SCMP_ARCH_AARCH64) {
		ck_assert_int_eq(seccomp_arch_remove(arm, SCMP_ARCH_NATIVE), 0);
		ck_assert_int_eq(seccomp_arch_add(arm, SCMP_ARCH_AARCH64), 0);
	}
	ck_assert_int_eq(filter_add_rules(arm), 0);
	callgate_expect_on(SCMP_ARCH_AARCH64, arm, "openat", SCMP_ACT_ALLOW, AT_FDCWD, CALLGATE_ANY, O_RDONLY);
	callgate_expect_on(SCMP_ARCH_AARCH64, arm, "socket", SCMP_ACT_KILL_PROCESS);
	seccomp_release(arm);
}
END_TEST

/* These run a function in a child, under the filter. */
static int read_a_file(void *path)
{
	char byte;
	int fd = openat(AT_FDCWD, path, O_RDONLY);

	return read(fd, &byte, 1) == 1 && close(fd) == 0 ? 0 : 1;
}

static int open_for_writing(void *path)
{
	return openat(AT_FDCWD, path, O_WRONLY);
}

static int open_a_socket(void *unused)
{
	(void)unused;
	return socket(AF_INET, SOCK_STREAM, 0);
}

START_TEST(lives)
{
	callgate_expect_exit(filter, read_a_file, __FILE__, 0);
	callgate_expect_errno(filter, open_for_writing, __FILE__, EACCES);
	callgate_expect_signal(filter, open_a_socket, NULL, SIGSYS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("count");
	TCase *tcase = tcase_create("filter");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, reads_files);
	tcase_add_test(tcase, opens_nothing_for_writing);
	tcase_add_test(tcase, prints);
	tcase_add_test(tcase, makes_no_code);
	tcase_add_test(tcase, allows_nothing_else);
	tcase_add_test(tcase, holds_on_arm);
	tcase_add_test(tcase, lives);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
