/*
 * The parent's end of the socket to a child process: whole messages, or the reason why not.
 */
#ifndef CALLGATE_PROCESS_CHANNEL_H
#define CALLGATE_PROCESS_CHANNEL_H

#include <stddef.h>
#include <sys/uio.h>

#include "process/process.h"

enum channel_result {
	CHANNEL_OK,
	CHANNEL_LATE,      /* the deadline passed */
	CHANNEL_CLOSED,    /* the other side is gone */
	CHANNEL_MALFORMED, /* it wrote what is no answer, or although nothing was asked */
};

/* A source of events that are handled while the channel waits. */
struct channel_source {
	int fd; /* -1: nothing */
	void (*ready)(struct channel_source *source, short revents);
};

struct channel {
	int socket; /* not blocking */
	const struct process *process;
	struct deadline deadline;
	struct channel_source *source; /* NULL: nothing */
};

/* Sends all of it. Stops, with OK, when the other side answers before it has taken everything: its answer is then worth reading. */
enum channel_result channel_send(const struct channel *channel, struct iovec *parts, size_t count);

/* Reads exactly `size` bytes. */
enum channel_result channel_receive(const struct channel *channel, void *buffer, size_t size);

/* The same, with a descriptor that may come with the bytes in *ret_fd, which is -1 before; the caller closes it, also after a failure. */
enum channel_result channel_receive_fd(const struct channel *channel, void *buffer, size_t size, int *ret_fd);

/* OK if nothing is waiting to be read, NOISE or CLOSED. */
enum channel_result channel_check_idle(const struct channel *channel);

#endif
