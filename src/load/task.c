#include "load/task.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/kernel.h"
#include "base/strbuf.h"

bool task_is_free(void)
{
	return kernel_prctl(PR_GET_SECCOMP, 0, 0) == 0;
}

/*
 * The number behind `name`, which begins with a newline: nowhere else in it can a match begin. Read in small pieces, as the stack
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

size_t task_filters(void)
{
	return status_number("\nSeccomp_filters:");
}

size_t task_threads(void)
{
	return status_number("\nThreads:");
}

void task_name(int thread, char ret_name[TASK_NAME_SIZE])
{
	static const char start[] = "/proc/self/task/", end[] = "/comm";
	char path[sizeof(start) + DECIMAL_SIZE + sizeof(end)];
	int saved_errno = errno;
	ssize_t length = 0;

	strcpy(decimal_write(stpcpy(path, start), (size_t)thread), end);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		length = read(fd, ret_name, TASK_NAME_SIZE);
		close(fd);
	}
	/* The last byte read is a newline. */
	ret_name[length > 0 ? length - 1 : 0] = '\0';
	errno = saved_errno;
}
