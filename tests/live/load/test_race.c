/*
 * Threads with a context each never meet, and may be the first to probe the kernel at once. Built with
 * ThreadSanitizer, library and all, which ends a child of the test in whose threads it sees a race.
 */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>

#include "child.h"
#include "support/run.h"

enum { THREADS = 8, ROUNDS = 20, RACE_STATUS = 66 };
static pthread_barrier_t barrier;

/* What a program does with a context before it loads it. */
static void use_context(scmp_filter_ctx ctx, int thread)
{
	unsigned char bytes[4096];
	size_t size = sizeof(bytes);

	CHILD_EQUAL(seccomp_arch_add(ctx, 0x12345678), -EINVAL);
	CHILD_EQUAL(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(111), SCMP_SYS(getppid), 0), 0);
	for (unsigned i = 0; i < 10; i++)
		CHILD_EQUAL(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(1), SCMP_SYS(ioctl), 1,
		                             SCMP_A1(SCMP_CMP_EQ, i + 1000u * (unsigned)thread)),
		            0);
	CHILD_EQUAL(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(getpid), 0), -EACCES);
	CHILD_CHECK(callgate_diagnosis(ctx)[0] != '\0');
	CHILD_EQUAL(seccomp_transaction_start(ctx), 0);
	CHILD_EQUAL(seccomp_syscall_priority(ctx, SCMP_SYS(read), 200), 0);
	CHILD_EQUAL(seccomp_transaction_commit(ctx), 0);
	CHILD_EQUAL(seccomp_export_bpf_mem(ctx, bytes, &size), 0);
}

static void *run(void *argument)
{
	int thread = (int)(intptr_t)argument;
	struct seccomp_notif *req = NULL;

	pthread_barrier_wait(&barrier);
	CHILD_EQUAL(seccomp_api_get(), 7);
	for (int round = 0; round < ROUNDS; round++) {
		scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
		CHILD_CHECK(ctx != NULL);
		use_context(ctx, thread);
		CHILD_CHECK(!seccomp_init(0xdeadbeef) && callgate_diagnosis(NULL)[0] != '\0');
		CHILD_EQUAL(seccomp_api_set(7), 0);
		CHILD_EQUAL(seccomp_notify_alloc(&req, NULL), 0);
		seccomp_notify_free(req, NULL);
		CHILD_EQUAL(seccomp_reset(NULL, 0), 0);
		CHILD_EQUAL(seccomp_reset(ctx, SCMP_ACT_ALLOW), 0);
		use_context(ctx, thread);
		CHILD_EQUAL(seccomp_precompute(ctx), 0);
		if (round == ROUNDS - 1)
			CHILD_EQUAL(seccomp_load(ctx), 0);
		seccomp_release(ctx);
	}
	CHILD_CHECK(syscall(SYS_getppid) == -1 && errno == 111);
	return NULL;
}

static void races(void *argument)
{
	pthread_t threads[THREADS];

	(void)argument;
	CHILD_EQUAL(pthread_barrier_init(&barrier, NULL, THREADS), 0);
	for (int i = 0; i < THREADS; i++)
		CHILD_EQUAL(pthread_create(&threads[i], NULL, run, (void *)(intptr_t)i), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

START_TEST(test_races)
{
	child_run(races, NULL);
}
END_TEST

static volatile int *shared;

static void *write_shared(void *argument)
{
	pthread_barrier_wait(&barrier);
	*shared = (int)(intptr_t)argument;
	return NULL;
}

/* A race that is one. */
static void one_race(void *argument)
{
	pthread_t threads[2];

	(void)argument;
	shared = malloc(sizeof(*shared));
	CHILD_EQUAL(pthread_barrier_init(&barrier, NULL, 2), 0);
	for (int i = 0; i < 2; i++)
		CHILD_EQUAL(pthread_create(&threads[i], NULL, write_shared, (void *)(intptr_t)i), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	exit(0);
}

START_TEST(test_would_be_seen)
{
	int status = child_wait(child_start(one_race, NULL));

	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == RACE_STATUS, "wait status 0x%x", status);
}
END_TEST

const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "halt_on_error=1 exitcode=66 report_signal_unsafe=0";
}

int main(void)
{
	if (child_cannot_load())
		return 77;
	TCase *tests = tcase_create("race");
	tcase_add_test(tests, test_would_be_seen);
	tcase_add_test(tests, test_races);
	tcase_set_timeout(tests, 120);
	return test_run(tests);
}
