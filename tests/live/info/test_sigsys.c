/*
 * The handler of SIGSYS under filters that allow next to nothing: what it writes, and that the process dies as it would
 * have without it.
 */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <callgate/decode.h>
#include <callgate/diagnosis.h>
#include <callgate/rule.h>

#include "support/run.h"

enum { NO_FILTERS = 77, THREADS = 4, TRAP_DATA = 7 };

/* ---- children ---- */

struct outcome {
	int status;
	pid_t child;
	char text[8000]; /* of standard error */
};

/* Outside of tests, too. */
static void require(bool condition)
{
	if (!condition)
		abort();
}

/* Runs the body in a child whose standard error is a pipe; `is_read`: somebody reads it. */
static struct outcome run(void (*body)(void), bool is_read)
{
	struct outcome outcome = {.status = 0};
	size_t length = 0;
	ssize_t got = 0;
	int ends[2];

	require(pipe(ends) == 0);
	outcome.child = fork();
	require(outcome.child >= 0);
	if (outcome.child == 0) {
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		body();
		_exit(0);
	}
	close(ends[1]);
	while (is_read && (got = read(ends[0], outcome.text + length, sizeof(outcome.text) - 1 - length)) > 0)
		length += (size_t)got;
	close(ends[0]);
	require(waitpid(outcome.child, &outcome.status, 0) == outcome.child);
	return outcome;
}

static void check_end(const struct outcome *outcome)
{
	ck_assert_msg(WIFSIGNALED(outcome->status) && WTERMSIG(outcome->status) == SIGSYS,
	              "wait status 0x%x, and \"%s\"", outcome->status, outcome->text);
}

static void check_line(const struct outcome *outcome, const char *words)
{
	check_end(outcome);
	ck_assert_msg(strcmp(outcome->text, words) == 0, "\"%s\" instead of \"%s\"", outcome->text, words);
}

static void must(int result, scmp_filter_ctx ctx)
{
	if (result >= 0)
		return;
	fprintf(stderr, "%s\n", callgate_diagnosis(ctx));
	_exit(NO_FILTERS);
}

/* ---- filters and calls ---- */

static const int write_and_return[] = {SCMP_SYS(write), SCMP_SYS(rt_sigreturn), -1};

static scmp_filter_ctx filter_that_allows(uint32_t otherwise, const int *calls)
{
	scmp_filter_ctx ctx = seccomp_init(otherwise);

	for (; ctx && *calls >= 0; calls++)
		must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, *calls, 0), ctx);
	return ctx;
}

static void load(uint32_t otherwise, const int *calls, const struct callgate_decoder *decoder)
{
	scmp_filter_ctx ctx = filter_that_allows(otherwise, calls);

	must(seccomp_rule_add(ctx, SCMP_ACT_TRAPX(TRAP_DATA), SCMP_SYS(mkdirat), 0), ctx);
	must(callgate_sigsys_install(decoder), NULL);
	must(seccomp_load(ctx), ctx);
}

static void make_directory(void)
{
	syscall(SYS_mkdirat, -100, 0x1234, 0755, 0, 0, 0);
}

#define LINE(words) "callgate: SIGSYS: mkdirat(AT_FDCWD, 0x1234, 0755) on " NATIVE ": " words "\n"
#if defined(__x86_64__)
#define NATIVE "x86_64"
#elif defined(__aarch64__)
#define NATIVE "aarch64"
#else
#define NATIVE "x86"
#endif

static void under_kill(void)
{
	load(SCMP_ACT_KILL_PROCESS, write_and_return, NULL);
	make_directory();
}

static void under_errors(void)
{
	load(SCMP_ACT_ERRNO(EPERM), write_and_return, NULL);
	make_directory();
}

static void under_permission(void)
{
	load(SCMP_ACT_ALLOW, (const int[]){-1}, NULL);
	make_directory();
}

START_TEST(real_one)
{
	struct outcome outcome = run(under_kill, true);
	check_line(&outcome, LINE("TRAP(7)"));
	outcome = run(under_errors, true);
	check_line(&outcome, LINE("TRAP(7)"));
	outcome = run(under_permission, true);
	check_line(&outcome, LINE("TRAP(7)"));
}
END_TEST

static void without_write(void)
{
	load(SCMP_ACT_ERRNO(EPERM), (const int[]){SCMP_SYS(rt_sigreturn), -1}, NULL);
	make_directory();
}

/* The process dies of its filter, and not of the pipe that nobody reads. */
START_TEST(nobody_hears)
{
	struct outcome outcome = run(without_write, true);
	check_line(&outcome, "");
	outcome = run(under_kill, false);
	check_end(&outcome);
}
END_TEST

/* ---- which rule ---- */

static int origin(const void *data, uint32_t rule, unsigned int *ret_line, unsigned int *ret_column)
{
	(void)data;
	*ret_line = rule;
	*ret_column = 5;
	return 0;
}

static struct callgate_decoder decoder_of(scmp_filter_ctx ctx)
{
	struct callgate_decoder decoder = {.origin = origin, .file = "a.json"};

	must(callgate_simulator_new(ctx, &decoder.simulator), ctx);
	return decoder;
}

static scmp_filter_ctx loaded_with_decoder(void)
{
	scmp_filter_ctx ctx = filter_that_allows(SCMP_ACT_TRAP, write_and_return);

	must(seccomp_rule_add(ctx, SCMP_ACT_TRAPX(TRAP_DATA), SCMP_SYS(mkdirat), 1, SCMP_A2_32(SCMP_CMP_EQ, 0755, 0)),
	     ctx);
	must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(exit), 0), ctx);
	must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(futex), 0), ctx);
	const struct callgate_decoder decoder = decoder_of(ctx);
	must(callgate_sigsys_install(&decoder), NULL);
	return ctx;
}

static void with_rule(void)
{
	scmp_filter_ctx ctx = loaded_with_decoder();

	must(seccomp_load(ctx), ctx);
	make_directory();
}

static void with_default(void)
{
	scmp_filter_ctx ctx = loaded_with_decoder();

	must(seccomp_load(ctx), ctx);
	syscall(SYS_getpgid, 5);
}

START_TEST(rule_of_it)
{
	struct outcome outcome = run(with_rule, true);
	check_line(&outcome, LINE("TRAP(7), rule 3 at a.json:3:5"));
	outcome = run(with_default, true);
	check_line(&outcome, "callgate: SIGSYS: getpgid(5) on " NATIVE ": TRAP, the default: no rule matches\n");
}
END_TEST

/* ---- many threads, and little stack ---- */

static void *make_directory_soon(void *barrier)
{
	pthread_barrier_wait(barrier);
	make_directory();
	return NULL;
}

static void in_threads(void)
{
	scmp_filter_ctx ctx = loaded_with_decoder();
	pthread_barrier_t barrier;
	pthread_t threads[THREADS];

	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, make_directory_soon, &barrier) != 0)
			_exit(NO_FILTERS);
	must(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1), ctx);
	must(seccomp_load(ctx), ctx);
	pthread_barrier_wait(&barrier);
	pthread_join(threads[0], NULL);
}

START_TEST(threads)
{
	for (int round = 0; round < 20; round++) {
		struct outcome outcome = run(in_threads, true);
		bool has_rule = false;
		check_end(&outcome);
		for (char *line = strtok(outcome.text, "\n"); line; line = strtok(NULL, "\n")) {
			has_rule = has_rule || strstr(line, "rule 3 at a.json:3:5");
			ck_assert_msg(strncmp(line, LINE("TRAP(7)"), strlen(LINE("TRAP(7)")) - 1) == 0, "\"%s\"", line);
		}
		ck_assert(has_rule || !*outcome.text);
	}
}
END_TEST

/* What comes below the stack can't be touched. */
static void on_small_stack(void)
{
	const size_t page = 4096, frame = (size_t)sysconf(_SC_MINSIGSTKSZ),
	             size = (4096 + frame + page - 1) / page * page;
	char *memory = mmap(NULL, page + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack_t stack = {.ss_sp = memory + page, .ss_size = size};

	if (memory == MAP_FAILED || mprotect(memory, page, PROT_NONE) < 0 || sigaltstack(&stack, NULL) < 0)
		_exit(1);
	with_rule();
}

START_TEST(small_stack)
{
	const struct outcome outcome = run(on_small_stack, true);
	check_line(&outcome, LINE("TRAP(7), rule 3 at a.json:3:5"));
}
END_TEST

/* ---- a signal from a process ---- */

static const int for_sent_ones[] = {
    SCMP_SYS(write),  SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),  SCMP_SYS(getpid),
    SCMP_SYS(gettid), SCMP_SYS(tgkill),       SCMP_SYS(kill),         SCMP_SYS(rt_sigqueueinfo), -1};

static void killed(void)
{
	load(SCMP_ACT_KILL_PROCESS, for_sent_ones, NULL);
	kill(getpid(), SIGSYS);
}

static void queued(void)
{
	siginfo_t info = {.si_signo = SIGSYS, .si_code = SI_QUEUE, .si_pid = getpid(), .si_uid = getuid()};

	info.si_errno = TRAP_DATA;
	load(SCMP_ACT_KILL_PROCESS, for_sent_ones, NULL);
	syscall(SYS_rt_sigqueueinfo, getpid(), SIGSYS, &info);
}

static void killed_under_errors(void)
{
	load(SCMP_ACT_ERRNO(EPERM),
	     (const int[]){SCMP_SYS(write), SCMP_SYS(kill), SCMP_SYS(getpid), SCMP_SYS(exit_group), -1}, NULL);
	kill(getpid(), SIGSYS);
}

START_TEST(sent_one)
{
	char words[200];

	for (int i = 0; i < 2; i++) {
		const struct outcome outcome = run(i == 0 ? killed : queued, true);
		snprintf(words, sizeof(words), "callgate: SIGSYS: from no filter: process %d of user %u sent it\n",
		         (int)outcome.child, (unsigned)getuid());
		check_line(&outcome, words);
	}
	const struct outcome outcome = run(killed_under_errors, true);
	ck_assert_int_eq(WEXITSTATUS(outcome.status), 128 + SIGSYS);
	ck_assert_ptr_nonnull(strstr(outcome.text, "from no filter: process "));
}
END_TEST

/* ---- a handler of one's own ---- */

static struct callgate_report *seen; /* shared memory: with context, without */

static void handler(int number, siginfo_t *info, void *context)
{
	(void)number;
	errno = 1234;
	if (callgate_report_of_signal(info, context, &seen[0]) < 0 ||
	    callgate_report_of_signal(info, NULL, &seen[1]) < 0 || errno != 1234)
		_exit(3);
	_exit(4);
}

static void with_own_handler(void)
{
	const struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};

	load(SCMP_ACT_ALLOW, (const int[]){-1}, NULL);
	sigaction(SIGSYS, &action, NULL);
	syscall(SYS_mkdirat, (long)0x1111111122222222, 2L, 3L, 4L, 5L, (long)0x666666666);
}

START_TEST(own_handler)
{
	seen = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(seen != MAP_FAILED);
	const struct outcome outcome = run(with_own_handler, true);
	ck_assert_int_eq(WEXITSTATUS(outcome.status), 4);
	ck_assert_int_eq(seen[0].call.nr, SYS_mkdirat);
	ck_assert_uint_eq(seen[0].known, 0x7f);
	ck_assert_uint_eq(seen[0].call.args[0], sizeof(long) == 8 ? 0x1111111122222222 : 0x22222222);
	for (unsigned i = 1; i < 5; i++)
		ck_assert_uint_eq(seen[0].call.args[i], i + 1);
	ck_assert_uint_eq(seen[0].call.args[5], sizeof(long) == 8 ? 0x666666666 : 0x66666666);
	ck_assert_uint_ne(seen[0].call.instruction_pointer, 0);
	ck_assert_uint_eq(seen[0].action, SCMP_ACT_TRAPX(TRAP_DATA));
	ck_assert_uint_eq(seen[1].known, 0x40);
	ck_assert_uint_eq(seen[1].call.args[1], 0);
	ck_assert_uint_eq(seen[1].call.instruction_pointer, seen[0].call.instruction_pointer);
	const siginfo_t sent = {.si_signo = SIGSYS, .si_code = SI_USER};
	ck_assert_int_eq(callgate_report_of_signal(&sent, NULL, &seen[0]), -ENOENT);
	ck_assert_int_eq(callgate_report_of_signal(NULL, NULL, &seen[0]), -EINVAL);
}
END_TEST

int main(void)
{
	const struct outcome probe = run(under_permission, true);

	if (WIFEXITED(probe.status) && WEXITSTATUS(probe.status) == NO_FILTERS) {
		printf("skipped: %s", probe.text);
		return NO_FILTERS;
	}
	TCase *tests = tcase_create("sigsys");
	tcase_add_test(tests, real_one);
	tcase_add_test(tests, nobody_hears);
	tcase_add_test(tests, rule_of_it);
	tcase_add_test(tests, threads);
	tcase_add_test(tests, small_stack);
	tcase_add_test(tests, sent_one);
	tcase_add_test(tests, own_handler);
	return test_run(tests);
}
