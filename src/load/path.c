#include "load/path.h"

#include <errno.h>

#include "bpf/accept.h"
#include "load/task.h"

/* The least a filter adds: one RET K, converted, and what the kernel adds for each. */
enum { SHORTEST_FILTER = 5 + BPF_PATH_OVERHEAD };

/*
 * What the thread has loaded through this library. A child of fork() rightly inherits it with its filters; a new thread begins
 * with nothing, which is less than it has, and thus harmless. A child that shares memory (vfork) adds filters that this thread does not
 * have: that is seen once there are more of them than the thread has filters in all. Initial-exec, as the first use of other
 * thread-local variables may allocate.
 */
static _Thread_local __attribute__((tls_model("initial-exec"))) struct {
	size_t filters;
	size_t length; /* on the path */
} own;

void path_record(const struct callgate_program *program)
{
	own.filters++;
	own.length += bpf_ebpf_length(program) + BPF_PATH_OVERHEAD;
}

/*
 * What the thread's filters take at least. The kernel tells their number; where it does not, nothing is certain, and where there are
 * fewer than were taken down, that is not true of this thread.
 */
static size_t existing_length(size_t filters)
{
	if (filters < own.filters)
		own.filters = own.length = 0;
	return own.length + (filters - own.filters) * SHORTEST_FILTER;
}

int path_check(struct callgate_program *const *programs, size_t count, struct diag *diag)
{
	size_t filters = task_is_free() ? 0 : task_filters(), length = existing_length(filters);

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
