/* Handing file descriptors to a supervised child. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>

#include "child.h"
#include "support/run.h"
#include "target.h"

enum { CHOSEN = 77 };

/* A pipe's reading end with one byte to read. */
static int readable(char byte)
{
	int pipe_fds[2];

	CHILD_EQUAL(pipe2(pipe_fds, O_CLOEXEC), 0);
	CHILD_EQUAL(write(pipe_fds[1], &byte, 1), 1);
	close(pipe_fds[1]);
	return pipe_fds[0];
}

/* The byte behind the file descriptor that the call gave, without its lowest bit if it is closed on exec. */
static int reads_what_it_gets(void)
{
	long fd = syscall(SYS_getppid);
	char byte = 0;

	if (fd < 0 || read((int)fd, &byte, 1) != 1)
		return 1;
	return byte | (fcntl((int)fd, F_GETFD) == FD_CLOEXEC);
}

static const struct {
	uint32_t flags, newfd, newfd_flags;
} ways[] = {
    {0, 0, 0},
    {0, 0, O_CLOEXEC},
    {SECCOMP_ADDFD_FLAG_SETFD, CHOSEN, 0},
    {SECCOMP_ADDFD_FLAG_SETFD, CHOSEN, O_CLOEXEC},
    {SECCOMP_ADDFD_FLAG_SEND, 0, 0},
    {SECCOMP_ADDFD_FLAG_SEND, 0, O_CLOEXEC},
    {SECCOMP_ADDFD_FLAG_SEND | SECCOMP_ADDFD_FLAG_SETFD, CHOSEN, 0},
    {SECCOMP_ADDFD_FLAG_SEND | SECCOMP_ADDFD_FLAG_SETFD, CHOSEN, O_CLOEXEC},
};

static void hands_over(void *argument)
{
	int row = *(int *)argument;
	struct target target;

	target_start(&target, false, reads_what_it_gets);
	uint64_t id = target_receive(&target).id;
	struct seccomp_notif_addfd addfd = {.id = id,
	                                    .flags = ways[row].flags,
	                                    .srcfd = (uint32_t)readable('d'),
	                                    .newfd = ways[row].newfd,
	                                    .newfd_flags = ways[row].newfd_flags};
	int fd = seccomp_notify_addfd(target.fd, &addfd);
	CHILD_CHECK(fd >= 0, "%s", callgate_diagnosis(NULL));
	if (ways[row].flags & SECCOMP_ADDFD_FLAG_SETFD)
		CHILD_EQUAL(fd, CHOSEN);
	/* SEND has answered already. */
	bool sent = ways[row].flags & SECCOMP_ADDFD_FLAG_SEND;
	CHILD_EQUAL(target_respond(&target, id, fd, 0, 0), sent ? -ECANCELED : 0);
	CHILD_EQUAL(target_wait(&target), ways[row].newfd_flags ? 'd' | 1 : 'd');
}

START_TEST(test_hands_over)
{
	child_run(hands_over, &_i);
}
END_TEST

/* 'd' has its lowest bit clear, or the test above could not tell. */
_Static_assert(('d' & 1) == 0, "even");

static int calls(void)
{
	return (int)syscall(SYS_getppid);
}

static void check_refused(const struct target *target, struct seccomp_notif_addfd addfd, int expected, int error)
{
	CHILD_EQUAL(seccomp_notify_addfd(target->fd, &addfd), expected);
	CHILD_EQUAL(errno, error);
	CHILD_CHECK(callgate_diagnosis(NULL)[0] != '\0');
}

static void refuses(void *argument)
{
	struct target target;

	(void)argument;
	target_start(&target, false, calls);
	uint64_t id = target_receive(&target).id;
	const struct seccomp_notif_addfd good = {.id = id, .srcfd = (uint32_t)readable('d')};
	struct seccomp_notif_addfd bad = good;

	CHILD_EQUAL(seccomp_notify_addfd(target.fd, NULL), -EINVAL);
	bad.flags = 1u << 31;
	check_refused(&target, bad, -EOPNOTSUPP, EINVAL);
	CHILD_SAYS(callgate_diagnosis(NULL), "EINVAL");
	bad = good, bad.newfd = CHOSEN;
	check_refused(&target, bad, -EOPNOTSUPP, EINVAL);
	bad = good, bad.newfd_flags = O_NONBLOCK;
	check_refused(&target, bad, -EOPNOTSUPP, EINVAL);
	bad = good, bad.srcfd = 12345;
	check_refused(&target, bad, -ECANCELED, EBADF);
	CHILD_SAYS(callgate_diagnosis(NULL), "the file descriptor was not handed over: EBADF");
	bad = good, bad.id = id + 1000;
	check_refused(&target, bad, -ECANCELED, ENOENT);
	/* After all that the target still waits, and the good one works. */
	bad = good;
	CHILD_CHECK(seccomp_notify_addfd(target.fd, &bad) >= 0);
	CHILD_EQUAL(target_respond(&target, id, 3, 0, 0), 0);
	CHILD_EQUAL(target_wait(&target), 3);
	check_refused(&target, good, -ECANCELED, ENOENT);
}

START_TEST(test_refuses)
{
	child_run(refuses, NULL);
}
END_TEST

static void target_is_dead(void *argument)
{
	struct target target;

	(void)argument;
	target_start(&target, false, calls);
	struct seccomp_notif_addfd addfd = {.id = target_receive(&target).id, .srcfd = (uint32_t)readable('d')};
	target_kill(&target);
	check_refused(&target, addfd, -ECANCELED, ENOENT);
}

START_TEST(test_target_is_dead)
{
	child_run(target_is_dead, NULL);
}
END_TEST

/*
 * Ends the target some time around the handing over. Both processes begin at the same moment, and one of them spins a
 * while.
 */
static pid_t start_killer(pid_t target, int spin, int *ret_go)
{
	int pipe_fds[2];
	char byte;

	CHILD_EQUAL(pipe(pipe_fds), 0);
	pid_t killer = fork();
	CHILD_CHECK(killer >= 0);
	if (killer == 0) {
		close(pipe_fds[1]);
		(void)!read(pipe_fds[0], &byte, 1);
		for (volatile int i = 0; i < spin; i++)
			;
		kill(target, SIGKILL);
		_exit(0);
	}
	close(pipe_fds[0]);
	*ret_go = pipe_fds[1];
	return killer;
}

/*
 * The target may die at any moment of it: then it was too late, or it is gone, and nothing hangs. Which of both is up
 * to the scheduler; over all rounds both should come, but that is not demanded.
 */
static void target_dies_meanwhile(void *argument)
{
	int round = *(int *)argument, go;
	struct target target;

	target_start(&target, round % 2, calls);
	struct seccomp_notif_addfd addfd = {.id = target_receive(&target).id, .srcfd = (uint32_t)readable('d')};
	pid_t killer = start_killer(target.pid, round * 300, &go);
	close(go);
	for (int i = 0; i < 3; i++) {
		int fd = seccomp_notify_addfd(target.fd, &addfd);
		CHILD_CHECK(fd >= 0 || (fd == -ECANCELED && (errno == ENOENT || errno == ESRCH || errno == EINTR)),
		            "%d: %s", fd, callgate_diagnosis(NULL));
	}
	CHILD_EQUAL(target_wait(&target), 128 + SIGKILL);
	check_refused(&target, addfd, -ECANCELED, ENOENT);
	CHILD_EQUAL(child_wait(killer), 0);
}

START_TEST(test_target_dies_meanwhile)
{
	child_run(target_dies_meanwhile, &_i);
}
END_TEST

int main(void)
{
	if (child_cannot_load())
		return 77;
	if (seccomp_api_get() < 7) {
		printf("skipped: this kernel is older than Linux 5.19\n");
		return 77;
	}
	TCase *tests = tcase_create("addfd");
	tcase_add_loop_test(tests, test_hands_over, 0, sizeof(ways) / sizeof(ways[0]));
	tcase_add_test(tests, test_refuses);
	tcase_add_test(tests, test_target_is_dead);
	tcase_add_loop_test(tests, test_target_dies_meanwhile, 0, 40);
	return test_run(tests);
}
