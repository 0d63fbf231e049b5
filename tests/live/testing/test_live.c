/* <callgate/testing.h> in a plain main(), without any framework: the live assertions, each once true and once false. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char last[1024];
#define CALLGATE_FAIL(file, line, text) ((void)snprintf(last, sizeof(last), "%s", text))
#include <callgate/testing.h>

static int problems;

static void check(bool right, const char *what)
{
	printf("%s %s%s%s\n", right ? "ok" : "not ok", what, right ? "" : ": ", right ? "" : last);
	problems += !right;
}
#define HOLDS(assertion)        check(assertion, #assertion)
#define FAILS(words, assertion) check(!(assertion) && strstr(last, words), #assertion " fails")

static int call_chmod(void *path)
{
	return (int)syscall(SYS_chmod, path, 0400);
}
static int leave(void *status)
{
	exit(*(int *)status);
}
static int answer(void *unused)
{
	(void)unused;
	return 42;
}
static int hang(void *forever)
{
	while (*(volatile int *)forever)
		;
	return 0;
}
static int crash(void *unused)
{
	(void)unused;
	return kill(getpid(), SIGUSR1);
}

static scmp_filter_ctx with(uint32_t default_action, uint32_t action, int nr)
{
	scmp_filter_ctx ctx = seccomp_init(default_action);

	if (!ctx || seccomp_rule_add(ctx, action, nr, 0) < 0)
		exit(1);
	return ctx;
}

int main(void)
{
	static char path[] = "/nowhere/at/all";
	int three = 3;
	struct callgate_outcome outcome;
	scmp_filter_ctx deny = with(SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(chmod));
	scmp_filter_ctx trap = with(SCMP_ACT_ALLOW, SCMP_ACT_TRAP, SCMP_SYS(chmod));
	scmp_filter_ctx kill_it = with(SCMP_ACT_ALLOW, SCMP_ACT_KILL_PROCESS, SCMP_SYS(chmod));
	scmp_filter_ctx nothing = with(SCMP_ACT_KILL_PROCESS, SCMP_ACT_ALLOW, SCMP_SYS(read));
	scmp_filter_ctx no_exit = with(SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(exit_group));
	seccomp_rule_add(no_exit, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(exit), 0);

	if (callgate_run_under(deny, NULL, answer, NULL, 5000, &outcome) == 0 &&
	    outcome.end == CALLGATE_LIVE_NOTHING) {
		printf("skipped: %s\n", outcome.text);
		return 77;
	}
	HOLDS(callgate_expect_errno(deny, call_chmod, path, EPERM));
	FAILS("errno 1, EPERM", callgate_expect_errno(deny, call_chmod, path, ENOENT));
	HOLDS(callgate_expect_exit(deny, answer, NULL, 42));
	HOLDS(callgate_expect_exit(deny, leave, &three, 3));
	FAILS("it ended with status 3", callgate_expect_exit(deny, leave, &three, 4));
	HOLDS(callgate_expect_trap(trap, call_chmod, path, "chmod"));
	FAILS("trapped at chmod", callgate_expect_trap(trap, call_chmod, path, "fchmod"));
	FAILS("no system call", callgate_expect_trap(trap, call_chmod, path, "chmd"));
	HOLDS(callgate_expect_signal(kill_it, call_chmod, path, SIGSYS));
	HOLDS(callgate_expect_signal(trap, call_chmod, path, SIGSYS));
	HOLDS(callgate_expect_signal(deny, crash, NULL, SIGUSR1));
	FAILS("killed by SIGSYS", callgate_expect_exit(kill_it, call_chmod, path, 0));
	/* the probe itself needs nothing that a filter can take away */
	HOLDS(callgate_expect_exit(nothing, answer, NULL, 42));
	HOLDS(callgate_expect_exit(no_exit, answer, NULL, 42));
	/* but exit(3) does, and the text says so */
	FAILS("denies exit_group", callgate_expect_exit(nothing, leave, &three, 3));
	FAILS("denies exit_group", callgate_expect_exit(no_exit, leave, &three, 3));
	FAILS("hung and was killed after 200 ms",
	      callgate_check_live(deny, hang, &three, 200, CALLGATE_LIVE_EXIT, 0, NULL) ||
	          (snprintf(last, sizeof(last), "%s", callgate_failure()), 0));
	FAILS("NULL", callgate_expect_exit(NULL, answer, NULL, 42));
	seccomp_release(deny);
	seccomp_release(trap);
	seccomp_release(kill_it);
	seccomp_release(nothing);
	seccomp_release(no_exit);
	return problems ? EXIT_FAILURE : EXIT_SUCCESS;
}
