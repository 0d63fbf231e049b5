#include "load/load.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "base/confine.h"
#include "base/raw.h"
#include "base/strbuf.h"
#include "bpf/program.h"
#include "load/features.h"

/*
 * The calling thread, its fellows, and the filters that they have. What /proc says is not certain to be there: /proc
 * may be missing or hidden, and a filter of the thread may answer open(2) with death, so ask only where that cannot be
 * or is worth it.
 */

/* True if the calling thread certainly has no filter: what it does, nothing forbids. */
static bool thread_is_free(void)
{
	return raw_prctl(PR_GET_SECCOMP, 0, 0) == 0;
}

/* A number of the calling thread's status, 0 where the kernel does not say; /proc/self would be the main thread's. */
static size_t status_number(const char *name)
{
	int fd = raw_open("/proc/thread-self/status", O_RDONLY);
	size_t number = fd >= 0 ? raw_read_number(fd, name) : 0;

	raw_close(fd);
	return number;
}

enum { THREAD_NAME_SIZE = 16 }; /* TASK_COMM_LEN */

/* The name of a thread of this process, cut to its size; "" where the kernel does not say. */
static void thread_name(int thread, char ret_name[THREAD_NAME_SIZE])
{
	static const char start[] = "/proc/self/task/", end[] = "/comm";
	char path[sizeof(start) + DECIMAL_SIZE + sizeof(end)];

	strcpy(decimal_write(stpcpy(path, start), (size_t)thread), end);
	int fd = raw_open(path, O_RDONLY);
	long length = fd >= 0 ? raw_read(fd, ret_name, THREAD_NAME_SIZE) : 0;
	raw_close(fd);
	/* The last byte read is a newline. */
	ret_name[length > 0 ? length - 1 : 0] = '\0';
}

/* The least a filter adds: one RET K, converted, and what the kernel adds for each. */
enum { SHORTEST_FILTER = 5 + BPF_PATH_OVERHEAD };

/*
 * What the thread has loaded through this library. A child of fork() rightly inherits it with its filters; a new thread
 * begins with nothing, which is less than it has, and thus harmless. A child that shares memory (vfork) adds filters
 * that this thread does not have, which is noticed once there are more of them than the thread has filters in all.
 */
static _Thread_local struct {
	size_t filters;
	size_t length; /* on the path */
} own;

void load_prepare(void)
{
	(void)*(volatile size_t *)&own.filters;
}

static void record(const struct callgate_program *program)
{
	own.filters++;
	own.length += bpf_ebpf_length(program) + BPF_PATH_OVERHEAD;
}

/*
 * What the thread's filters take at least. The kernel says how many there are; where it does not, nothing is certain,
 * and where there are fewer than were recorded, the record is not this thread's.
 */
static size_t existing_length(size_t filters)
{
	if (filters < own.filters)
		own.filters = own.length = 0;
	assert(own.length >= own.filters * SHORTEST_FILTER);
	return own.length + (filters - own.filters) * SHORTEST_FILTER;
}

/*
 * Do the programs fit on the path of the calling thread: all its filters, each of which the kernel runs for every call?
 * The path limits their common length in eBPF instructions (BPF_PATH_MAX). A single program is tried, and refused as a
 * whole; several must not stop halfway, so they are counted first. -ENOMEM, the kernel's own errno, only where they
 * certainly do not: filters that others loaded are counted with the least length a filter can have. 0 otherwise, and
 * then the kernel decides.
 */
static int check_room(struct callgate_program *const *programs, size_t count, struct diag *diag)
{
	size_t filters = thread_is_free() ? 0 : status_number("\nSeccomp_filters:"), length = existing_length(filters);

	for (size_t i = 0; i < count; i++)
		length += bpf_ebpf_length(programs[i]) + (i > 0 ? BPF_PATH_OVERHEAD : 0);
	if (length <= BPF_PATH_MAX)
		return 0;
	diag_add(diag,
	         "%zu programs, with the %zu filters that this thread has, are at least %zu eBPF instructions "
	         "long, and the kernel takes %zu; nothing was loaded: make the policy smaller, or load it "
	         "earlier",
	         count, filters, length, (size_t)BPF_PATH_MAX);
	return -ENOMEM;
}

/* Linux's own ENOTSUPP, which user space has no name for. */
enum { KERNEL_ENOTSUPP = 524 };

/* Why a program was refused; errors that say nothing more than their name are not here. */
static const struct reason {
	int error;
	const char *text;
} reasons[] = {
    {EACCES, "no_new_privs is not set and the thread lacks CAP_SYS_ADMIN in its user namespace: leave CTL_NNP at 1"},
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

/* Adds to the text, which says what a refusal means and what to do about it; its value is the result to be returned. */
#define refuse(diag, result, ...) (diag_add((diag), __VA_ARGS__), (result))

static void begin(const char *what, int result, struct diag *diag)
{
	const char *name = name_of(-result);

	assert(result < 0);
	if (name)
		diag_add(diag, "%s: %s", what, name);
	else
		diag_add(diag, "%s: errno %zu", what, (size_t)-result);
}

static int refuse_fake(const char *what, struct diag *diag)
{
	return refuse(diag, -EACCES, "%s is faked: " CONFINE_FAKED_TEXT ", so the filter was not loaded", what);
}

/* A program of `length` eBPF instructions: by seccomp(2) with these flags, or by prctl(2) without any. */
static int refuse_program(int result, unsigned flags, size_t length, struct diag *diag)
{
	const char *reason = reason_of(-result);
	const struct load_feature_facts *flag = result == -EINVAL ? load_refused_flag(flags) : NULL;

	begin("the kernel refused the filter", result, diag);
	if (result == -ENOMEM)
		diag_add(diag,
		         ": memory is out, or the filters of this thread, which may have %zu eBPF "
		         "instructions together, leave no room for the %zu of this one",
		         (size_t)BPF_PATH_MAX, length);
	else if (flag)
		diag_add(diag, ": %s needs Linux %s", flag->name, flag->since);
	else if (reason)
		diag_add(diag, ": %s", reason);
	return result;
}

/* Which thread could not be synchronised; 0 where the kernel does not say. */
static int refuse_thread(int thread, struct diag *diag)
{
	char name[THREAD_NAME_SIZE] = "";

	assert(thread >= 0);
	/* A filter of our own might kill us for opening a file. */
	if (thread && thread_is_free())
		thread_name(thread, name);
	if (thread)
		diag_add(diag, "thread %zu", (size_t)thread);
	else
		diag_add(diag, "a thread");
	if (name[0])
		diag_add(diag, " (%s)", name);
	return refuse(diag, -ESRCH,
	              " could not be synchronised: it has a filter that the calling thread lacks, or is in "
	              "strict mode");
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
 * With TSYNC_ESRCH the kernel says that a thread could not follow, but not which. Without a listener the older form can
 * be asked, which returns its number; and should the thread have gone meanwhile, the filter is loaded.
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

/*
 * prctl(2) has no flags: what they would add to the filter is left out. This way is for kernels without seccomp(2), not
 * for filters that fake it.
 */
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
		return refuse_fake(modern ? "seccomp(2)" : "prctl(2) or seccomp(2)", diag);
	if (result == -ESRCH)
		return refuse_thread(0, diag);
	if (result < 0)
		return refuse_program(result, flags, bpf_ebpf_length(program), diag);
	if (flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)
		*ret_listener = result;
	else if (result > 0)
		return refuse_thread(result, diag);
	record(program);
	return 0;
}

/* What could not be done as asked, or only halfway. */
static int check(const struct load_request *request, struct diag *diag)
{
	for (size_t i = 0; i < request->count; i++)
		if (request->programs[i]->big_endian != bpf_host_is_big_endian())
			return refuse(diag, -EINVAL, "the filter is for machines of the other byte order");
	if (request->wants_listener && request->synchronise_threads && !load_has(LOAD_TSYNC_ESRCH))
		return refuse(diag, -EINVAL, "a listener together with CTL_TSYNC needs Linux %s",
		              load_feature_facts(LOAD_TSYNC_ESRCH)->since);
	if (request->synchronise_threads && !load_has(LOAD_SECCOMP) && status_number("\nThreads:") > 1)
		return refuse(diag, -EOPNOTSUPP,
		              "CTL_TSYNC needs seccomp(2), Linux 3.17: prctl(2) would confine one thread only");
	if (request->count > 1 && request->wants_listener)
		return refuse(diag, -E2BIG,
		              "the policy needs several programs, and a listener can be on one only; nothing "
		              "was loaded: make the policy smaller");
	return request->count > 1 ? check_room(request->programs, request->count, diag) : 0;
}

static int load_all(const struct load_request *request, struct diag *diag, int *ret_listener)
{
	for (size_t i = 0; i < request->count; i++) {
		struct diag reason = {""};
		int result = load_one(request, request->programs[i], &reason, ret_listener);
		if (result < 0 && i > 0)
			diag_add(diag, "partly confined: %zu of %zu programs are loaded, and will stay; then: ", i,
			         request->count);
		if (result < 0)
			return refuse(diag, result, "%s", reason.text);
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
		return refuse_fake("prctl(2) of no_new_privs", diag);
	if (result < 0) {
		begin("no_new_privs could not be set", result, diag);
		return result != -EPERM && result != -ENOSYS
		           ? result
		           : refuse(diag, result,
		                    ": an older filter of this thread, such as a container's, forbids prctl(2)");
	}
	return load_all(request, diag, ret_listener);
}
