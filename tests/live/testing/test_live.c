/* <callgate/testing.h> in a plain main(), without any framework: the live assertions, each once true and once false. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
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
/* Without what a sanitizer does before calls that do not return. */
static int leave_at_once(void *status)
{
	return (int)syscall(SYS_exit_group, *(int *)status);
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

static int close_all(void *unused)
{
	(void)unused;
	return (int)syscall(SYS_close, -1);
}
/* Leaves a process behind that would write later. */
static int leave_another(void *fd)
{
	char byte = 0;

	if (fork() == 0) {
		pause();
		exit(write(*(int *)fd, &byte, 1) == 1 ? 0 : 1);
	}
	return 0;
}

static scmp_filter_ctx with(uint32_t default_action, uint32_t action, int nr)
{
	scmp_filter_ctx ctx = seccomp_init(default_action);

	if (!ctx || seccomp_rule_add(ctx, action, nr, 0) < 0)
		exit(1);
	return ctx;
}

/* What this process does with signals and its children is its own affair. */
static void check_signals(void)
{
	static char path[] = "/nowhere/at/all";
	scmp_filter_ctx trap = with(SCMP_ACT_ALLOW, SCMP_ACT_TRAP, SCMP_SYS(chmod));
	scmp_filter_ctx kill_it = with(SCMP_ACT_ALLOW, SCMP_ACT_KILL_PROCESS, SCMP_SYS(chmod));
	sigset_t all, before;
	int three = 3;

	signal(SIGCHLD, SIG_IGN);
	signal(SIGSYS, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	HOLDS(callgate_expect_exit(kill_it, leave, &three, 3));
	HOLDS(callgate_expect_signal(kill_it, call_chmod, path, SIGSYS));
	HOLDS(callgate_expect_trap(trap, call_chmod, path, "chmod"));
	FAILS("trapped at chmod", callgate_expect_exit(trap, call_chmod, path, 0));
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGSYS, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	seccomp_release(trap);
	seccomp_release(kill_it);
}

/* Without it a failure can't name the call. */
static bool can_trace(void)
{
	int pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	long result = pid < 0 ? -1 : ptrace(PTRACE_SEIZE, pid, NULL, NULL);
	if (result < 0)
		perror("skipped: ptrace");
	if (pid > 0)
		kill(pid, SIGKILL);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0)
		;
	return result == 0;
}

/* The call and the rule that a child ended by. */
static void check_reasons(void)
{
	static char path[] = "/nowhere/at/all";
	static const uint32_t actions[] = {SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL_THREAD, SCMP_ACT_TRAP,
	                                   SCMP_ACT_ERRNO(EPERM)};

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		scmp_filter_ctx ctx = with(SCMP_ACT_ALLOW, actions[i], SCMP_SYS(chmod));
		char *reason = NULL, name[CALLGATE_ACTION_TEXT];
		callgate_action_text(actions[i], name);
		if (asprintf(&reason, "%s, rule 1 (whatever the arguments)", name) < 0)
			exit(1);
		FAILS("; the filter's answer to chmod(0x", callgate_expect_exit(ctx, call_chmod, path, 7));
		FAILS(reason, callgate_expect_exit(ctx, call_chmod, path, 7));
		/* A mistake that the kernel finds is not laid on the filter. */
		FAILS("errno 9, EBADF", callgate_expect_exit(ctx, close_all, NULL, 0));
		check(!strstr(last, "filter"), "no word of the filter");
		free(reason);
		seccomp_release(ctx);
	}
}

/* The end of a child that has returned is no part of the test; what it has started is. */
static void check_ends(void)
{
	scmp_filter_ctx trap_all = seccomp_init(SCMP_ACT_TRAP), allow = seccomp_init(SCMP_ACT_ALLOW);
	scmp_filter_ctx ask = with(SCMP_ACT_ALLOW, SCMP_ACT_NOTIFY, SCMP_SYS(chmod));
	int fds[2], three = 3;
	char byte;

	HOLDS(callgate_expect_exit(trap_all, answer, NULL, 42));
	FAILS("denies exit_group", callgate_expect_exit(trap_all, leave_at_once, &three, 3));
	FAILS("NOTIFY, and in a test there is nobody who answers",
	      callgate_check_live(ask, call_chmod, "/", 200, CALLGATE_LIVE_EXIT, 0, NULL) ||
	          (snprintf(last, sizeof(last), "%s", callgate_failure()), 0));
	/* Nothing is left that holds the other end of the pipe. */
	if (pipe(fds) < 0)
		exit(1);
	HOLDS(callgate_expect_exit(allow, leave_another, &fds[1], 0));
	close(fds[1]);
	check(read(fds[0], &byte, 1) == 0, "what the child has started is gone");
	close(fds[0]);
	seccomp_release(trap_all);
	seccomp_release(allow);
	seccomp_release(ask);
}

#ifdef __x86_64__
/* mkdir(2) for 32-bit programs; 39 is getpid(2) for others. */
static int call_as_32_bit(void *data)
{
	long result;

	(void)data;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(39L), "b"(0L), "c"(0L) : "r8", "r9", "r10", "r11", "memory");
	return result < 0;
}

static void check_32_bit_call(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	struct callgate_outcome outcome;

	seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);
	seccomp_arch_add(ctx, SCMP_ARCH_X86);
	seccomp_arch_remove(ctx, SCMP_ARCH_X86_64);
	seccomp_rule_add(ctx, SCMP_ACT_TRAP, SCMP_SYS(mkdir), 0);
	if (callgate_run_under(ctx, NULL, call_as_32_bit, NULL, 5000, &outcome) == 0 &&
	    outcome.end == CALLGATE_LIVE_SIGNAL) {
		printf("not tried: this kernel has no 32-bit calls\n");
	} else {
		HOLDS(callgate_expect_trap(ctx, call_as_32_bit, NULL, "mkdir"));
		FAILS("trapped at mkdir", callgate_expect_trap(ctx, call_as_32_bit, NULL, "getpid"));
	}
	seccomp_release(ctx);
}
#else
static void check_32_bit_call(void)
{
}
#endif

/* ---- what a function may do to those who wait for it ---- */

/* Shared with the child. */
struct shared {
	volatile pid_t tracer; /* that holds the child; -1: the kernel lets nobody trace it */
	volatile int runs;
	volatile bool is_to_hang;
};

static void wait_forever(void)
{
	for (;;)
		pause();
}

static int stop_supervisor(void *unused)
{
	(void)unused;
	kill(getppid(), SIGSTOP);
	wait_forever();
	return 0;
}

/*
 * A process whose tracer does not let go of it can be killed, but not collected: for its parent it hangs in the kernel.
 */
static int be_held(void *data)
{
	struct shared *shared = data;

	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	if (fork() == 0) {
		setsid();
		bool holds = ptrace(PTRACE_SEIZE, getppid(), NULL, NULL) == 0;
		shared->tracer = holds ? getpid() : -1;
		if (holds)
			wait_forever();
		_exit(0);
	}
	while (!shared->tracer)
		usleep(1000);
	if (shared->is_to_hang)
		wait_forever();
	return 42;
}

/* Fails at first; when it is run again, so that it can be said which call it was, it makes calls without end. */
static int call_without_end(void *data)
{
	struct shared *shared = data;

	while (++shared->runs > 1)
		syscall(SYS_getppid);
	return call_chmod("/nowhere");
}

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

/* The host is back soon after the deadline, and knows how it ended. */
static void check_deadline(scmp_filter_ctx ctx, int (*function)(void *), struct shared *shared,
                           enum callgate_live_end end, const char *what)
{
	struct callgate_outcome outcome = {0};
	long long start = now();
	int result = callgate_run_under(ctx, NULL, function, shared, 500, &outcome);
	long long took = now() - start;

	snprintf(last, sizeof(last), "%s, after %lld ms", outcome.text, took);
	if (shared->tracer == -1)
		printf("ok %s # skipped: nobody may trace\n", what);
	else
		check(result == 0 && outcome.end == end && took < 6000, what);
	if (shared->tracer > 0)
		kill(shared->tracer, SIGKILL);
	*shared = (struct shared){0};
}

static void check_deadlines(void)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	scmp_filter_ctx deny = with(SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(chmod));

	if (shared == MAP_FAILED)
		abort();
	check_deadline(deny, stop_supervisor, shared, CALLGATE_LIVE_HANG, "a function stops what watches it");
	check_deadline(deny, be_held, shared, CALLGATE_LIVE_EXIT, "a tracer holds a child that has returned");
	shared->is_to_hang = true;
	check_deadline(deny, be_held, shared, CALLGATE_LIVE_HANG, "a tracer holds a child that hangs");
	long long start = now();
	bool holds = callgate_check_live(deny, call_without_end, shared, 500, CALLGATE_LIVE_EXIT, 0, NULL);
	snprintf(last, sizeof(last), "%s, after %lld ms", callgate_failure(), now() - start);
	check(!holds && strstr(last, "errno 1, EPERM") && now() - start < 8000, "a child always has stopped again");
	seccomp_release(deny);
	munmap(shared, sizeof(*shared));
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

	if (callgate_run_under(deny, NULL, answer, NULL, 5000, &outcome) == 0 && outcome.end == CALLGATE_LIVE_NOTHING) {
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
	FAILS("did you mean \"chmod\"?", callgate_expect_trap(trap, call_chmod, path, "chmd"));
	HOLDS(callgate_expect_signal(kill_it, call_chmod, path, SIGSYS));
	HOLDS(callgate_expect_signal(trap, call_chmod, path, SIGSYS));
	HOLDS(callgate_expect_signal(deny, crash, NULL, SIGUSR1));
	FAILS("killed by SIGSYS", callgate_expect_exit(kill_it, call_chmod, path, 0));
	/* the probe itself needs nothing that a filter can take away */
	HOLDS(callgate_expect_exit(nothing, answer, NULL, 42));
	HOLDS(callgate_expect_exit(no_exit, answer, NULL, 42));
	/* but exit(3) does, and the text says so */
	FAILS("denies exit_group", callgate_expect_exit(nothing, leave_at_once, &three, 3));
	FAILS("denies exit_group", callgate_expect_exit(no_exit, leave, &three, 3));
	FAILS("hung and was killed after 200 ms",
	      callgate_check_live(deny, hang, &three, 200, CALLGATE_LIVE_EXIT, 0, NULL) ||
	          (snprintf(last, sizeof(last), "%s", callgate_failure()), 0));
	FAILS("NULL", callgate_expect_exit(NULL, answer, NULL, 42));
	check_signals();
	check_32_bit_call();
	if (can_trace())
		check_reasons();
	check_ends();
	check_deadlines();
	seccomp_release(deny);
	seccomp_release(trap);
	seccomp_release(kill_it);
	seccomp_release(nothing);
	seccomp_release(no_exit);
	return problems ? EXIT_FAILURE : EXIT_SUCCESS;
}
