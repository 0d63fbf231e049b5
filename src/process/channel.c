#include "process/channel.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

/* Waits for the socket, and meanwhile handles the events of the other source. */
static enum process_event wait_for(const struct channel *channel, short events)
{
	struct pollfd fds[] = {{.fd = channel->socket, .events = events}, {.fd = -1, .events = POLLIN}};

	assert(channel->socket >= 0 && (!channel->source || channel->source->ready));
	for (;;) {
		fds[1].fd = channel->source ? channel->source->fd : -1;
		enum process_event event = process_wait(channel->process, fds, 2, &channel->deadline);
		if (event != PROCESS_READY || fds[0].revents)
			return event;
		channel->source->ready(channel->source, fds[1].revents);
	}
}

enum channel_result channel_send(const struct channel *channel, struct iovec *parts, size_t count)
{
	consume(&parts, &count, 0);
	while (count) {
		if (deadline_is_over(&channel->deadline))
			return CHANNEL_LATE;
		struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
		ssize_t sent = sendmsg(channel->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent >= 0)
			consume(&parts, &count, (size_t)sent);
		else if (errno == EPIPE || errno == ECONNRESET)
			return CHANNEL_OK; /* what it said before it went is worth reading */
		else if (errno == EAGAIN) {
			switch (wait_for(channel, POLLIN | POLLOUT)) {
			case PROCESS_LATE:
				return CHANNEL_LATE;
			case PROCESS_ENDED:
				return CHANNEL_OK;
			case PROCESS_READY:
				if (channel_check_idle(channel) != CHANNEL_OK)
					return CHANNEL_OK;
			}
		} else if (errno != EINTR)
			return CHANNEL_CLOSED;
	}
	return CHANNEL_OK;
}

/* The first descriptor of a message; others, of which there is no need, are closed. */
static int take_fd(struct msghdr *message)
{
	int first = -1;

	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; at + sizeof(int) <= part->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
			int fd;
			memcpy(&fd, CMSG_DATA(part) + at, sizeof(fd));
			if (first < 0)
				first = fd;
			else
				close(fd);
		}
	}
	return first;
}

/* One recvmsg(2). Descriptors that come are kept in *fd, if there is one and it is still -1. */
static ssize_t receive(int socket, void *buffer, size_t size, int *fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = {buffer, size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	if (fd) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	ssize_t count = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int came = fd && count >= 0 ? take_fd(&message) : -1;
	if (came >= 0 && *fd < 0)
		*fd = came;
	else if (came >= 0)
		close(came);
	return count;
}

enum channel_result channel_receive_fd(const struct channel *channel, void *buffer, size_t size, int *ret_fd)
{
	char *at = buffer;

	assert(!ret_fd || *ret_fd == -1);
	while (size) {
		if (deadline_is_over(&channel->deadline))
			return CHANNEL_LATE;
		ssize_t count = receive(channel->socket, at, size, ret_fd);
		if (count == 0)
			return CHANNEL_CLOSED;
		if (count > 0) {
			at += count;
			size -= (size_t)count;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return CHANNEL_CLOSED;
		switch (wait_for(channel, POLLIN)) {
		case PROCESS_LATE:
			return CHANNEL_LATE;
		case PROCESS_ENDED:
			return CHANNEL_CLOSED;
		case PROCESS_READY:
			break;
		}
	}
	return CHANNEL_OK;
}

enum channel_result channel_receive(const struct channel *channel, void *buffer, size_t size)
{
	return channel_receive_fd(channel, buffer, size, NULL);
}

enum channel_result channel_check_idle(const struct channel *channel)
{
	char byte;
	ssize_t count;

	do
		count = recv(channel->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	while (count < 0 && errno == EINTR);
	if (count > 0)
		return CHANNEL_MALFORMED;
	return count < 0 && errno == EAGAIN ? CHANNEL_OK : CHANNEL_CLOSED;
}
