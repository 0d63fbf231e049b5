#include "load/thread.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/kernel.h"
#include "base/strbuf.h"
#include "bpf/program.h"

bool thread_is_free(void)
{
	return kernel_prctl(PR_GET_SECCOMP, 0, 0) == 0;
}

/*
 * The number after `name`, which begins with a newline: a match can begin nowhere else in it. Read in small pieces, as the stack
 * of a signal handler may be small and the line may be anywhere.
 */
static size_t find_number(int fd, const char *name)
{
	char piece[256];
	size_t matched = 0, wanted = strlen(name), number = 0;
	ssize_t length;

	while ((length = read(fd, piece, sizeof(piece))) > 0)
		for (const char *at = piece; at < piece + length; at++) {
			if (matched < wanted)
				matched = *at == name[matched] ? matched + 1 : *at == name[0];
			else if (*at == '\n')
				return number;
			else if (*at >= '0' && *at <= '9')
				number = number * 10 + (size_t)(*at - '0');
		}
	return 0;
}

/* /proc/self would be the main thread's. */
static size_t status_number(const char *name)
{
	int saved_errno = errno, fd = open("/proc/thread-self/status", O_RDONLY | O_CLOEXEC);
	size_t number = 0;

	if (fd >= 0) {
		number = find_number(fd, name);
		close(fd);
	}
	errno = saved_errno;
	return number;
}

static size_t filters_now(void)
{
	return status_number("\nSeccomp_filters:");
}

size_t thread_count(void)
{
	return status_number("\nThreads:");
}

void thread_name(int thread, char ret_name[THREAD_NAME_SIZE])
{
	static const char start[] = "/proc/self/task/", end[] = "/comm";
	char path[sizeof(start) + DECIMAL_SIZE + sizeof(end)];
	int saved_errno = errno;
	ssize_t length = 0;

	strcpy(decimal_write(stpcpy(path, start), (size_t)thread), end);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		length = read(fd, ret_name, THREAD_NAME_SIZE);
		close(fd);
	}
	/* The last byte read is a newline. */
	ret_name[length > 0 ? length - 1 : 0] = '\0';
	errno = saved_errno;
}

/* The least a filter adds: one RET K, converted, and what the kernel adds for each. */
enum { SHORTEST_FILTER = 5 + BPF_PATH_OVERHEAD };

/*
 * What the thread has loaded through this library. A child of fork() rightly inherits it with its filters; a new thread begins
 * with nothing, which is less than it has, and thus harmless. A child that shares memory (vfork) adds filters that this thread does not
 * have: that is seen once there are more of them than the thread has filters in all.
 */
static _Thread_local struct {
	size_t filters;
	size_t length; /* on the path */
} own;

void thread_prepare(void)
{
	(void)*(volatile size_t *)&own.filters;
}

void thread_record(const struct callgate_program *program)
{
	own.filters++;
	own.length += bpf_ebpf_length(program) + BPF_PATH_OVERHEAD;
}

/*
 * What the thread's filters take at least. The kernel says how many there are; where it does not, nothing is certain, and where there
 * are fewer than were recorded, the record is not this thread's.
 */
static size_t existing_length(size_t filters)
{
	if (filters < own.filters)
		own.filters = own.length = 0;
	assert(own.length >= own.filters * SHORTEST_FILTER);
	return own.length + (filters - own.filters) * SHORTEST_FILTER;
}

int thread_check_room(struct callgate_program *const *programs, size_t count, struct diag *diag)
{
	size_t filters = thread_is_free() ? 0 : filters_now(), length = existing_length(filters);

	for (size_t i = 0; i < count; i++)
		length += bpf_ebpf_length(programs[i]) + (i > 0 ? BPF_PATH_OVERHEAD : 0);
	if (length <= BPF_PATH_MAX)
		return 0;
	diag_add_number(diag, count);
	diag_add(diag, " programs, with the ");
	diag_add_number(diag, filters);
	diag_add(diag, " filters that this thread has, are at least ");
	diag_add_number(diag, length);
	diag_add(diag, " eBPF instructions long, and the kernel takes ");
	diag_add_number(diag, BPF_PATH_MAX);
	diag_add(diag, "; nothing was loaded: make the policy smaller, or load it earlier");
	return -ENOMEM;
}
