/* Thousands of strict calls, from several threads and with everything that may disturb them, leave nothing behind. */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <callgate/diagnosis.h>
#include <callgate/program.h>
#include <callgate/strict.h>

#include "functions.h"
#include "leaks.h"
#include "support/random.h"
#include "support/run.h"

/*
 * Several threads, an allocator under load, a timer that interrupts everything, and a SIGCHLD handler that takes what
 * it finds.
 */
static atomic_bool stop;
static atomic_int child_signals, stolen;

static void on_child(int signal)
{
	int saved = errno;

	(void)signal;
	child_signals++;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		stolen++;
	errno = saved;
}

static void on_timer(int signal)
{
	(void)signal;
}

static void *allocates(void *unused)
{
	while (!stop)
		free(malloc(100000));
	return unused;
}

enum { KINDS = 5 };
static callgate_strict_function *const kinds[KINDS] = {upper, opens, segfaults, exits, writes_half_an_answer};
static const enum callgate_exit_kind kind_ends[2][KINDS] = {
    {CALLGATE_EXIT_VALUE, CALLGATE_EXIT_KILLED, CALLGATE_EXIT_CRASHED, CALLGATE_EXIT_EXITED, CALLGATE_EXIT_MALFORMED},
    {CALLGATE_EXIT_VALUE, CALLGATE_EXIT_FORBIDDEN, CALLGATE_EXIT_CRASHED, CALLGATE_EXIT_EXITED,
     CALLGATE_EXIT_MALFORMED}};

struct calls {
	int count;
	struct random random;
	const struct callgate_program *program;
	char problem[512];
};

static void *calls_at_random(void *argument)
{
	struct calls *calls = argument;
	struct random random = calls->random;

	for (int i = 0; i < calls->count && !calls->problem[0]; i++) {
		unsigned kind = (unsigned)random_below(&random, KINDS), mode = (unsigned)random_below(&random, 2);
		struct callgate_strict_options options = {.confinement = (enum callgate_strict_confinement)mode,
		                                          .program = mode ? calls->program : NULL,
		                                          .arena_size = 4096};
		struct callgate_exit_reason end;
		char output[8];
		int result = callgate_strict_call(kinds[kind], "abc", 3, output, sizeof(output), &options, &end);
		if (end.kind != kind_ends[mode][kind] || (result == 0) != (kind == 0) ||
		    (kind == 0 && memcmp(output, "ABC", 3) != 0))
			snprintf(calls->problem, sizeof(calls->problem), "call %d, kind %u, mode %u: %s", i, kind, mode,
			         result < 0 ? callgate_diagnosis(NULL) : "a wrong value");
	}
	return NULL;
}

static struct callgate_program *strict_program(void)
{
	static unsigned char bytes[8 * CALLGATE_PROGRAM_MAX];
	size_t size = sizeof(bytes);
	struct callgate_program *program = NULL;
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_TRAP);

	ck_assert_int_eq(callgate_strict_rules(ctx, 0), 0);
	ck_assert_int_eq(seccomp_export_bpf_mem(ctx, bytes, &size), 0);
	ck_assert_int_eq(callgate_program_new(bytes, size, 0, &program), 0);
	seccomp_release(ctx);
	return program;
}

static int calls_wanted(void)
{
	const char *text = getenv("CALLGATE_CALLS");

	return text ? atoi(text) : 10000;
}

START_TEST(test_thousands_from_many_threads)
{
	enum { THREADS = 4 };
	struct callgate_program *program = strict_program();
	struct itimerval often = {.it_interval.tv_usec = 500, .it_value.tv_usec = 500};
	pthread_t threads[THREADS], allocator;
	struct calls calls[THREADS] = {0};
	struct random random = random_start("strict calls from threads");

	signal(SIGCHLD, on_child);
	struct sigaction interrupt = {.sa_handler = on_timer};
	sigaction(SIGALRM, &interrupt, NULL);
	calls[0] = (struct calls){.count = 20, .random = random, .program = program};
	calls_at_random(&calls[0]); /* whatever is set up once, is */
	struct leaks before = leaks_now();
	setitimer(ITIMER_REAL, &often, NULL);
	pthread_create(&allocator, NULL, allocates, NULL);
	for (int i = 0; i < THREADS; i++) {
		calls[i] = (struct calls){
		    .count = calls_wanted() / THREADS, .random = {random_next(&random)}, .program = program};
		pthread_create(&threads[i], NULL, calls_at_random, &calls[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_msg(!calls[i].problem[0], "%s", calls[i].problem);
	}
	stop = true;
	pthread_join(allocator, NULL);
	setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
	struct leaks after = leaks_now();
	ck_assert_int_eq(after.fds, before.fds);
	ck_assert(!leaks_any_child());
	ck_assert_int_eq(child_signals, 0);
	ck_assert_int_eq(stolen, 0);
	callgate_program_free(program);
}
END_TEST

START_TEST(test_thousands_leave_no_byte)
{
	struct callgate_program *program = strict_program();
	struct calls calls = {.count = 20, .random = random_start("strict calls"), .program = program};

	calls_at_random(&calls);
	struct leaks before = leaks_now();
	calls.count = calls_wanted() / 10;
	calls_at_random(&calls);
	struct leaks after = leaks_now();
	ck_assert_msg(!calls.problem[0], "%s", calls.problem);
	ck_assert_int_eq(after.fds, before.fds);
	if (LEAKS_EXACT) {
		ck_assert_int_eq(after.mappings, before.mappings);
		ck_assert_uint_eq(after.bytes, before.bytes);
	}
	ck_assert(!leaks_any_child());
	callgate_program_free(program);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("many strict calls");

	tcase_add_test(tests, test_thousands_from_many_threads);
	tcase_add_test(tests, test_thousands_leave_no_byte);
	tcase_set_timeout(tests, 600);
	return test_run(tests);
}
