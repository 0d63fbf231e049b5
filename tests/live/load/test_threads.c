/* CTL_TSYNC with live threads: all of them are confined, or none, and the one that cannot follow is named. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>

#include "child.h"
#include "support/run.h"
#include "threads.h"

enum { THREADS = 4 };
static struct thread threads[THREADS];

static void start_all(void)
{
	char name[16];

	for (int i = 0; i < THREADS; i++) {
		snprintf(name, sizeof(name), "fellow-%d", i);
		thread_start(&threads[i], name);
	}
}

static scmp_filter_ctx new_context(uint32_t action)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	CHILD_CHECK(ctx != NULL);
	CHILD_EQUAL(seccomp_rule_add(ctx, action, SCMP_SYS(getppid), 0), 0);
	CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1), 0);
	return ctx;
}

static void check_all_modes(long mode)
{
	CHILD_EQUAL(child_status(0, "Seccomp"), mode);
	for (int i = 0; i < THREADS; i++)
		CHILD_EQUAL(child_status(threads[i].tid, "Seccomp"), mode);
}

static long call_getppid(void)
{
	return syscall(SYS_getppid) < 0 ? -errno : 0;
}

/* A filter of its own, which no other thread has. */
static long diverge(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int result = seccomp_load(ctx);

	seccomp_release(ctx);
	return result;
}

static int open_files(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static void all_follow(void *argument)
{
	unsigned level = *(unsigned *)argument;

	start_all();
	CHILD_EQUAL(seccomp_api_set(level), 0);
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ERRNO(111));
	CHILD_CHECK(seccomp_load(ctx) == 0, "%s", callgate_diagnosis(ctx));
	check_all_modes(2);
	for (int i = 0; i < THREADS; i++)
		CHILD_EQUAL(thread_do(&threads[i], call_getppid), -111);
}

START_TEST(test_all_follow)
{
	unsigned level = (unsigned)_i;

	child_run(all_follow, &level);
}
END_TEST

static void without_tsync(void *argument)
{
	(void)argument;
	start_all();
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ERRNO(111));
	CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 0), 0);
	CHILD_EQUAL(seccomp_load(ctx), 0);
	CHILD_EQUAL(child_status(0, "Seccomp"), 2);
	CHILD_EQUAL(child_status(threads[0].tid, "Seccomp"), 0);
}

START_TEST(test_without_tsync)
{
	child_run(without_tsync, NULL);
}
END_TEST

static void check_cannot_follow(scmp_filter_ctx ctx, const char *words)
{
	for (uint32_t raw = 0; raw <= 1; raw++) {
		CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_API_SYSRAWRC, raw), 0);
		CHILD_EQUAL(seccomp_load(ctx), -ESRCH);
		CHILD_SAYS(callgate_diagnosis(ctx), words);
	}
}

static void one_diverges(void *argument)
{
	unsigned level = *(unsigned *)argument;
	char words[128];

	start_all();
	CHILD_EQUAL(thread_do(&threads[2], diverge), 0);
	CHILD_EQUAL(seccomp_api_set(level), 0);
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ERRNO(111));
	snprintf(words, sizeof(words), "thread %d (fellow-2) could not be synchronised", threads[2].tid);
	check_cannot_follow(ctx, words);
	CHILD_EQUAL(child_status(0, "Seccomp"), 0);
	CHILD_EQUAL(child_status(threads[1].tid, "Seccomp"), 0);
	CHILD_EQUAL(child_status(threads[2].tid, "Seccomp_filters"), 1);
	CHILD_EQUAL(child_status(threads[3].tid, "Seccomp"), 0);
	CHILD_EQUAL(call_getppid(), 0);

	thread_stop(&threads[2]);
	CHILD_CHECK(seccomp_load(ctx) == 0, "%s", callgate_diagnosis(ctx));
	CHILD_EQUAL(thread_do(&threads[3], call_getppid), -111);
}

START_TEST(test_one_diverges)
{
	unsigned level = (unsigned)_i;

	child_run(one_diverges, &level);
}
END_TEST

/* With a listener the kernel does not tell which thread it was; and no listener is left behind. */
static void one_diverges_with_listener(void *argument)
{
	(void)argument;
	start_all();
	CHILD_EQUAL(thread_do(&threads[0], diverge), 0);
	scmp_filter_ctx ctx = new_context(SCMP_ACT_NOTIFY);
	int before = open_files();
	check_cannot_follow(ctx, "a thread could not be synchronised");
	CHILD_EQUAL(seccomp_notify_fd(ctx), -EFAULT);
	CHILD_EQUAL(open_files(), before);
	CHILD_EQUAL(child_status(0, "Seccomp"), 0);
}

START_TEST(test_one_diverges_with_listener)
{
	child_run(one_diverges_with_listener, NULL);
}
END_TEST

/* A caller that may not open files without dying still learns which thread it was. */
static void caller_is_confined(void *argument)
{
	char words[128];

	(void)argument;
	start_all();
	CHILD_EQUAL(thread_do(&threads[1], diverge), 0);
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ERRNO(111)), outer = seccomp_init(SCMP_ACT_ALLOW);
	CHILD_EQUAL(seccomp_rule_add(outer, SCMP_ACT_KILL_PROCESS, SCMP_SYS(openat), 0), 0);
	CHILD_EQUAL(seccomp_rule_add(outer, SCMP_ACT_KILL_PROCESS, SCMP_SYS(gettid), 0), 0);
	CHILD_EQUAL(seccomp_load(outer), 0);
	snprintf(words, sizeof(words), "thread %d could not be synchronised", threads[1].tid);
	check_cannot_follow(ctx, words);
}

START_TEST(test_caller_is_confined)
{
	child_run(caller_is_confined, NULL);
}
END_TEST

/* prctl(2) confines one thread. That is all there are, or it is refused. */
static void by_prctl(void *argument)
{
	scmp_filter_ctx ctx = new_context(SCMP_ACT_ERRNO(111));

	(void)argument;
	thread_start(&threads[0], "fellow");
	CHILD_EQUAL(seccomp_api_set(1), 0);
	CHILD_EQUAL(seccomp_load(ctx), -ECANCELED);
	CHILD_SAYS(callgate_diagnosis(ctx), "CTL_TSYNC needs seccomp(2)");
	CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_API_SYSRAWRC, 1), 0);
	CHILD_EQUAL(seccomp_load(ctx), -EOPNOTSUPP);
	CHILD_EQUAL(child_status(0, "Seccomp"), 0);
	thread_stop(&threads[0]);
	CHILD_CHECK(seccomp_load(ctx) == 0, "%s", callgate_diagnosis(ctx));
	CHILD_EQUAL(call_getppid(), -111);
}

START_TEST(test_by_prctl)
{
	child_run(by_prctl, NULL);
}
END_TEST

static long call_getppid_value(void)
{
	return syscall(SYS_getppid);
}

/* TSYNC and a listener at once, since Linux 5.7: a call of another thread arrives. */
static void with_listener(void *argument)
{
	struct seccomp_notif *req = NULL;
	struct seccomp_notif_resp *resp = NULL;

	(void)argument;
	start_all();
	scmp_filter_ctx ctx = new_context(SCMP_ACT_NOTIFY);
	CHILD_CHECK(seccomp_load(ctx) == 0, "%s", callgate_diagnosis(ctx));
	int fd = seccomp_notify_fd(ctx);
	CHILD_CHECK(fd >= 0);
	check_all_modes(2);
	CHILD_EQUAL(seccomp_notify_alloc(&req, &resp), 0);
	for (int i = 0; i < THREADS; i++) {
		thread_begin(&threads[i], call_getppid_value);
		*req = (struct seccomp_notif){0};
		CHILD_EQUAL(seccomp_notify_receive(fd, req), 0);
		CHILD_EQUAL(req->pid, threads[i].tid);
		CHILD_EQUAL(req->data.nr, SYS_getppid);
		*resp = (struct seccomp_notif_resp){.id = req->id, .val = 1000 + i};
		CHILD_EQUAL(seccomp_notify_respond(fd, resp), 0);
		CHILD_EQUAL(thread_finish(&threads[i]), 1000 + i);
	}
	seccomp_notify_free(req, resp);
}

START_TEST(test_with_listener)
{
	child_run(with_listener, NULL);
}
END_TEST

/* Before that it is refused: when the rule is added, or when a level sinks later. */
static void with_listener_at_5(void *argument)
{
	(void)argument;
	scmp_filter_ctx ctx = new_context(SCMP_ACT_NOTIFY), other = new_context(SCMP_ACT_ERRNO(111));
	CHILD_EQUAL(seccomp_api_set(5), 0);
	CHILD_EQUAL(seccomp_rule_add(other, SCMP_ACT_NOTIFY, SCMP_SYS(getpid), 0), -EINVAL);
	CHILD_EQUAL(seccomp_load(ctx), -ECANCELED);
	CHILD_SAYS(callgate_diagnosis(ctx), "a listener together with CTL_TSYNC needs Linux 5.7");
	CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_API_SYSRAWRC, 1), 0);
	CHILD_EQUAL(seccomp_load(ctx), -EINVAL);
	CHILD_EQUAL(child_status(0, "Seccomp"), 0);
}

START_TEST(test_with_listener_at_5)
{
	child_run(with_listener_at_5, NULL);
}
END_TEST

/* A second load of a context with a listener asks for none, and old-style for the threads. */
static void twice_with_listener(void *argument)
{
	char words[128];

	(void)argument;
	start_all();
	scmp_filter_ctx ctx = new_context(SCMP_ACT_NOTIFY);
	CHILD_EQUAL(seccomp_load(ctx), 0);
	int fd = seccomp_notify_fd(ctx);
	CHILD_EQUAL(seccomp_load(ctx), 0);
	CHILD_EQUAL(thread_do(&threads[3], diverge), 0);
	snprintf(words, sizeof(words), "thread %d", threads[3].tid);
	check_cannot_follow(ctx, words);
	CHILD_EQUAL(seccomp_notify_fd(ctx), fd);
	CHILD_EQUAL(child_status(threads[0].tid, "Seccomp_filters"), 2);
}

START_TEST(test_twice_with_listener)
{
	child_run(twice_with_listener, NULL);
}
END_TEST

int main(void)
{
	if (child_cannot_load())
		return 77;
	TCase *tests = tcase_create("threads");
	tcase_add_loop_test(tests, test_all_follow, 2, 8);
	tcase_add_test(tests, test_without_tsync);
	tcase_add_loop_test(tests, test_one_diverges, 2, 8);
	tcase_add_test(tests, test_one_diverges_with_listener);
	tcase_add_test(tests, test_caller_is_confined);
	tcase_add_test(tests, test_by_prctl);
	tcase_add_test(tests, test_with_listener);
	tcase_add_test(tests, test_with_listener_at_5);
	tcase_add_test(tests, test_twice_with_listener);
	return test_run(tests);
}
