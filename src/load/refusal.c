#include "load/refusal.h"

#include <errno.h>
#include <stddef.h>

#include <linux/seccomp.h>

/* Linux's own ENOTSUPP, which user space has no name for. */
enum { KERNEL_ENOTSUPP = 524 };

static const struct refusal {
	int error;
	const char *name, *text;
} refusals[] = {
    {EACCES, "EACCES",
     "no_new_privs is not set and the process lacks CAP_SYS_ADMIN: leave CTL_NNP at 1, or load as root"},
    {EBUSY, "EBUSY", "a filter of this thread has a listener already, and there can be only one"},
    {EFAULT, "EFAULT", "the program could not be read"},
    {EINVAL, "EINVAL",
     "it does not know one of the flags, or seccomp filters are switched off, or the thread is in strict "
     "mode"},
    {ENOMEM, "ENOMEM",
     "memory is out, or the filters of this thread are together longer than 32768 eBPF instructions: load "
     "fewer"},
    {ENOSYS, "ENOSYS", "it has no seccomp(2), or an older filter of this thread hides it"},
    {EPERM, "EPERM", "an older filter of this thread, perhaps a container's, forbids seccomp(2) or prctl(2)"},
    {ESRCH, "ESRCH", "a thread has filters that this one lacks, so they could not be synchronised"},
    {KERNEL_ENOTSUPP, "ENOTSUPP (524)",
     "the memory for compiled filters is used up: raise sysctl net.core.bpf_jit_limit, or load fewer "
     "filters"},
};

int refusal_explain(int result, unsigned flags, struct diag *diag)
{
	if (result == -EINVAL && (flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV))
		return diag_fail(diag, result,
		                 "the kernel refused the filter: EINVAL: CTL_WAITKILL needs Linux 5.19");
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i].error == -result)
			return diag_fail(diag, result, "the kernel refused the filter: %s: %s",
			                 refusals[i].name, refusals[i].text);
	return diag_fail(diag, result, "the kernel refused the filter: errno %d", -result);
}
