#include "load/load.h"

#include <errno.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include "load/features.h"
#include "load/kernel.h"
#include "load/refusal.h"
#include "load/stack.h"

static unsigned flags_of(const struct load_request *request)
{
	unsigned flags = 0;

	if (request->synchronise_threads)
		flags |= SECCOMP_FILTER_FLAG_TSYNC;
	if (request->synchronise_threads && !request->has_listener && load_has(LOAD_TSYNC_ESRCH))
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

static int load_by_prctl(struct sock_fprog *fprog, struct diag *diag)
{
	int result = kernel_prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (unsigned long)fprog);

	return result < 0 ? refusal_explain(result, 0, diag) : 0;
}

static int name_thread(int thread, struct diag *diag)
{
	return diag_fail(
	    diag, -ESRCH,
	    "thread %d could not be synchronised: it has filters that this thread lacks, or strict mode",
	    thread);
}

/*
 * With TSYNC_ESRCH the kernel says that a thread could not follow, but not which. Without a listener the older form can be
 * asked, which says it; and should the thread have gone meanwhile, the filter is loaded.
 */
static int ask_for_thread(unsigned flags, struct sock_fprog *fprog, struct diag *diag)
{
	if (flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)
		return refusal_explain(-ESRCH, flags, diag);
	flags &= ~(unsigned)SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	int result = kernel_seccomp(SECCOMP_SET_MODE_FILTER, flags, fprog);
	if (result > 0)
		return name_thread(result, diag);
	return result < 0 ? refusal_explain(result, flags, diag) : 0;
}

static int load_one(const struct load_request *request, struct callgate_program *program, struct diag *diag,
                    int *ret_listener)
{
	struct sock_fprog fprog = {.len = (unsigned short)program->count, .filter = program->insns};
	unsigned flags = flags_of(request);

	if (!load_has(LOAD_SECCOMP))
		return load_by_prctl(&fprog, diag);
	int result = kernel_seccomp(SECCOMP_SET_MODE_FILTER, flags, &fprog);
	if (result == -ESRCH && (flags & SECCOMP_FILTER_FLAG_TSYNC_ESRCH))
		return ask_for_thread(flags, &fprog, diag);
	if (result < 0)
		return refusal_explain(result, flags, diag);
	if (request->wants_listener)
		*ret_listener = result;
	else if (result > 0)
		return name_thread(result, diag);
	return 0;
}

/* What the kernel would refuse only halfway, or could not do as asked. */
static int check(const struct load_request *request, struct diag *diag)
{
	if (request->wants_listener && request->synchronise_threads && !load_has(LOAD_TSYNC_ESRCH))
		return diag_fail(
		    diag, -EINVAL,
		    "a listener together with CTL_TSYNC needs Linux 5.7 (API level %u is in force)",
		    load_level());
	if (request->count > 1 && request->wants_listener)
		return diag_fail(diag, -E2BIG,
		                 "the policy needs %zu stacked programs, and a listener can be on one only: "
		                 "make the policy smaller",
		                 request->count);
	return request->count > 1 ? stack_check(request->programs, request->count, diag) : 0;
}

int load_programs(const struct load_request *request, struct diag *diag, int *ret_listener)
{
	int result = check(request, diag);

	if (result < 0)
		return result;
	if (request->no_new_privileges) {
		result = kernel_prctl(PR_SET_NO_NEW_PRIVS, 1, 0);
		if (result < 0)
			return diag_fail(diag, result, "no_new_privs could not be set: errno %d", -result);
	}
	for (size_t i = 0; i < request->count; i++) {
		result = load_one(request, request->programs[i], diag, ret_listener);
		if (result < 0)
			return i == 0 ? result : stack_explain(i, request->count, result, diag);
	}
	return 0;
}
