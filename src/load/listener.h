/*
 * Talking to a listener's file descriptor (seccomp_unotify(2)). Functions return 0 or more, or the -errno of ioctl(2).
 */
#ifndef CALLGATE_LOAD_LISTENER_H
#define CALLGATE_LOAD_LISTENER_H

#include <stddef.h>
#include <stdint.h>

struct seccomp_notif;
struct seccomp_notif_resp;
struct seccomp_notif_addfd;

/* Sizes of the running kernel's struct seccomp_notif and seccomp_notif_resp: 0, or the -errno of seccomp(2). */
int listener_sizes(size_t *ret_request, size_t *ret_response);

/* Waits for the next notification; *request must be zeroed by the caller. -EINTR, -ENOENT when the target is gone. */
int listener_receive(int fd, struct seccomp_notif *request);

/* -ENOENT when the target is gone, -EINPROGRESS when it has its answer. */
int listener_respond(int fd, const struct seccomp_notif_resp *response);

/* Does the target still wait? Asks again with the number that Linux 5.0 to 5.8 knew, where the new one is unknown. */
int listener_check_id(int fd, uint64_t id);

/* The number of the file descriptor in the target. -EINVAL where the kernel (before 5.9) does not know this. */
int listener_add_fd(int fd, const struct seccomp_notif_addfd *addfd);

#endif
