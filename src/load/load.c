#include "load/load.h"

#include <assert.h>
#include <errno.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "base/confine.h"
#include "bpf/program.h"
#include "load/features.h"
#include "load/refusal.h"
#include "load/thread.h"

static int refuse(int result, const char *text, struct diag *diag)
{
	diag_add(diag, text);
	return result;
}

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
	assert(!(flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) || flags & SECCOMP_FILTER_FLAG_NEW_LISTENER);
	assert(!(flags & SECCOMP_FILTER_FLAG_TSYNC_ESRCH) || flags & SECCOMP_FILTER_FLAG_TSYNC);
	return flags;
}

/*
 * With TSYNC_ESRCH the kernel says that a thread could not follow, but not which. Without a listener the older form can be
 * asked, which returns its number; and should the thread have gone meanwhile, the filter is loaded.
 */
static int load_by_seccomp(unsigned *flags, struct sock_fprog *fprog)
{
	int result = confine_by_seccomp(*flags, fprog);

	if (result != -ESRCH || !(*flags & SECCOMP_FILTER_FLAG_TSYNC_ESRCH) ||
	    (*flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
		return result;
	*flags &= ~(unsigned)SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	return confine_by_seccomp(*flags, fprog);
}

/* prctl(2) has no flags: what they would add to the filter is left out. It is for kernels without seccomp(2), not for those who fake it. */
static int load_by_prctl(struct sock_fprog *fprog)
{
	return load_is_faked() ? CONFINE_FAKED : confine_by_prctl(fprog);
}

/* After a successful load no system call is made: the new filter may kill for any. */
static int load_one(const struct load_request *request, struct callgate_program *program, struct diag *diag,
                    int *ret_listener)
{
	struct sock_fprog fprog = {.len = (unsigned short)program->count, .filter = program->insns};
	bool modern = load_has(LOAD_SECCOMP);
	unsigned flags = modern ? flags_of(request) : 0;
	int result = modern ? load_by_seccomp(&flags, &fprog) : load_by_prctl(&fprog);

	assert(program->count > 0 && program->count <= BPF_PROGRAM_MAX && fprog.len == program->count);
	if (result == CONFINE_FAKED)
		return refusal_of_fake(modern ? "seccomp(2)" : "prctl(2) or seccomp(2)", diag);
	if (result == -ESRCH)
		return refusal_of_thread(0, diag);
	if (result < 0)
		return refusal_of_program(result, flags, bpf_ebpf_length(program), diag);
	if (flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)
		*ret_listener = result;
	else if (result > 0)
		return refusal_of_thread(result, diag);
	thread_record(program);
	return 0;
}

int load_check(struct callgate_program *const *programs, size_t count, struct diag *diag)
{
	for (size_t i = 0; i < count; i++) {
		int result = bpf_accept(programs[i], diag);
		if (result < 0)
			return result;
	}
	return 0;
}

/* What could not be done as asked, or only halfway. */
static int check(const struct load_request *request, struct diag *diag)
{
	for (size_t i = 0; i < request->count; i++)
		if (request->programs[i]->big_endian != bpf_host_is_big_endian())
			return refuse(-EINVAL, "the filter is for machines of the other byte order", diag);
	if (request->wants_listener && request->synchronise_threads && !load_has(LOAD_TSYNC_ESRCH)) {
		diag_add(diag, "a listener together with CTL_TSYNC needs Linux ");
		return refuse(-EINVAL, load_feature_facts(LOAD_TSYNC_ESRCH)->since, diag);
	}
	if (request->synchronise_threads && !load_has(LOAD_SECCOMP) && thread_count() > 1)
		return refuse(
		    -EOPNOTSUPP,
		    "CTL_TSYNC needs seccomp(2), Linux 3.17: prctl(2) would confine one thread only", diag);
	if (request->count > 1 && request->wants_listener)
		return refuse(-E2BIG,
		              "the policy needs several programs, and a listener can be on one only; nothing "
		              "was loaded: "
		              "make the policy smaller",
		              diag);
	return request->count > 1 ? thread_check_room(request->programs, request->count, diag) : 0;
}

static int load_all(const struct load_request *request, struct diag *diag, int *ret_listener)
{
	for (size_t i = 0; i < request->count; i++) {
		struct diag reason = {""};
		int result = load_one(request, request->programs[i], &reason, ret_listener);
		if (result < 0 && i > 0) {
			diag_add(diag, "partly confined: ");
			diag_add_number(diag, i);
			diag_add(diag, " of ");
			diag_add_number(diag, request->count);
			diag_add(diag, " programs are loaded, and will stay; then: ");
		}
		if (result < 0)
			return refuse(result, reason.text, diag);
	}
	return 0;
}

int load_programs(const struct load_request *request, struct diag *diag, int *ret_listener)
{
	assert(request->count > 0);
	assert(!(request->wants_listener && request->has_listener));
	int result = check(request, diag);

	if (result < 0)
		return result;
	if (request->no_new_privileges)
		result = confine_no_new_privileges();
	if (result == CONFINE_FAKED)
		return refusal_of_fake("prctl(2) of no_new_privs", diag);
	if (result < 0)
		return refusal_of_no_new_privileges(result, diag);
	return load_all(request, diag, ret_listener);
}
