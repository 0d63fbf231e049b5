/*
 * Kernels that know less than the one that runs, played by a filter that is loaded first: system calls, operations and
 * flags that the old kernel lacks fail in it. What an action of GET_ACTION_AVAIL is lies behind a pointer, so only the
 * whole operation can be missing, or somebody must answer who can look there.
 */
#ifndef CALLGATE_TESTS_LOAD_OLD_KERNEL_H
#define CALLGATE_TESTS_LOAD_OLD_KERNEL_H

#include <stdbool.h>

/* All zero: a kernel that lacks nothing. */
struct old_kernel {
	int error;          /* errno of what is missing */
	bool no_seccomp;    /* the system call */
	bool no_actions;    /* GET_ACTION_AVAIL */
	bool no_sizes;      /* GET_NOTIF_SIZES */
	unsigned no_flags;  /* of SET_MODE_FILTER */
	int no_privs_error; /* errno of PR_SET_NO_NEW_PRIVS, 0 where it works */
	int load_error;     /* errno of every load with a program, 0 where it works */
	/* Success that is none. */
	bool fakes_seccomp; /* of every seccomp(2) */
	/* of this option of prctl(2), 0 for none; PR_SET_NO_NEW_PRIVS, which is then not set, for root only */
	int fakes_prctl;
	unsigned fakes_flags; /* of SET_MODE_FILTER with exactly these flags, 0 for none */
};

/* What a kernel of this API level, 1 to 7, lacks, and fails with `error`. */
struct old_kernel old_kernel_of_level(unsigned level, int error);

/* From now on this process runs on that kernel. */
void old_kernel_enter(const struct old_kernel *kernel);

/*
 * From now on every SET_MODE_FILTER fails, with RECORDED | its flags as its errno. Needs an API level that was set
 * before, as nothing can be probed any more.
 */
enum { RECORDED = 1024 };
void old_kernel_record_flags(void);

/*
 * From now on this operation of seccomp(2) waits for an answer, when this thread makes it: a listener for another
 * thread.
 */
int old_kernel_supervise(unsigned operation);

#endif
