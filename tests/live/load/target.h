/*
 * A process whose getppid(2) is notified, and the supervisor's end of it: this process.
 */
#ifndef CALLGATE_TESTS_LOAD_TARGET_H
#define CALLGATE_TESTS_LOAD_TARGET_H

#include <stdbool.h>
#include <sys/types.h>

#include <seccomp.h>

struct target {
	pid_t pid;
	int fd; /* the listener, which the target itself has no more */
};

/*
 * Starts a process that loads a filter with a listener, hands that over, and ends with what `body` returns (0 to 127).
 */
void target_start(struct target *target, bool wait_killable, int (*body)(void));

/* Its end: the status that its body returned, or 128 + the signal that ended it. */
int target_wait(const struct target *target);

/* SIGKILL, and waits until it is gone. */
void target_kill(const struct target *target);

/* Waits for a notification of a getppid(2) of this target. */
struct seccomp_notif target_receive(const struct target *target);

/* Answers: 0 with a value, or an errno, or lets the call happen with SECCOMP_USER_NOTIF_FLAG_CONTINUE. */
int target_respond(const struct target *target, uint64_t id, int64_t value, int error, uint32_t flags);

#endif
