/* The filters of a live process (PTRACE_SECCOMP_GET_FILTER, ptrace(2), Linux 4.4 with CONFIG_CHECKPOINT_RESTORE). */
#ifndef CALLGATE_TRACE_LIVE_FILTERS_H
#define CALLGATE_TRACE_LIVE_FILTERS_H

#include <stdbool.h>
#include <sys/types.h>

#include <callgate/program.h>

#include "base/vec.h"

struct live_filter {
	struct callgate_program *program;
	bool has_flags; /* Linux 4.16 */
	bool logs;      /* SECCOMP_FILTER_FLAG_LOG, the only flag that the kernel shows */
};

struct live_filters {
	VEC(struct live_filter) filters; /* the oldest first */
};

/*
 * Stops the thread for a moment. 0; -ESRCH (no such thread), -EPERM (not this user's, or traced already), -EACCES (no
 * CAP_SYS_ADMIN in the first user namespace, or this process has a filter itself), -EOPNOTSUPP (the kernel can't),
 * -ENOMEM. The thread goes on in any case, and *ret_filters, zeroed before, is to be finished.
 */
int live_filters_read(pid_t tid, struct live_filters *ret_filters);
void live_filters_finish(struct live_filters *filters);

#endif
