/* Strict mode itself: what is on the list passes, what is not is death, and bad questions get answers. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>
#include <callgate/strict.h>

#include "confined.h"
#include "support/run.h"

static int pipe_fds[2];

static void enter_or_stop(void)
{
	if (callgate_strict_enter() < 0)
		_exit(98);
}

UNCHECKED static void exits(void)
{
	enter_or_stop();
	callgate_strict_exit(7);
}

UNCHECKED static void calls_getpid(void)
{
	enter_or_stop();
	syscall(SYS_getpid);
	callgate_strict_exit(0);
}

UNCHECKED static void calls_exit_group(void)
{
	enter_or_stop();
	_exit(0);
}

UNCHECKED static void copies(void)
{
	char buffer[16] = "";

	enter_or_stop();
	long count = callgate_strict_read(pipe_fds[0], buffer, 5);
	if (count != 5 || callgate_strict_write(pipe_fds[1], buffer, 5) != 5)
		callgate_strict_exit(1);
	callgate_strict_exit(callgate_strict_read(-1, buffer, 1) == -EBADF ? 0 : 2);
}

static volatile sig_atomic_t handled;

static void on_alarm(int signal)
{
	(void)signal;
	handled++;
}

/* The timer is set before; the handler returns by rt_sigreturn. */
UNCHECKED static void returns_from_a_handler(void)
{
	struct itimerval soon = {.it_value.tv_usec = 1000};

	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &soon, NULL);
	enter_or_stop();
	while (!handled)
		;
	callgate_strict_exit(5);
}

START_TEST(test_the_list_passes)
{
	int status = confined(exits);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);

	ck_assert_int_eq(pipe(pipe_fds), 0);
	ck_assert_int_eq(write(pipe_fds[1], "hello", 5), 5);
	status = confined(copies);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	char buffer[5];
	ck_assert_int_eq(callgate_strict_read(pipe_fds[0], buffer, 5), 5);
	ck_assert_mem_eq(buffer, "hello", 5);

	status = confined(returns_from_a_handler);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 5);
}
END_TEST

START_TEST(test_anything_else_kills)
{
	int status = confined(calls_getpid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	status = confined(calls_exit_group);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}
END_TEST

static void enters_after_a_filter(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (!filter || seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(getppid), 0) < 0 ||
	    seccomp_load(filter) < 0)
		_exit(98);
	int result = callgate_strict_enter();
	_exit(result == -EINVAL && strstr(callgate_diagnosis(NULL), "filter") ? 0 : 1);
}

START_TEST(test_refused_after_a_filter)
{
	int status = confined(enters_after_a_filter);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

/* Reads and writes go on after a signal and beyond the pipe's capacity. */
static void reads_slowly(void)
{
	char buffer[1000];

	for (int i = 0; i < 200; i++) {
		if (i % 50 == 0) {
			kill(getppid(), SIGUSR1);
			usleep(2000);
		}
		if (callgate_strict_read(pipe_fds[0], buffer, sizeof(buffer)) != sizeof(buffer))
			_exit(1);
	}
	_exit(0);
}

START_TEST(test_interruptions_are_survived)
{
	static char block[200000];
	struct sigaction action = {.sa_handler = on_alarm};
	int status = -1;

	ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
	ck_assert_int_eq(pipe(pipe_fds), 0);
	handled = 0;
	pid_t reader = fork();
	if (reader == 0)
		reads_slowly();
	ck_assert_int_eq(callgate_strict_write(pipe_fds[1], block, sizeof(block)), sizeof(block));
	while (waitpid(reader, &status, 0) < 0 && errno == EINTR)
		;
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_int_gt(handled, 0);
}
END_TEST

START_TEST(test_list)
{
	static const struct {
		uint32_t arch;
		int syscalls[CALLGATE_STRICT_CALLS];
	} cases[] = {
	    {SCMP_ARCH_X86_64, {0, 1, 60, 15}},     {SCMP_ARCH_X86, {3, 4, 1, 119}},
	    {SCMP_ARCH_AARCH64, {63, 64, 93, 139}}, {SCMP_ARCH_ARM, {3, 4, 1, 173}},
	    {SCMP_ARCH_S390X, {3, 4, 1, 119}},      {SCMP_ARCH_PPC64LE, {3, 4, 1, 172}},
	    {SCMP_ARCH_PPC, {3, 4, 1, 119}},        {SCMP_ARCH_MIPS, {4003, 4004, 4001, 4193}},
	    {SCMP_ARCH_RISCV64, {63, 64, 93, 139}},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int syscalls[CALLGATE_STRICT_CALLS];
		ck_assert_int_eq(callgate_strict_list(cases[i].arch, syscalls), 0);
		for (int k = 0; k < CALLGATE_STRICT_CALLS; k++)
			ck_assert_int_eq(syscalls[k], cases[i].syscalls[k]);
	}
	int native[CALLGATE_STRICT_CALLS], untouched[CALLGATE_STRICT_CALLS] = {-9, -9, -9, -9};
	ck_assert_int_eq(callgate_strict_list(0, native), 0);
	ck_assert_int_eq(native[0], SYS_read);
	ck_assert_int_eq(native[2], SYS_exit);
	ck_assert_int_eq(callgate_strict_list(12345, untouched), -EINVAL);
	ck_assert_ptr_nonnull(strstr(callgate_diagnosis(NULL), "0x3039"));
	ck_assert_int_eq(callgate_strict_list(SCMP_ARCH_X32, untouched), -EOPNOTSUPP);
	ck_assert_int_eq(callgate_strict_list(0, NULL), -EINVAL);
	ck_assert_int_eq(untouched[0], -9);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("strict");

	tcase_add_test(tests, test_the_list_passes);
	tcase_add_test(tests, test_anything_else_kills);
	tcase_add_test(tests, test_refused_after_a_filter);
	tcase_add_test(tests, test_interruptions_are_survived);
	tcase_add_test(tests, test_list);
	return test_run(tests);
}
