#include "sandbox/process.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

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
	return (struct process){.pid = pid, .pidfd = (int)syscall(SYS_pidfd_open, pid, 0)};
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

enum process_event process_wait(const struct process *process, int fd, short events,
                                const struct deadline *deadline)
{
	struct pollfd fds[] = {{.fd = fd, .events = events}, {.fd = process->pidfd, .events = POLLIN}};

	for (;;) {
		struct timespec wait = time_to_wait(process, deadline);
		bool ended = process->pidfd < 0 && has_ended(process);
		int count = ppoll(fds, 2, ended ? &(struct timespec){0} : &wait, NULL);
		if (count > 0)
			return fds[0].revents ? PROCESS_READY : PROCESS_ENDED;
		if (count == 0 && ended)
			return PROCESS_ENDED;
		if (count == 0 && deadline_now() >= deadline->at_ns)
			return PROCESS_LATE;
		/* Interrupted, or short of memory in the kernel: ask again until it is too late. */
		if (count < 0 && errno != EINTR && errno != EAGAIN && errno != ENOMEM)
			return PROCESS_LATE;
	}
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
	return -1;
}

static void kill_process(const struct process *process)
{
	if (process->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, process->pidfd, SIGKILL, NULL, 0);
	else
		kill(process->pid, SIGKILL);
}

int process_collect(struct process *process, bool kill, size_t *ret_peak)
{
	bool by_pidfd = process->pidfd >= 0;
	struct rusage usage = {0};
	siginfo_t info = {0};
	long result;

	if (kill)
		kill_process(process);
	/* Not the C library's waitid(), which hides the last argument. */
	do
		result = syscall(SYS_waitid, by_pidfd ? (int)WAIT_BY_PIDFD : (int)P_PID,
		                 by_pidfd ? process->pidfd : process->pid, &info, WEXITED | __WALL, &usage);
	while (result < 0 && errno == EINTR);
	int status = result == 0 ? status_of(&info) : collected_by_others(process->pidfd);
	if (ret_peak)
		*ret_peak = result == 0 ? (size_t)usage.ru_maxrss * 1024 : 0;
	if (by_pidfd)
		close(process->pidfd);
	*process = (struct process){0};
	return status;
}
