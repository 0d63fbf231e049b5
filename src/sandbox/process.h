/*
 * A child of our own: looked at through a file descriptor, so that it is never mistaken for another process, and collected
 * by nobody else's wait where that can be had.
 */
#ifndef CALLGATE_SANDBOX_PROCESS_H
#define CALLGATE_SANDBOX_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sandbox/deadline.h"

/* A zeroed pid means that there is no process; pidfd is then meaningless. pidfd is -1 on kernels before 5.3. */
struct process {
	pid_t pid;
	int pidfd;
};

/*
 * A copy of this process, with only the calling thread, that runs `body` on a stack of its own (`stack` is the stack's upper end)
 * with all signals blocked. Its end raises no SIGCHLD here, and only a wait with __WALL or __WCLONE sees it. `body` may only do
 * what is async-signal-safe, since other threads may have held any lock. Returns 0 or -errno.
 */
int process_clone(int (*body)(void *), void *stack, void *argument, struct process *ret_process);

/* Takes over a child that something else has started. Never fails: without a pidfd, process_wait() looks now and then. */
struct process process_adopt(pid_t pid);

/* What process_wait() waits for. */
enum process_event { PROCESS_READY, PROCESS_ENDED, PROCESS_LATE };

/*
 * Waits until `fd` can be read (or its other side is closed): READY; or else until the process has ended and nothing is left to
 * read: ENDED; or until the deadline: LATE. fd -1 is never ready. `events` is POLLIN or POLLOUT.
 */
enum process_event process_wait(const struct process *process, int fd, short events,
                                const struct deadline *deadline);

/*
 * Collects the process, which is killed first if `kill` says so: no zombie is left. Returns the wait status, or -1 when
 * someone else has collected it and the kernel (before 6.15) can't tell any more. *ret_peak, if not NULL, becomes the most
 * memory it had in use, in bytes, 0 where that is not known. *process is then zeroed.
 */
int process_collect(struct process *process, bool kill, size_t *ret_peak);

#endif
