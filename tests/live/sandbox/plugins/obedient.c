/* A plugin that does what the first letter of its request says. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <callgate/plugin_side.h>

static int64_t echo(struct callgate_plugin_job *job)
{
	job->response_size = job->request_size - 1;
	if (job->response_size <= job->response_capacity)
		memcpy(job->response, (const char *)job->request + 1, job->response_size);
	return (int64_t)job->response_size;
}

static int64_t use_arena(struct callgate_plugin_job *job)
{
	int64_t total = 0;
	char *block;

	while ((block = callgate_plugin_alloc(job, 1000))) {
		memset(block, 1, 1000);
		total += 1000;
	}
	return total;
}

/* Which descriptors are there, for a program that allows fcntl. */
static int64_t open_fds(void)
{
	int64_t open = 0;

	for (int fd = 0; fd < 60; fd++)
		open |= (int64_t)(fcntl(fd, F_GETFD) >= 0) << fd;
	return open;
}

static int64_t recurse(int64_t depth)
{
	volatile char frame[10000];

	frame[0] = frame[9999] = (char)depth;
	return depth < 0 ? 0 : recurse(depth + 1) + frame[0];
}

int64_t callgate_plugin_serve(struct callgate_plugin_job *job)
{
	struct timespec now;
	const char *request = job->request;

	switch (job->request_size ? request[0] : 0) {
	case 'a':
		return use_arena(job);
	case 'c':
		return *(volatile char *)(job->response_size + 8);
	case 'd':
		return recurse(1);
	case 'e':
		return echo(job);
	case 'f':
		return open_fds();
	case 'l':
		while (!*(volatile size_t *)&job->response_size)
			;
		return 0;
	case 'm':
		return mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
	case 'n':
		return write(4, "noise", 5);
	case 'o':
		return fopen("/etc/passwd", "r") != NULL;
	case 'p':
		return syscall(SYS_getpid);
	case 'q':
		abort();
	case 's':
		return write(2, "from the plugin\n", 16);
	case 't':
		return syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
	case 'v':
		return -42;
	case 'x':
		syscall(SYS_exit, 3);
		return 0;
	case 'z':
		job->response_size = job->response_capacity + 1;
		return 1;
	default:
		return -1;
	}
}
