#include "process/process.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/confine.h"
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

/* Since Linux 5.0 new calls have one number everywhere, but for an offset. */
#define CLONE3 (SYS_pidfd_open + 1)

int process_check_clone(void)
{
	/* No process shares signal handlers but not memory. Some architectures take the stack first, then the flags. */
	bool is_faked = syscall(SYS_clone, CLONE_SIGHAND, CLONE_SIGHAND, NULL, NULL, NULL) >= 0;

	return is_faked || syscall(CLONE3, NULL, 0) >= 0 ? CONFINE_FAKED : 0;
}

int process_clone(int (*body)(void *), void *stack, void *argument, struct process *ret_process)
{
	sigset_t all, before;
	int pidfd = -1;

	assert(body && stack && ret_process);
	if (process_check_clone() < 0)
		return CONFINE_FAKED;
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

/* The time that is left; without a pidfd, no longer than until the next look at the process. */
static struct timespec time_to_wait(const struct process *process, const struct deadline *deadline)
{
	int64_t left = deadline->at_ns - deadline_now(), longest = process->pidfd < 0 ? 5000000 : INT64_MAX;

	left = left < 0 ? 0 : left < longest ? left : longest;
	return (struct timespec){.tv_sec = (time_t)(left / 1000000000), .tv_nsec = (long)(left % 1000000000)};
}

enum process_event process_wait(const struct process *process, struct pollfd *fd, const struct deadline *deadline)
{
	struct pollfd polled[] = {{.fd = process->pidfd, .events = POLLIN}, fd ? *fd : (struct pollfd){.fd = -1}};

	assert(process->pid > 0);
	while (!deadline_is_over(deadline)) {
		struct timespec wait = time_to_wait(process, deadline);
		bool ended = process->pidfd < 0 && has_ended(process);
		int ready = ppoll(polled, 2, ended ? &(struct timespec){0} : &wait, NULL);
		if (ready > 0 && fd)
			fd->revents = polled[1].revents;
		if (ready > 0)
			return polled[1].revents ? PROCESS_READY : PROCESS_ENDED;
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
	return info->si_code == CLD_EXITED ? (info->si_status & 0xff) << 8 : info->si_status & 0x7f;
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
	/* ESRCH: the process has ended, and its number may be another's. */
	if (process->pidfd < 0 ||
	    (syscall(SYS_pidfd_send_signal, process->pidfd, number, NULL, 0) < 0 && errno != ESRCH))
		kill(process->pid, number);
}

/* One look: the wait status, or PROCESS_NOT_COLLECTED while it has not ended. */
static int try_to_collect(const struct process *process, size_t *peak)
{
	bool by_pidfd = process->pidfd >= 0;
	struct rusage usage = {0};
	siginfo_t info = {0};
	/* Not the C library's waitid(), which hides the last argument. */
	long result = syscall(SYS_waitid, by_pidfd ? (int)WAIT_BY_PIDFD : (int)P_PID,
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
	while ((status = try_to_collect(process, &peak)) == PROCESS_NOT_COLLECTED && !deadline_is_over(deadline)) {
		/* An ended process that its tracer holds back can't be waited for by poll. */
		if (ended)
			nanosleep(&slice, NULL);
		ended = process_wait(process, NULL, deadline) == PROCESS_ENDED;
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
	struct deadline half = deadline_in(PROCESS_GRACE_MS / 2), deadline = deadline_in(PROCESS_GRACE_MS);

	process_signal(process, SIGKILL);
	/* An older filter may have claimed success. What has not ended still is the process of that number. */
	if (process->pidfd >= 0 && process_wait(process, NULL, &half) == PROCESS_LATE)
		kill(process->pid, SIGKILL);
	return process_collect(process, &deadline, NULL);
}

/* ---- whole messages ---- */

int channel_make_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return fcntl(fd, F_GETFL) & O_NONBLOCK ? 0 : CONFINE_FAKED;
}

static void consume(struct iovec **parts, size_t *count, size_t bytes)
{
	while (*count && bytes >= (*parts)->iov_len) {
		bytes -= (*parts)->iov_len;
		(*parts)++;
		(*count)--;
	}
	assert(*count || !bytes); /* no more was sent than there was */
	if (*count) {
		(*parts)->iov_base = (char *)(*parts)->iov_base + bytes;
		(*parts)->iov_len -= bytes;
	}
}

static enum process_event wait_for(const struct channel *channel, short events)
{
	struct pollfd pollfd = {.fd = channel->fd, .events = events};

	return process_wait(channel->process, &pollfd, &channel->deadline);
}

enum channel_result channel_send(const struct channel *channel, struct iovec *parts, size_t count)
{
	consume(&parts, &count, 0);
	while (count) {
		if (deadline_is_over(&channel->deadline))
			return CHANNEL_LATE;
		struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
		ssize_t sent = sendmsg(channel->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent >= 0)
			consume(&parts, &count, (size_t)sent);
		else if (errno == EPIPE || errno == ECONNRESET)
			return CHANNEL_OK; /* what it said before it went is worth reading */
		else if (errno == EAGAIN) {
			enum process_event event = wait_for(channel, POLLIN | POLLOUT);
			if (event == PROCESS_LATE)
				return CHANNEL_LATE;
			if (event == PROCESS_ENDED || channel_check_idle(channel) != CHANNEL_OK)
				return CHANNEL_OK;
		} else if (errno != EINTR)
			return CHANNEL_CLOSED;
	}
	return CHANNEL_OK;
}

enum channel_result channel_receive(struct channel *channel, void *buffer, size_t size)
{
	char *at = buffer;

	while (size) {
		if (deadline_is_over(&channel->deadline))
			return CHANNEL_LATE;
		ssize_t count = read(channel->fd, at, size);
		if (count > 0) {
			at += count;
			size -= (size_t)count;
			channel->received += (size_t)count;
		} else if (count == 0 || (errno != EINTR && errno != EAGAIN)) {
			return CHANNEL_CLOSED;
		} else if (errno == EAGAIN) {
			enum process_event event = wait_for(channel, POLLIN);
			if (event != PROCESS_READY)
				return event == PROCESS_LATE ? CHANNEL_LATE : CHANNEL_CLOSED;
		}
	}
	return CHANNEL_OK;
}

enum channel_result channel_check_idle(const struct channel *channel)
{
	char byte;
	ssize_t count = recv(channel->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT); /* which nothing interrupts */

	if (count > 0)
		return CHANNEL_MALFORMED;
	return count < 0 && errno == EAGAIN ? CHANNEL_OK : CHANNEL_CLOSED;
}

const char *process_signal_name(int signal)
{
	static const char names[][8] = {
	    [SIGHUP] = "HUP",       [SIGINT] = "INT",   [SIGQUIT] = "QUIT",   [SIGILL] = "ILL",
	    [SIGTRAP] = "TRAP",     [SIGABRT] = "ABRT", [SIGBUS] = "BUS",     [SIGFPE] = "FPE",
	    [SIGKILL] = "KILL",     [SIGUSR1] = "USR1", [SIGSEGV] = "SEGV",   [SIGUSR2] = "USR2",
	    [SIGPIPE] = "PIPE",     [SIGALRM] = "ALRM", [SIGTERM] = "TERM",   [SIGCHLD] = "CHLD",
	    [SIGCONT] = "CONT",     [SIGSTOP] = "STOP", [SIGTSTP] = "TSTP",   [SIGTTIN] = "TTIN",
	    [SIGTTOU] = "TTOU",     [SIGURG] = "URG",   [SIGXCPU] = "XCPU",   [SIGXFSZ] = "XFSZ",
	    [SIGVTALRM] = "VTALRM", [SIGPROF] = "PROF", [SIGWINCH] = "WINCH", [SIGPOLL] = "POLL",
	    [SIGPWR] = "PWR",       [SIGSYS] = "SYS",
#ifdef SIGSTKFLT
	    [SIGSTKFLT] = "STKFLT",
#endif
	};

	return signal > 0 && (size_t)signal < sizeof(names) / sizeof(names[0]) && names[signal][0] ? names[signal]
	                                                                                           : NULL;
}
