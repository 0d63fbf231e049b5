#include "load/stack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf/accept.h"

/* The shortest filter there is: one RET K, converted, and what the kernel adds for each. */
enum { SHORTEST_FILTER = 5 + BPF_PATH_OVERHEAD };

/*
 * How many filters this thread has at least: "Seccomp_filters:" since Linux 5.10. 0 where the kernel does not say.
 * The status of /proc/self is the main thread's, so the thread's own is read.
 */
static size_t loaded_filters(void)
{
	char text[4096];
	int saved_errno = errno, fd = open("/proc/thread-self/status", O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		errno = saved_errno;
		return 0;
	}
	ssize_t length = read(fd, text, sizeof(text) - 1);
	close(fd);
	errno = saved_errno;
	text[length > 0 ? length : 0] = '\0';
	const char *line = strstr(text, "\nSeccomp_filters:");
	return line ? strtoul(line + strlen("\nSeccomp_filters:"), NULL, 10) : 0;
}

int stack_check(struct callgate_program *const *programs, size_t count, struct diag *diag)
{
	size_t loaded = loaded_filters(), path = loaded * SHORTEST_FILTER;

	for (size_t i = 0; i < count; i++) {
		int result = bpf_accept(programs[i], diag);
		if (result < 0)
			return result;
		path += bpf_ebpf_length(programs[i]) + (i > 0 ? BPF_PATH_OVERHEAD : 0);
	}
	if (path > BPF_PATH_MAX)
		return diag_fail(
		    diag, -ENOMEM,
		    "%zu programs with %zu filters that are loaded already make at least %zu eBPF "
		    "instructions; the kernel takes %d: make the policy smaller",
		    count, loaded, path, BPF_PATH_MAX);
	return 0;
}

int stack_explain(size_t loaded, size_t count, int result, struct diag *diag)
{
	struct diag reason = *diag;

	return diag_fail(diag, result, "partly confined: %zu of %zu programs are loaded, then: %s", loaded,
	                 count, reason.text);
}
