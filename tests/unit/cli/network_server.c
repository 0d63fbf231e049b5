/*
 * A network server for the example's policy: listens on a port of the loopback interface, prints its number, and
 * answers connections with a file, each in a thread. "network-server FILE COUNT" ends after so many; "network-server
 * family N" makes a socket of that family.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { THREADS_MAX = 16 };

static const char *path;

static void *answer(void *descriptor)
{
	int fd = (int)(intptr_t)descriptor, file = open(path, O_RDONLY | O_CLOEXEC);
	char bytes[512];
	ssize_t count = recv(fd, bytes, sizeof(bytes), 0);

	while (count > 0 && file >= 0 && (count = read(file, bytes, sizeof(bytes))) > 0)
		if (send(fd, bytes, (size_t)count, MSG_NOSIGNAL) != count)
			break;
	fprintf(stderr, "answered\n");
	close(file);
	close(fd);
	return NULL;
}

static int start_listening(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, THREADS_MAX) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		return -1;
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS_MAX];
	int count = argc == 3 ? atoi(argv[2]) : -1;

	if (argc == 3 && strcmp(argv[1], "family") == 0)
		return socket(count, SOCK_RAW, 0) < 0;
	if (count < 1 || count > THREADS_MAX)
		return 2;
	path = argv[1];
	int fd = start_listening();
	if (fd < 0)
		return 1;
	for (int i = 0; i < count; i++) {
		int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		if (connection < 0 || pthread_create(&threads[i], NULL, answer, (void *)(intptr_t)connection) != 0)
			return 1;
	}
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
