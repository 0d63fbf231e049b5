/*
 * Hostile surroundings, a test each: a filter is built, proved and loaded all the same, or there is an error and no
 * filter. Filters and kernels that deny or fake what the library asks for are in test_faked.c and test_features.c, full
 * devices and pipes in tests/unit/api/test_export.c, memory that is out in test_memory.c.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>
#include <callgate/simulate.h>

#include "child.h"
#include "support/run.h"

enum { ENOUGH = 100000 /* pages */, DENIED = 111, CALLS = 60, CONTEXTS = 10000, OPEN_FILES = 1024 };

static int deny_priority(scmp_filter_ctx ctx)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(DENIED), SCMP_SYS(getpriority), 0);
}

/* With enough rules that building and proving them takes a while. */
static scmp_filter_ctx new_context(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	CHILD_CHECK(ctx != NULL);
	CHILD_EQUAL(deny_priority(ctx), 0);
	for (unsigned i = 0; i < CALLS; i++)
		CHILD_EQUAL(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(1), SCMP_SYS(ioctl), 2,
		                             SCMP_A1(SCMP_CMP_EQ, 90000 + i), SCMP_A2(SCMP_CMP_GT, i)),
		            0);
	return ctx;
}

static void check_confined(void)
{
	errno = 0;
	CHILD_EQUAL(syscall(SYS_getpriority, 0, 0), -1);
	CHILD_EQUAL(errno, DENIED);
}

static void check_free(void)
{
	CHILD_CHECK(syscall(SYS_getpriority, 0, 0) > 0);
}

static void load_and_check(void)
{
	scmp_filter_ctx ctx = new_context();
	int result = seccomp_load(ctx);

	CHILD_CHECK(result == 0, "%s", callgate_diagnosis(ctx));
	check_confined();
	seccomp_release(ctx);
}

/* ---- descriptors ---- */

static void without_descriptors(void *argument)
{
	(void)argument;
	for (int fd = 0; fd < OPEN_FILES; fd++)
		close(fd);
	load_and_check();
	CHILD_EQUAL(fcntl(0, F_GETFD), -1); /* none is left open */
}

/* Not even /proc can be read. */
static void without_more_descriptors(void *argument)
{
	const struct rlimit none = {0, 0};

	(void)argument;
	CHILD_EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
	load_and_check();
}

/* ---- limits ---- */

/* Memory ends on the way, after more and more of it: an error and no filter, or the filter. */
static void within_memory(void *argument)
{
	struct rlimit limit = {0, 0};
	scmp_filter_ctx ctx;
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	CHILD_CHECK(file && fscanf(file, "%ld", &pages) == 1);
	fclose(file);
	limit.rlim_cur = limit.rlim_max = (rlim_t)(pages + *(const int *)argument) * (rlim_t)getpagesize();
	CHILD_EQUAL(setrlimit(RLIMIT_AS, &limit), 0);
	if (!(ctx = seccomp_init(SCMP_ACT_ALLOW)))
		return;
	int result = deny_priority(ctx);
	for (unsigned i = 0; i < 1000 && result == 0; i++)
		result = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(1), SCMP_SYS(ioctl), 2, SCMP_A1(SCMP_CMP_EQ, i + 7),
		                          SCMP_A2(SCMP_CMP_EQ, i));
	if (result == 0)
		result = seccomp_load(ctx);
	if (result == 0) {
		check_confined();
		return;
	}
	CHILD_CHECK(*(const int *)argument < ENOUGH, "%d: %s", result, callgate_diagnosis(ctx));
	CHILD_EQUAL(result, -ENOMEM);
	CHILD_SAYS(callgate_diagnosis(ctx), "out of memory");
	check_free();
}

static void without_files_and_processes(void *argument)
{
	const struct rlimit none = {0, 0};

	(void)argument;
	CHILD_EQUAL(setrlimit(RLIMIT_FSIZE, &none), 0);
	CHILD_EQUAL(setrlimit(RLIMIT_NPROC, &none), 0);
	CHILD_EQUAL(setrlimit(RLIMIT_MEMLOCK, &none), 0);
	load_and_check();
}

/* ---- signals ---- */

static volatile sig_atomic_t interruptions;

static void interrupt(int number)
{
	(void)number;
	interruptions++;
}

/* Until a hundred of them have come, in every part of the work; no call is restarted by the kernel. */
static void among_signals(void *argument)
{
	struct sigaction action = {.sa_handler = interrupt};
	const struct itimerval each = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};

	(void)argument;
	CHILD_EQUAL(sigaction(SIGALRM, &action, NULL), 0);
	CHILD_EQUAL(setitimer(ITIMER_REAL, &each, NULL), 0);
	while (interruptions < 100) {
		scmp_filter_ctx ctx = new_context();
		size_t size;
		CHILD_EQUAL(seccomp_export_bpf_mem(ctx, NULL, &size), 0);
		seccomp_release(ctx);
	}
	load_and_check();
	CHILD_EQUAL(setitimer(ITIMER_REAL, &never, NULL), 0);
}

/* ---- who calls ---- */

/* Strict mode kills whoever loads: never is there a success. */
static void in_strict_mode(void *argument)
{
	scmp_filter_ctx ctx = new_context();

	(void)argument;
	CHILD_EQUAL(seccomp_precompute(ctx), 0);
	CHILD_EQUAL(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT), 0);
	(void)seccomp_load(ctx);
	syscall(SYS_exit, 0);
}

static void traced(void *argument)
{
	(void)argument;
	CHILD_EQUAL(ptrace(PTRACE_TRACEME, 0, NULL, NULL), 0);
	raise(SIGSTOP);
	load_and_check();
}

/* The real user is another than the effective one, as in a setuid program: no_new_privs is set all the same. */
static void setuid_caller(void *argument)
{
	(void)argument;
	CHILD_EQUAL(setresuid(65534, 0, 0), 0);
	load_and_check();
	CHILD_EQUAL(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
}

/* ---- fork in the middle ---- */

/* Within a transaction: each of the two goes on with a context of its own. */
static void forked(void *argument)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int status;

	(void)argument;
	CHILD_CHECK(ctx != NULL);
	CHILD_EQUAL(seccomp_transaction_start(ctx), 0);
	CHILD_EQUAL(deny_priority(ctx), 0);
	const pid_t child = fork();
	CHILD_CHECK(child >= 0);
	if (child == 0) {
		CHILD_EQUAL(seccomp_transaction_commit(ctx), 0);
		CHILD_EQUAL(seccomp_load(ctx), 0);
		check_confined();
		_exit(7);
	}
	CHILD_EQUAL(waitpid(child, &status, 0), child);
	CHILD_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7, "wait status 0x%x", (unsigned)status);
	seccomp_transaction_reject(ctx);
	CHILD_EQUAL(seccomp_load(ctx), 0);
	check_free();
	seccomp_release(ctx);
}

static void *build_for_ever(void *argument)
{
	for (;;) {
		scmp_filter_ctx ctx = new_context();
		size_t size;
		CHILD_EQUAL(seccomp_export_bpf_mem(ctx, NULL, &size), 0);
		seccomp_release(ctx);
	}
	return argument;
}

/* While another thread is somewhere in the library, whose locks nobody would open in the child. */
static void forked_beside_a_thread(void *argument)
{
	pthread_t thread;

	CHILD_EQUAL(pthread_create(&thread, NULL, build_for_ever, argument), 0);
	for (int i = 0; i < 30; i++) {
		int status;
		const pid_t child = fork();
		CHILD_CHECK(child >= 0);
		if (child == 0) {
			load_and_check();
			_exit(7);
		}
		CHILD_EQUAL(waitpid(child, &status, 0), child);
		CHILD_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7, "wait status 0x%x", (unsigned)status);
	}
}

/* ---- many ---- */

static void many_contexts(void *argument)
{
	static scmp_filter_ctx contexts[CONTEXTS];
	const struct callgate_call call = {SCMP_ARCH_NATIVE, SCMP_SYS(getpriority), {0}, 0};

	(void)argument;
	for (int i = 0; i < CONTEXTS; i++) {
		contexts[i] = seccomp_init(SCMP_ACT_ALLOW);
		CHILD_CHECK(contexts[i] != NULL);
		CHILD_EQUAL(
		    seccomp_rule_add(contexts[i], SCMP_ACT_ERRNO((uint32_t)i % 4095 + 1), SCMP_SYS(getpriority), 0), 0);
	}
	for (int i = 0; i < CONTEXTS; i += 97) {
		struct callgate_verdict verdict;
		CHILD_EQUAL(callgate_simulate(contexts[i], &call, &verdict), 0);
		CHILD_EQUAL(verdict.action, SCMP_ACT_ERRNO((uint32_t)i % 4095 + 1));
	}
	CHILD_EQUAL(seccomp_load(contexts[DENIED - 1]), 0);
	check_confined();
	for (int i = 0; i < CONTEXTS; i++)
		seccomp_release(contexts[i]);
}

/* ---- all ---- */

/*
 * A sanitizer has a shadow of the memory, which takes more than any limit here, and an allocator of its own, whose
 * locks stay closed after a fork(2) beside another thread.
 */
#if defined(__SANITIZE_ADDRESS__)
#define HAS_SHADOW true
#elif defined(__has_feature)
#define HAS_SHADOW (__has_feature(address_sanitizer) || __has_feature(memory_sanitizer))
#else
#define HAS_SHADOW false
#endif

static const struct {
	const char *name;
	child_body *body;
	bool needs_root, needs_libc_allocator;
} surroundings[] = {
    {"all descriptors closed", without_descriptors, false},
    {"no more descriptors", without_more_descriptors, false},
    {"no files and no processes", without_files_and_processes, false},
    {"a signal every millisecond", among_signals, false},
    {"a setuid caller", setuid_caller, true},
    {"fork in a transaction", forked, false},
    {"fork beside a thread", forked_beside_a_thread, false, true},
    {"ten thousand contexts", many_contexts, false},
};

START_TEST(test_surroundings)
{
	if (surroundings[_i].needs_root && geteuid() != 0) {
		printf("%s: only root can try that\n", surroundings[_i].name);
		return;
	}
	if (surroundings[_i].needs_libc_allocator && HAS_SHADOW) {
		printf("%s: not under a sanitizer\n", surroundings[_i].name);
		return;
	}
	child_run(surroundings[_i].body, NULL);
}
END_TEST

START_TEST(test_memory_ends)
{
	int all = ENOUGH;

	for (int pages = 0; pages < 700; pages += pages < 100 ? 7 : 50)
		child_run(within_memory, &pages);
	child_run(within_memory, &all);
}
END_TEST

START_TEST(test_strict_mode)
{
	int status = child_wait(child_start(in_strict_mode, NULL));

	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "wait status 0x%x: %s", (unsigned)status,
	              child_report());
}
END_TEST

/* Stopped before and after each of its calls. */
START_TEST(test_traced)
{
	pid_t child = child_start(traced, NULL);
	long stops = 0;
	int status;

	ck_assert_int_eq(waitpid(child, &status, WUNTRACED), child);
	ck_assert(WIFSTOPPED(status));
	do {
		int number = WSTOPSIG(status) == SIGTRAP || WSTOPSIG(status) == SIGSTOP ? 0 : WSTOPSIG(status);
		ck_assert_int_eq(ptrace(PTRACE_SYSCALL, child, NULL, (void *)(intptr_t)number), 0);
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		stops++;
	} while (WIFSTOPPED(status));
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "wait status 0x%x: %s", (unsigned)status,
	              child_report());
	ck_assert_int_gt(stops, 4);
}
END_TEST

int main(void)
{
	if (child_cannot_load())
		return 77;
	TCase *tests = tcase_create("surroundings");
	tcase_add_loop_test(tests, test_surroundings, 0, sizeof(surroundings) / sizeof(surroundings[0]));
	if (!HAS_SHADOW)
		tcase_add_test(tests, test_memory_ends);
	tcase_add_test(tests, test_strict_mode);
	tcase_add_test(tests, test_traced);
	tcase_set_timeout(tests, 300);
	return test_run(tests);
}
