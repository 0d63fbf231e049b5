/*
 * The parent's side of a child process: it is watched through a pidfd, so that it is never mistaken for another
 * process, and every wait, for its end or for what it writes, has a deadline.
 */
#ifndef CALLGATE_PROCESS_PROCESS_H
#define CALLGATE_PROCESS_PROCESS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

/* A point in time on the monotonic clock. */
struct deadline {
	int64_t at_ns;
};

static inline int64_t deadline_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline struct deadline deadline_in(unsigned milliseconds)
{
	return (struct deadline){deadline_now() + (int64_t)milliseconds * 1000000};
}

static inline bool deadline_is_over(const struct deadline *deadline)
{
	return deadline_now() >= deadline->at_ns;
}

/* A zeroed pid means that there is no process; pidfd is then meaningless. pidfd is -1 on kernels before 5.3. */
struct process {
	pid_t pid;
	int pidfd;
};

/*
 * A copy of this process, with only the calling thread, that runs `body` on a stack of its own (`stack` is the stack's
 * upper end) with all signals blocked. Its end raises no SIGCHLD here, and only a wait with __WALL or __WCLONE sees it.
 * `body` may only do what is async-signal-safe, since other threads may have held any lock. Returns 0 or -errno.
 */
int process_clone(int (*body)(void *), void *stack, void *argument, struct process *ret_process);

/*
 * A filter around this program can claim that a process was made, in the kernel's place: then what the child is to do
 * would be done here. So the calls are made with arguments that the kernel refuses before. 0, or -ECANCELED
 * (CONFINE_FAKED). process_clone() does that itself.
 */
int process_check_clone(void);

/*
 * Takes over a child that something else has started. Never fails: without a pidfd, process_wait() looks now and then.
 */
struct process process_adopt(pid_t pid);

/* What process_wait() waits for. */
enum process_event { PROCESS_READY, PROCESS_ENDED, PROCESS_LATE };

/*
 * Waits until `fd`, which may be NULL, has an event (or its other side is closed): READY, with `revents` filled in; or
 * else until the process has ended and nothing is left to read: ENDED; or until the deadline: LATE, also where a
 * descriptor always is ready.
 */
enum process_event process_wait(const struct process *process, struct pollfd *fd, const struct deadline *deadline);

/*
 * Sends a signal, which cannot reach another process where there is a pidfd. That it was sent is not known: filters can
 * claim it.
 */
void process_signal(const struct process *process, int number);

/*
 * In place of a wait status: somebody else has collected it and the kernel (before 6.15) can't say more; it could not
 * be collected in time.
 */
enum { PROCESS_STATUS_UNKNOWN = -1, PROCESS_NOT_COLLECTED = -2 };

/*
 * Collects the process, so that no zombie is left, and zeroes *process. Returns its wait status or one of the above.
 * *ret_peak, if not NULL, becomes the most memory that it had in use, in bytes, 0 where that is not known.
 *
 * Waits until the deadline at the most: a process that hangs in the kernel, or whose tracer does not let go of it, ends
 * later than its SIGKILL. Such a process stays a child of this one, and its zombie is left to whoever waits for it.
 */
int process_collect(struct process *process, const struct deadline *deadline, size_t *ret_peak);

/* SIGKILL, by pidfd and, to what that doesn't end, by number; and process_collect() within PROCESS_GRACE_MS. */
enum { PROCESS_GRACE_MS = 1000 };
int process_kill(struct process *process);

/* ---- whole messages from and to the child ---- */

enum channel_result {
	CHANNEL_OK,
	CHANNEL_LATE,      /* the deadline passed */
	CHANNEL_CLOSED,    /* the other side is gone */
	CHANNEL_MALFORMED, /* it wrote what is no answer, or although nothing was asked */
};

struct channel {
	int fd; /* a socket, or the end of a pipe; not blocking */
	const struct process *process;
	struct deadline deadline;
	size_t received; /* bytes */
};

/* 0 or -errno; -ECANCELED where that is faked. */
int channel_make_nonblocking(int fd);

/*
 * Sends all of it. Stops, with OK, when the other side answers before it has taken everything: its answer is then worth
 * reading.
 */
enum channel_result channel_send(const struct channel *channel, struct iovec *parts, size_t count);

/* Reads exactly `size` bytes. */
enum channel_result channel_receive(struct channel *channel, void *buffer, size_t size);

/* OK if nothing is waiting to be read, MALFORMED or CLOSED. */
enum channel_result channel_check_idle(const struct channel *channel);

/* "SEGV", also with a C library that has no function for it; NULL for what has no name. */
const char *process_signal_name(int signal);

#endif
