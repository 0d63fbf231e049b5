#include "load/load.h"

#include <errno.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include "load/features.h"
#include "load/kernel.h"

static unsigned flags_of(const struct load_request *request)
{
	unsigned flags = 0;

	if (request->synchronise_threads)
		flags |= SECCOMP_FILTER_FLAG_TSYNC;
	if (request->synchronise_threads && request->wants_listener)
		flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	if (request->log)
		flags |= SECCOMP_FILTER_FLAG_LOG;
	if (request->allow_speculation)
		flags |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	if (request->wants_listener)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	if (request->wants_listener && request->wait_killable)
		flags |= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	return flags;
}

static int load_one(const struct load_request *request, struct callgate_program *program, struct diag *diag,
                    int *ret_listener)
{
	struct sock_fprog fprog = {.len = (unsigned short)program->count, .filter = program->insns};
	int result;

	if (!load_has(LOAD_SECCOMP))
		result = kernel_prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (unsigned long)&fprog);
	else
		result = kernel_seccomp(SECCOMP_SET_MODE_FILTER, flags_of(request), &fprog);
	if (result < 0)
		return diag_fail(diag, result, "the kernel refused the filter: errno %d", -result);
	if (result > 0 && request->wants_listener)
		*ret_listener = result;
	else if (result > 0)
		return diag_fail(diag, -ESRCH, "thread %d could not be synchronised", result);
	return 0;
}

int load_programs(const struct load_request *request, struct diag *diag, int *ret_listener)
{
	if (request->no_new_privileges) {
		int result = kernel_prctl(PR_SET_NO_NEW_PRIVS, 1, 0);
		if (result < 0)
			return diag_fail(diag, result, "no_new_privs could not be set: errno %d", -result);
	}
	for (size_t i = 0; i < request->count; i++) {
		int result = load_one(request, request->programs[i], diag, ret_listener);
		if (result < 0)
			return result;
	}
	return 0;
}
