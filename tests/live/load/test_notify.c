/* Supervising a child: every answer, signals at either end, and a target that dies at each step. */
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>

#include "child.h"
#include "support/run.h"
#include "target.h"
#include "threads.h"

enum { FLAG_CONTINUE = 1 };

/* What the target's call gave: small values and errors as exit status. */
static int calls_once(void)
{
	long result = syscall(SYS_getppid);

	return result >= 0 && result < 64 ? (int)result : result < 0 && errno < 64 ? 64 + errno : 127;
}

static int calls_and_compares(void)
{
	return syscall(SYS_getppid) == 1000000 ? 0 : 1;
}

/* A call that is let through gives the real answer, which the supervisor compares. */
static int calls_for_real(void)
{
	return (int)(syscall(SYS_getppid) % 101);
}

static void answers(void *argument)
{
	struct target target;

	(void)argument;
	target_start(&target, false, calls_once);
	struct seccomp_notif req = target_receive(&target);
	CHILD_EQUAL(seccomp_notify_id_valid(target.fd, req.id), 0);
	CHILD_EQUAL(target_respond(&target, req.id, 33, 0, 0), 0);
	CHILD_EQUAL(target_wait(&target), 33);
	close(target.fd);

	target_start(&target, false, calls_and_compares);
	CHILD_EQUAL(target_respond(&target, target_receive(&target).id, 1000000, 0, 0), 0);
	CHILD_EQUAL(target_wait(&target), 0);
	close(target.fd);

	target_start(&target, false, calls_once);
	CHILD_EQUAL(target_respond(&target, target_receive(&target).id, 0, -EXDEV, 0), 0);
	CHILD_EQUAL(target_wait(&target), 64 + EXDEV);
	close(target.fd);

	target_start(&target, false, calls_for_real);
	CHILD_EQUAL(target_respond(&target, target_receive(&target).id, 0, 0, FLAG_CONTINUE), 0);
	CHILD_EQUAL(target_wait(&target), getpid() % 101);
}

/* A wrong answer is refused and leaves the target waiting for a right one. */
static void wrong_answers(void *argument)
{
	struct target target;

	(void)argument;
	target_start(&target, false, calls_once);
	uint64_t id = target_receive(&target).id;
	CHILD_EQUAL(target_respond(&target, id, 1, 0, FLAG_CONTINUE), -ECANCELED);
	CHILD_EQUAL(errno, EINVAL);
	CHILD_SAYS(callgate_diagnosis(NULL), "the response was not taken: EINVAL");
	CHILD_EQUAL(target_respond(&target, id, 1, 0, 1u << 31), -ECANCELED);
	CHILD_EQUAL(target_respond(&target, id + 12345, 1, 0, 0), -ECANCELED);
	CHILD_EQUAL(errno, ENOENT);
	CHILD_EQUAL(seccomp_notify_id_valid(target.fd, id + 12345), -ENOENT);
	CHILD_EQUAL(seccomp_notify_id_valid(target.fd, id), 0);
	CHILD_EQUAL(target_respond(&target, id, 11, 0, 0), 0);
	CHILD_EQUAL(target_respond(&target, id, 12, 0, 0), -ECANCELED);
	CHILD_EQUAL(target_wait(&target), 11);
	CHILD_EQUAL(seccomp_notify_id_valid(target.fd, id), -ENOENT);
}

/* The kernel demands zeroed memory, and the words recall it. */
static void request_not_zeroed(void *argument)
{
	struct target target;
	struct seccomp_notif *req = NULL;

	(void)argument;
	target_start(&target, false, calls_once);
	CHILD_EQUAL(seccomp_notify_alloc(&req, NULL), 0);
	req->pid = 1;
	CHILD_EQUAL(seccomp_notify_receive(target.fd, req), -ECANCELED);
	CHILD_EQUAL(errno, EINVAL);
	CHILD_SAYS(callgate_diagnosis(NULL), "was its memory zeroed before?: EINVAL");
	seccomp_notify_free(req, NULL);
	CHILD_EQUAL(target_respond(&target, target_receive(&target).id, 5, 0, 0), 0);
	CHILD_EQUAL(target_wait(&target), 5);
}

static void ignore(int signal)
{
	(void)signal;
}

static void repeat_alarm(suseconds_t microseconds)
{
	struct sigaction action = {.sa_handler = ignore};
	const struct itimerval timer = {{.tv_usec = microseconds}, {.tv_usec = microseconds}};

	CHILD_EQUAL(sigaction(SIGALRM, &action, NULL), 0);
	CHILD_EQUAL(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

static int waits_for_signal_then_calls(void)
{
	pause();
	return calls_once();
}

/* A signal for the supervisor, who sees it in errno and asks again. */
static void supervisor_is_interrupted(void *argument)
{
	struct target target;
	struct seccomp_notif *req = NULL;
	struct sigaction action = {.sa_handler = ignore, .sa_flags = SA_RESTART};

	(void)argument;
	CHILD_EQUAL(sigaction(SIGUSR1, &action, NULL), 0);
	target_start(&target, false, waits_for_signal_then_calls);
	CHILD_EQUAL(seccomp_notify_alloc(&req, NULL), 0);
	repeat_alarm(1000);
	CHILD_EQUAL(seccomp_notify_receive(target.fd, req), -ECANCELED);
	CHILD_EQUAL(errno, EINTR);
	CHILD_SAYS(callgate_diagnosis(NULL), "no notification was received: EINTR");
	repeat_alarm(0);
	/* Whether the target already pauses is not known: one signal must find it there. */
	int ready = 0;
	while (!ready) {
		struct pollfd poll_fd = {.fd = target.fd, .events = POLLIN};
		CHILD_EQUAL(kill(target.pid, SIGUSR1), 0);
		ready = poll(&poll_fd, 1, 1) == 1;
	}
	/* A signal that came during the call has made it begin again, with another id. */
	while (target_respond(&target, target_receive(&target).id, 9, 0, 0) < 0)
		;
	CHILD_EQUAL(target_wait(&target), 9);
	seccomp_notify_free(req, NULL);
}

static volatile sig_atomic_t handled;

static void count_signal(int signal)
{
	(void)signal;
	handled++;
}

/* The value of the call, and 32 more for a handled signal. */
static int calls_with_handler(void)
{
	struct sigaction action = {.sa_handler = count_signal, .sa_flags = SA_RESTART};

	sigaction(SIGUSR1, &action, NULL);
	long result = syscall(SYS_getppid);
	return (int)result + 32 * handled;
}

/* Without CTL_WAITKILL a signal takes the target out of its call, which begins again. */
static void target_is_interrupted(void *argument)
{
	struct target target;

	(void)argument;
	target_start(&target, false, calls_with_handler);
	uint64_t id = target_receive(&target).id;
	CHILD_EQUAL(kill(target.pid, SIGUSR1), 0);
	struct seccomp_notif again = target_receive(&target);
	CHILD_CHECK(again.id != id);
	CHILD_EQUAL(seccomp_notify_id_valid(target.fd, id), -ENOENT);
	CHILD_EQUAL(target_respond(&target, id, 1, 0, 0), -ECANCELED);
	CHILD_EQUAL(errno, ENOENT);
	CHILD_EQUAL(target_respond(&target, again.id, 7, 0, 0), 0);
	CHILD_EQUAL(target_wait(&target), 32 + 7);
}

/* True while SIGUSR1 was sent to the process and not taken by it. */
static bool signal_is_pending(pid_t pid)
{
	char path[64], line[256];
	unsigned long long pending = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	FILE *file = fopen(path, "re");
	CHILD_CHECK(file != NULL);
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, "ShdPnd:", 7) == 0)
			pending = strtoull(line + 7, NULL, 16);
	fclose(file);
	return pending >> (SIGUSR1 - 1) & 1;
}

/* With it, the signal waits for the answer. */
static void target_waits_killably(void *argument)
{
	struct target target;

	(void)argument;
	target_start(&target, true, calls_with_handler);
	uint64_t id = target_receive(&target).id;
	CHILD_EQUAL(kill(target.pid, SIGUSR1), 0);
	for (int i = 0; i < 20; i++) {
		CHILD_CHECK(signal_is_pending(target.pid));
		CHILD_EQUAL(seccomp_notify_id_valid(target.fd, id), 0);
		usleep(1000);
	}
	CHILD_EQUAL(target_respond(&target, id, 7, 0, 0), 0);
	CHILD_EQUAL(target_wait(&target), 32 + 7);

	/* And death does not. */
	target_start(&target, true, calls_with_handler);
	id = target_receive(&target).id;
	target_kill(&target);
	CHILD_EQUAL(seccomp_notify_id_valid(target.fd, id), -ENOENT);
}

/* Waits until the listener has a notification, or nobody any more who could send one. */
static short wait_for_event(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	CHILD_EQUAL(poll(&poll_fd, 1, -1), 1);
	return poll_fd.revents;
}

static void target_dies_before_receive(void *argument)
{
	struct target target;
	struct seccomp_notif *req = NULL;

	(void)argument;
	target_start(&target, false, calls_once);
	CHILD_EQUAL(wait_for_event(target.fd), POLLIN);
	target_kill(&target);
	CHILD_CHECK(wait_for_event(target.fd) & POLLHUP);
	CHILD_EQUAL(seccomp_notify_alloc(&req, NULL), 0);
	CHILD_EQUAL(seccomp_notify_receive(target.fd, req), -ECANCELED);
	CHILD_EQUAL(errno, ENOENT);
	CHILD_SAYS(callgate_diagnosis(NULL), "ENOENT");
	seccomp_notify_free(req, NULL);
}

static void target_dies_before_response(void *argument)
{
	struct target target;

	(void)argument;
	target_start(&target, false, calls_once);
	uint64_t id = target_receive(&target).id;
	target_kill(&target);
	CHILD_EQUAL(seccomp_notify_id_valid(target.fd, id), -ENOENT);
	CHILD_SAYS(callgate_diagnosis(NULL), "no notification of this id");
	CHILD_EQUAL(target_respond(&target, id, 1, 0, 0), -ECANCELED);
	CHILD_EQUAL(errno, ENOENT);
}

static int calls_twice(void)
{
	int first = calls_once();

	return first == 64 + ENOSYS ? calls_once() : 1;
}

/* Without a listener nobody answers: the call that waits and those to come fail with ENOSYS. */
static void listener_closes(void *argument)
{
	struct target target;

	(void)argument;
	target_start(&target, false, calls_twice);
	target_receive(&target);
	CHILD_EQUAL(close(target.fd), 0);
	CHILD_EQUAL(target_wait(&target), 64 + ENOSYS);
}

/* Each target has its own listener, and answers do not meet. */
static void several_targets(void *argument)
{
	enum { TARGETS = 5 };
	struct target targets[TARGETS];
	uint64_t ids[TARGETS];

	(void)argument;
	for (int i = 0; i < TARGETS; i++)
		target_start(&targets[i], false, calls_once);
	for (int i = 0; i < TARGETS; i++)
		ids[i] = target_receive(&targets[i]).id;
	for (int i = TARGETS; i-- > 0;)
		CHILD_EQUAL(target_respond(&targets[i], ids[i], 20 + i, 0, 0), 0);
	for (int i = 0; i < TARGETS; i++)
		CHILD_EQUAL(target_wait(&targets[i]), 20 + i);
}

static scmp_filter_ctx contexts[2];

static long load_in_thread(void)
{
	int result = seccomp_load(contexts[1]);

	return result < 0 ? result : seccomp_notify_fd(contexts[1]);
}

static long call_getppid(void)
{
	return syscall(SYS_getppid);
}

/* Two contexts in two threads of one process have a listener each. */
static void two_contexts(void *argument)
{
	struct thread thread;

	(void)argument;
	thread_start(&thread, "second");
	for (int i = 0; i < 2; i++) {
		contexts[i] = seccomp_init(SCMP_ACT_ALLOW);
		CHILD_EQUAL(seccomp_rule_add(contexts[i], SCMP_ACT_NOTIFY, SCMP_SYS(getppid), 0), 0);
	}
	CHILD_EQUAL(seccomp_load(contexts[0]), 0);
	int first = seccomp_notify_fd(contexts[0]), second = (int)thread_do(&thread, load_in_thread);
	CHILD_CHECK(first >= 0 && second >= 0 && first != second);
	struct target target = {thread.tid, second};
	thread_begin(&thread, call_getppid);
	CHILD_EQUAL(target_respond(&target, target_receive(&target).id, 4444, 0, 0), 0);
	CHILD_EQUAL(thread_finish(&thread), 4444);
}

static child_body *const bodies[] = {
    answers,
    wrong_answers,
    request_not_zeroed,
    supervisor_is_interrupted,
    target_is_interrupted,
    target_waits_killably,
    target_dies_before_receive,
    target_dies_before_response,
    listener_closes,
    several_targets,
    two_contexts,
};

START_TEST(test_notify)
{
	child_run(bodies[_i], NULL);
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
	TCase *tests = tcase_create("notify");
	tcase_add_loop_test(tests, test_notify, 0, sizeof(bodies) / sizeof(bodies[0]));
	return test_run(tests);
}
