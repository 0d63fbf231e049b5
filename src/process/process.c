#include "process/process.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/raw.h"

/* linux/pidfd.h since 6.15; the headers at hand may be older. */
struct pidfd_info {
	uint64_t mask, cgroup;
	uint32_t ids[11];
	int32_t exit_code;
};
#define PIDFD_INFO_WITH_EXIT (UINT64_C(1) << 3)
#define PIDFD_INFO           _IOWR(0xFF, 11, struct pidfd_info)
enum { WAIT_BY_PIDFD = 3 };

int process_clone(int (*body)(void *), void *stack, void *argument, struct process *ret_process)
{
	sigset_t all, before;
	int pidfd = -1;

	assert(body && stack && ret_process);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int pid = clone(body, stack, CLONE_PIDFD, argument, &pidfd);
	int error = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return -error;
	*ret_process = (struct process){.pid = pid, .pidfd = pidfd};
	return 0;
}

struct process process_adopt(pid_t pid)
{
	return (struct process){.pid = pid, .pidfd = raw_pidfd_open(pid)};
}

/* For want of a pidfd to poll. */
static bool has_ended(const struct process *process)
{
	siginfo_t info = {0};

	if (waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0)
		return errno == ECHILD;
	return info.si_pid != 0;
}

/* Without a pidfd, no longer than until the next look at the process. */
static struct timespec time_to_wait(const struct process *process, const struct deadline *deadline)
{
	const struct timespec slice = {.tv_nsec = 5000000};
	struct timespec left = deadline_left(deadline);

	return process->pidfd < 0 && (left.tv_sec || left.tv_nsec > slice.tv_nsec) ? slice : left;
}

static bool take_events(struct pollfd *fds, size_t count, const struct pollfd *polled)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		fds[i].revents = polled[i].revents;
		any |= fds[i].revents != 0;
	}
	return any;
}

enum process_event process_wait(const struct process *process, struct pollfd *fds, size_t count,
                                const struct deadline *deadline)
{
	struct pollfd polled[PROCESS_WAIT_FDS + 1] = {{.fd = process->pidfd, .events = POLLIN}};

	assert(process->pid > 0 && count <= PROCESS_WAIT_FDS);
	for (size_t i = 0; i < count; i++)
		polled[i + 1] = fds[i];
	while (!deadline_is_over(deadline)) {
		struct timespec wait = time_to_wait(process, deadline);
		bool ended = process->pidfd < 0 && has_ended(process);
		int ready = ppoll(polled, count + 1, ended ? &(struct timespec){0} : &wait, NULL);
		if (ready > 0)
			return take_events(fds, count, polled + 1) ? PROCESS_READY : PROCESS_ENDED;
		if (ready == 0 && ended)
			return PROCESS_ENDED;
		/* Interrupted, or short of memory in the kernel: ask again until it is too late. */
		if (ready < 0 && errno != EINTR && errno != EAGAIN && errno != ENOMEM)
			return PROCESS_LATE;
	}
	return PROCESS_LATE;
}

static int status_of(const siginfo_t *info)
{
	if (info->si_code == CLD_EXITED)
		return (info->si_status & 0xff) << 8;
	return info->si_status & 0x7f;
}

static int collected_by_others(int pidfd)
{
	struct pidfd_info info = {.mask = PIDFD_INFO_WITH_EXIT};

	if (pidfd >= 0 && ioctl(pidfd, PIDFD_INFO, &info) == 0 && (info.mask & PIDFD_INFO_WITH_EXIT))
		return info.exit_code & 0xffff;
	return PROCESS_STATUS_UNKNOWN;
}

void process_signal(const struct process *process, int number)
{
	assert(process->pid > 0);
	if (process->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, process->pidfd, number, NULL, 0);
	else
		kill(process->pid, number);
}

/* One look: the wait status, or PROCESS_NOT_COLLECTED while it has not ended. */
static int try_to_collect(const struct process *process, size_t *peak)
{
	bool by_pidfd = process->pidfd >= 0;
	struct rusage usage = {0};
	siginfo_t info = {0};
	/* Not the C library's waitid(), which hides the last argument. */
	long result =
	    syscall(SYS_waitid, by_pidfd ? (int)WAIT_BY_PIDFD : (int)P_PID,
	            by_pidfd ? process->pidfd : process->pid, &info, WEXITED | WNOHANG | __WALL, &usage);

	if (result < 0 && errno == EINTR)
		return PROCESS_NOT_COLLECTED;
	if (result < 0)
		return collected_by_others(process->pidfd);
	if (info.si_pid == 0)
		return PROCESS_NOT_COLLECTED;
	*peak = (size_t)usage.ru_maxrss * 1024;
	return status_of(&info);
}

int process_collect(struct process *process, const struct deadline *deadline, size_t *ret_peak)
{
	const struct timespec slice = {.tv_nsec = 1000000};
	bool ended = false;
	size_t peak = 0;
	int status;

	assert(process->pid > 0);
	while ((status = try_to_collect(process, &peak)) == PROCESS_NOT_COLLECTED &&
	       !deadline_is_over(deadline)) {
		/* An ended process that its tracer holds back can't be waited for by poll. */
		if (ended)
			nanosleep(&slice, NULL);
		ended = process_wait(process, NULL, 0, deadline) == PROCESS_ENDED;
	}
	if (ret_peak)
		*ret_peak = peak;
	if (process->pidfd >= 0)
		close(process->pidfd);
	*process = (struct process){0};
	return status;
}

int process_kill(struct process *process)
{
	struct deadline deadline = deadline_in(PROCESS_GRACE_MS);

	process_signal(process, SIGKILL);
	return process_collect(process, &deadline, NULL);
}
