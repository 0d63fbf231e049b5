#include "old_kernel.h"

#include <errno.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "bpf/program.h"

#include "../kernel_program.h"
#include "child.h"

#define LOAD_FIELD(offset)  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define LOAD_ARG(n)         LOAD_FIELD(bpf_arg_offset(bpf_host_is_big_endian(), n, false))
#define SKIP_UNLESS(k, n)   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, 0, n)
#define SKIP_WITHOUT(k, n)  BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, k, 0, n)
#define FAIL_IF(missing, e) BPF_STMT(BPF_RET | BPF_K, (missing) ? SECCOMP_RET_ERRNO | (unsigned)(e) : SECCOMP_RET_ALLOW)
#define FAKE                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO)
#define ALLOW               BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

enum {
	SINCE_LOG = SECCOMP_FILTER_FLAG_LOG,
	SINCE_SPEC_ALLOW = SECCOMP_FILTER_FLAG_SPEC_ALLOW,
	SINCE_LISTENER = SECCOMP_FILTER_FLAG_NEW_LISTENER,
	SINCE_ESRCH = SECCOMP_FILTER_FLAG_TSYNC_ESRCH,
	SINCE_WAIT_KILLABLE = SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
};

struct old_kernel old_kernel_of_level(unsigned level, int error)
{
	static const unsigned flag_of_level[] = {[3] = SINCE_LOG,
	                                         [4] = SINCE_SPEC_ALLOW,
	                                         [5] = SINCE_LISTENER,
	                                         [6] = SINCE_ESRCH,
	                                         [7] = SINCE_WAIT_KILLABLE};
	struct old_kernel kernel = {
	    .error = error, .no_seccomp = level < 2, .no_actions = level < 3, .no_sizes = level < 5};

	for (unsigned i = level + 1; i <= 7; i++)
		kernel.no_flags |= flag_of_level[i];
	return kernel;
}

void old_kernel_enter(const struct old_kernel *kernel)
{
	const struct sock_filter program[] = {
	    LOAD_FIELD(offsetof(struct seccomp_data, nr)),
	    SKIP_UNLESS(SYS_prctl, 6),
	    LOAD_ARG(0),
	    SKIP_UNLESS(kernel->fakes_prctl ? (unsigned)kernel->fakes_prctl : ~0U, 1),
	    FAKE,
	    SKIP_UNLESS(PR_SET_NO_NEW_PRIVS, 1),
	    FAIL_IF(kernel->no_privs_error, kernel->no_privs_error),
	    ALLOW,
	    SKIP_UNLESS(SYS_seccomp, 19),
	    SKIP_WITHOUT(kernel->fakes_seccomp ? ~0U : 0, 1),
	    FAKE,
	    SKIP_WITHOUT(kernel->no_seccomp ? ~0U : 0, 1),
	    FAIL_IF(true, kernel->error),
	    LOAD_ARG(0),
	    SKIP_UNLESS(SECCOMP_GET_ACTION_AVAIL, 1),
	    FAIL_IF(kernel->no_actions, kernel->error),
	    SKIP_UNLESS(SECCOMP_GET_NOTIF_SIZES, 1),
	    FAIL_IF(kernel->no_sizes, kernel->error),
	    SKIP_UNLESS(SECCOMP_SET_MODE_FILTER, 9),
	    LOAD_ARG(1),
	    SKIP_UNLESS(kernel->fakes_flags ? kernel->fakes_flags : ~0U, 1),
	    FAKE,
	    SKIP_WITHOUT(kernel->no_flags, 1),
	    FAIL_IF(true, kernel->error),
	    LOAD_ARG(2),
	    SKIP_UNLESS(0, 1),
	    ALLOW,
	    FAIL_IF(kernel->load_error, kernel->load_error),
	    ALLOW,
	};

	if (kernel->fakes_prctl != PR_SET_NO_NEW_PRIVS)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	CHILD_EQUAL(kernel_load(program, sizeof(program) / sizeof(program[0])), 0);
}

void old_kernel_record_flags(void)
{
	const struct sock_filter program[] = {
	    LOAD_FIELD(offsetof(struct seccomp_data, nr)),
	    SKIP_UNLESS(SYS_seccomp, 5),
	    LOAD_ARG(0),
	    SKIP_UNLESS(SECCOMP_SET_MODE_FILTER, 3),
	    LOAD_ARG(1),
	    BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO | RECORDED),
	    BPF_STMT(BPF_RET | BPF_A, 0),
	    ALLOW,
	};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	CHILD_EQUAL(kernel_load(program, sizeof(program) / sizeof(program[0])), 0);
}

int old_kernel_supervise(unsigned operation)
{
	struct sock_filter insns[] = {
	    LOAD_FIELD(offsetof(struct seccomp_data, nr)),
	    SKIP_UNLESS(SYS_seccomp, 3),
	    LOAD_ARG(0),
	    SKIP_UNLESS(operation, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	    ALLOW,
	};
	struct sock_fprog program = {sizeof(insns) / sizeof(insns[0]), insns};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	CHILD_CHECK(listener >= 0);
	return (int)listener;
}
