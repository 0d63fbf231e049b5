/* The keeper of a child: what it does needs no memory, and nothing of it depends on how this process treats signals. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "testing/live_private.h"

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

/* The process that calls this goes when its parent does, which is to be `parent`, or to be in a namespace around its own. */
static void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	pid_t actual = getppid();
	if (actual != parent && actual != 0)
		_exit(1);
}

/* The function is through, whether the filter lets the child end or not. */
static bool is_over(const struct live_board *board)
{
	return board->progress == LIVE_RETURNED || board->progress == LIVE_TRAPPED;
}

/* True: the child has ended. A thread that is traced and has stopped goes on. */
static bool look(const struct live_job *job, pid_t pid, bool *ret_busy)
{
	siginfo_t info = {0};
	int status;

	/* It is left to be collected: until then nobody else has its number, nor its group. */
	int result = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL);
	*ret_busy = result == 0 && info.si_pid != 0;
	if (result < 0 || info.si_pid == 0)
		return result < 0 && errno != EINTR;
	if (info.si_pid == pid && info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED)
		return true;
	if (waitpid(info.si_pid, &status, WNOHANG | __WALL) == info.si_pid && WIFSTOPPED(status))
		live_observe_stop(job, info.si_pid, status);
	return false;
}

static void wait_for(const struct live_job *job, pid_t pid)
{
	const struct timespec slice = {0, job->observer ? 20000 : 1000000};
	long long start = now();
	bool busy;

	while (!look(job, pid, &busy)) {
		if (is_over(job->board))
			return;
		if (now() - start >= job->deadline) {
			job->board->is_late = true;
			return;
		}
		if (!busy)
			nanosleep(&slice, NULL);
	}
}

/* What the child has started goes with it. */
static void collect(const struct live_job *job, pid_t pid)
{
	int status = 0;

	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	/* Its threads are collected by who traces them, and before it. */
	for (pid_t ended = 0; ended != pid || WIFSTOPPED(status);) {
		ended = waitpid(-1, &status, __WALL);
		if (ended < 0 && errno != EINTR)
			return;
	}
	job->board->status = status;
	job->board->has_ended = true;
}

__attribute__((noreturn)) static void keeper(const struct live_job *job, pid_t parent)
{
	die_with(parent);
	signal(SIGCHLD, SIG_DFL);
	pid_t self = getpid(), pid = fork();
	if (pid == 0) {
		die_with(self);
		live_child(job);
	}
	if (pid < 0) {
		snprintf(job->board->text, sizeof(job->board->text), "fork: %s", strerror(errno));
		_exit(1);
	}
	setpgid(pid, pid);
	if (!job->observer || !live_observe_start(pid))
		job->board->may_go = true;
	wait_for(job, pid);
	collect(job, pid);
	_exit(0);
}

/* The keeper may be collected by anybody; when it is gone, the board has all that there is. */
static void wait_for_keeper(pid_t pid)
{
	const struct timespec slice = {0, 1000000};
	int status;

	for (;;) {
		pid_t ended = waitpid(pid, &status, WNOHANG);
		if (ended == pid || (ended < 0 && errno != EINTR))
			return;
		nanosleep(&slice, NULL);
	}
}

void live_keep(struct live_job *job)
{
	sigset_t all;

	fflush(stdout); /* or a child that ends by exit(3) prints it again */
	fflush(stderr);
	/* No handler of this process runs in the keeper. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &job->mask);
	pid_t self = getpid(), pid = fork();
	if (pid == 0)
		keeper(job, self);
	int error = errno;
	pthread_sigmask(SIG_SETMASK, &job->mask, NULL);
	if (pid < 0)
		snprintf(job->board->text, sizeof(job->board->text), "fork: %s", strerror(error));
	else
		wait_for_keeper(pid);
}
