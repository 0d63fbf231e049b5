#include "trace/live_filters.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

/* As the kernel declares it for PTRACE_SECCOMP_GET_METADATA; C libraries call it by other names. */
struct metadata {
	uint64_t filter_off, flags;
};

/* The kernel numbers filters from the oldest on: -ENOENT after the last. */
static int read_filter(pid_t tid, size_t index, struct live_filter *ret_filter)
{
	struct metadata metadata = {.filter_off = index};
	const long length = ptrace(PTRACE_SECCOMP_GET_FILTER, tid, index, NULL);

	if (length < 0)
		return errno == EIO ? -EOPNOTSUPP : -errno;
	struct sock_filter *instructions = calloc((size_t)length, sizeof(*instructions));
	if (!instructions)
		return -ENOMEM;
	int result = ptrace(PTRACE_SECCOMP_GET_FILTER, tid, index, instructions) < 0 ? -errno : 0;
	if (result == 0)
		result = callgate_program_new(instructions, (size_t)length * sizeof(*instructions), SCMP_ARCH_NATIVE,
		                              &ret_filter->program);
	free(instructions);
	ret_filter->has_flags =
	    ptrace(PTRACE_SECCOMP_GET_METADATA, tid, sizeof(metadata), &metadata) == sizeof(metadata);
	ret_filter->logs = ret_filter->has_flags && metadata.flags & SECCOMP_FILTER_FLAG_LOG;
	return result;
}

static int read_filters(pid_t tid, struct live_filters *ret_filters)
{
	int result;

	for (;;) {
		struct live_filter filter = {0};
		if (!vec_reserve(&ret_filters->filters, 1))
			return -ENOMEM;
		result = read_filter(tid, ret_filters->filters.count, &filter);
		if (result < 0)
			break;
		vec_push(&ret_filters->filters, filter);
	}
	/* A thread without a filter has EINVAL for the first. */
	return result == -ENOENT || (result == -EINVAL && ret_filters->filters.count == 0) ? 0 : result;
}

/* Waits for the stop that PTRACE_INTERRUPT asks for; a signal that comes first is delivered. */
static int stop(pid_t tid)
{
	int status;

	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0)
		return -errno;
	for (;;) {
		if (waitpid(tid, &status, __WALL) != tid)
			return errno == EINTR ? -EINTR : -ESRCH;
		if (!WIFSTOPPED(status))
			return -ESRCH;
		if (status >> 16 == PTRACE_EVENT_STOP)
			return 0;
		ptrace(PTRACE_CONT, tid, NULL, (long)WSTOPSIG(status));
	}
}

int live_filters_read(pid_t tid, struct live_filters *ret_filters)
{
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) < 0)
		return -errno;
	int result = stop(tid);
	if (result == 0)
		result = read_filters(tid, ret_filters);
	ptrace(PTRACE_DETACH, tid, NULL, NULL);
	return result;
}

void live_filters_finish(struct live_filters *filters)
{
	for (size_t i = 0; i < filters->filters.count; i++)
		callgate_program_free(filters->filters.items[i].program);
	vec_finish(&filters->filters);
}
