#include "load/refusal.h"

#include <assert.h>
#include <errno.h>

#include <linux/seccomp.h>

#include "base/confine.h"
#include "base/errors.h"
#include "bpf/program.h"
#include "load/features.h"
#include "load/thread.h"

/* Linux's own ENOTSUPP, which user space has no name for. */
enum { KERNEL_ENOTSUPP = 524 };

/* Why a program was refused; errors that say nothing more than their name are not here. */
static const struct reason {
	int error;
	const char *text;
} reasons[] = {
    {EACCES,
     "no_new_privs is not set and the thread lacks CAP_SYS_ADMIN in its user namespace: leave CTL_NNP at 1"},
    {EBUSY, "a filter of this thread has a listener already, and there can be only one"},
    {EFAULT, "the program could not be read"},
    {EINVAL, "the kernel has no seccomp filters, or the thread is in strict mode"},
    {EMFILE, "no file descriptor is left for the listener"},
    {ENFILE, "no file is left for the listener"},
    {ENOSYS, "the kernel has no such call, or an older filter of this thread hides it"},
    {EPERM, "an older filter of this thread, such as a container's, forbids it"},
    {KERNEL_ENOTSUPP,
     "the memory for compiled filters is used up: raise the sysctl net.core.bpf_jit_limit, or load fewer "
     "filters"},
};

static const char *reason_of(int error)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].error == error)
			return reasons[i].text;
	return NULL;
}

static const char *name_of(int error)
{
	return error == KERNEL_ENOTSUPP ? "ENOTSUPP (524)" : error_name((unsigned)error);
}

const char *refusal_name(int error)
{
	const char *name = name_of(error);

	return name ? name : "an unknown error";
}

static void begin(const char *what, int result, struct diag *diag)
{
	assert(result < 0);
	diag_add(diag, what);
	if (name_of(-result)) {
		diag_add(diag, refusal_name(-result));
	} else {
		diag_add(diag, "errno ");
		diag_add_number(diag, (size_t)-result);
	}
}

int refusal_of_no_new_privileges(int result, struct diag *diag)
{
	begin("no_new_privs could not be set: ", result, diag);
	if (result == -EPERM || result == -ENOSYS)
		diag_add(diag, ": an older filter of this thread, such as a container's, forbids prctl(2)");
	return result;
}

int refusal_of_fake(const char *what, struct diag *diag)
{
	diag_add(diag, what);
	diag_add(diag, " is faked: " CONFINE_FAKED_TEXT ", so the filter was not loaded");
	return -EACCES;
}

static void add_length(size_t length, struct diag *diag)
{
	diag_add(diag, ": memory is out, or the filters of this thread, which may have ");
	diag_add_number(diag, BPF_PATH_MAX);
	diag_add(diag, " eBPF instructions together, leave no room for the ");
	diag_add_number(diag, length);
	diag_add(diag, " of this one");
}

int refusal_of_program(int result, unsigned flags, size_t length, struct diag *diag)
{
	const char *reason = reason_of(-result);
	const struct load_feature_facts *flag = result == -EINVAL ? load_refused_flag(flags) : NULL;

	begin("the kernel refused the filter: ", result, diag);
	if (result == -ENOMEM) {
		add_length(length, diag);
	} else if (flag) {
		diag_add(diag, ": ");
		diag_add(diag, flag->name);
		diag_add(diag, " needs Linux ");
		diag_add(diag, flag->since);
	} else if (reason) {
		diag_add(diag, ": ");
		diag_add(diag, reason);
	}
	return result;
}

int refusal_of_thread(int thread, struct diag *diag)
{
	char name[THREAD_NAME_SIZE] = "";

	assert(thread >= 0);
	diag_add(diag, thread ? "thread " : "a thread");
	if (thread) {
		diag_add_number(diag, (size_t)thread);
		/* A filter of our own might kill us for opening a file. */
		if (thread_is_free())
			thread_name(thread, name);
	}
	if (name[0]) {
		diag_add(diag, " (");
		diag_add(diag, name);
		diag_add(diag, ")");
	}
	diag_add(diag, " could not be synchronised: it has a filter that the calling thread lacks, or is in "
	               "strict mode");
	return -ESRCH;
}
