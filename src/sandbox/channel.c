#include "sandbox/channel.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

static void consume(struct iovec **parts, size_t *count, size_t bytes)
{
	while (*count && bytes >= (*parts)->iov_len) {
		bytes -= (*parts)->iov_len;
		(*parts)++;
		(*count)--;
	}
	if (*count) {
		(*parts)->iov_base = (char *)(*parts)->iov_base + bytes;
		(*parts)->iov_len -= bytes;
	}
}

enum channel_result channel_send(const struct channel *channel, struct iovec *parts, size_t count)
{
	consume(&parts, &count, 0);
	while (count) {
		struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
		ssize_t sent = sendmsg(channel->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent >= 0)
			consume(&parts, &count, (size_t)sent);
		else if (errno == EPIPE || errno == ECONNRESET)
			return CHANNEL_OK; /* what it said before it went is worth reading */
		else if (errno == EAGAIN) {
			switch (process_wait(channel->process, channel->socket, POLLIN | POLLOUT,
			                     &channel->deadline)) {
			case PROCESS_LATE:
				return CHANNEL_LATE;
			case PROCESS_ENDED:
				return CHANNEL_OK;
			case PROCESS_READY:
				if (channel_silent(channel) != CHANNEL_OK)
					return CHANNEL_OK;
			}
		} else if (errno != EINTR)
			return CHANNEL_CLOSED;
	}
	return CHANNEL_OK;
}

enum channel_result channel_receive(const struct channel *channel, void *buffer, size_t size)
{
	char *at = buffer;

	while (size) {
		ssize_t count = recv(channel->socket, at, size, MSG_DONTWAIT);
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
		switch (process_wait(channel->process, channel->socket, POLLIN, &channel->deadline)) {
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

enum channel_result channel_silent(const struct channel *channel)
{
	char byte;
	ssize_t count;

	do
		count = recv(channel->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	while (count < 0 && errno == EINTR);
	if (count > 0)
		return CHANNEL_NOISE;
	return count < 0 && errno == EAGAIN ? CHANNEL_OK : CHANNEL_CLOSED;
}
