#include "process/child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/raw.h"

const char *child_step_name(enum child_step step)
{
	static const char *const names[] = {
	    [CHILD_STEP_FDS] = "arranging descriptors",
	    [CHILD_STEP_LIMITS] = "setting limits",
	    [CHILD_STEP_PRIVILEGES] = "dropping privileges",
	    [CHILD_STEP_FILES] = "limiting the files that are read",
	    [CHILD_STEP_HANDLER] = "installing the SIGSYS handler",
	    [CHILD_STEP_CONFINE] = "entering the confinement",
	    [CHILD_STEP_PROCESS] = "making the plugin's process",
	};

	return (size_t)step < sizeof(names) / sizeof(names[0]) ? names[step] : "an unknown step";
}

const char *child_error_text(int error)
{
	return -error == CONFINE_FAKED ? CONFINE_FAKED_TEXT : strerror(error);
}

/* Before Linux 5.9: one by one, up to the largest number that can be open. */
UNCHECKED static int close_each_from(unsigned first)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	for (rlim_t fd = first; fd < limit.rlim_max && fd < 1 << 20; fd++)
		syscall(SYS_close, (int)fd);
	return 0;
}

UNCHECKED static bool is_open(int fd)
{
	return syscall(SYS_fcntl, fd, F_GETFD) >= 0;
}

/* A descriptor that is to be closed: a new one, or, where that can't be had, one of the next; -1: none is there. */
UNCHECKED static int find_witness(unsigned first)
{
	enum { NEXT = 64 };

	for (int fd = 0; fd < (int)first; fd++) {
		int copy = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, (int)first);
		if (copy >= (int)first)
			return copy;
	}
	for (int fd = (int)first; fd < (int)first + NEXT; fd++)
		if (is_open(fd))
			return fd;
	return -1;
}

UNCHECKED int child_close_from(unsigned first)
{
	int witness = find_witness(first), result = 0;

	if (syscall(SYS_close_range, first, ~0U, 0) == 0 && !(witness >= 0 && is_open(witness)))
		return 0;
	result = close_each_from(first);
	return result == 0 && witness >= 0 && is_open(witness) ? CONFINE_FAKED : result;
}

UNCHECKED void child_reset_signals(void)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int number = 1; number <= SIGRTMAX; number++)
		sigaction(number, &standard, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The pages that are mapped now, the first number of /proc/self/statm; 0 if they are not known. */
UNCHECKED static uint64_t mapped_pages(void)
{
	char text[64];
	uint64_t pages = 0;
	int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/statm", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	long count = raw_read(fd, text, sizeof(text));
	for (long i = 0; i < count && text[i] >= '0' && text[i] <= '9'; i++)
		pages = pages * 10 + (uint64_t)(text[i] - '0');
	syscall(SYS_close, fd);
	return pages;
}

/* As the kernel has them; what C libraries call the type of a resource differs. */
struct limit {
	uint64_t soft, hard;
};

UNCHECKED static int set_limit(int resource, uint64_t soft, uint64_t hard)
{
	struct limit present = {UINT64_MAX, UINT64_MAX};

	if (syscall(SYS_prlimit64, 0, resource, NULL, &present) < 0)
		return -errno;
	uint64_t most = present.hard < hard ? present.hard : hard;
	const struct limit limit = {soft < most ? soft : most, most};
	if (syscall(SYS_prlimit64, 0, resource, &limit, NULL) < 0)
		return -errno;
	present = (struct limit){~limit.soft, ~limit.hard};
	if (syscall(SYS_prlimit64, 0, resource, NULL, &present) < 0)
		return -errno;
	return present.soft == limit.soft && present.hard == limit.hard ? 0 : CONFINE_FAKED;
}

UNCHECKED int child_limit(const struct child_limits *limits)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), space;

	if (__builtin_add_overflow(mapped_pages() * page, limits->memory, &space))
		space = RLIM_INFINITY;
	int result = set_limit(RLIMIT_AS, space, space);
	if (result == 0)
		result = set_limit(RLIMIT_CORE, 0, 0);
	if (result == 0)
		result = set_limit(RLIMIT_FSIZE, 0, 0);
	if (result == 0)
		result = set_limit(RLIMIT_NPROC, 0, 0);
	if (result == 0 && limits->fds)
		result = set_limit(RLIMIT_NOFILE, limits->fds, limits->fds);
	if (result == 0 && limits->cpu_seconds)
		result = set_limit(RLIMIT_CPU, limits->cpu_seconds, limits->cpu_seconds + 1ULL);
	return result;
}

/*
 * What the kernel says afterwards is 0, which is what a filter would say too; so it is asked for what it never grants,
 * as well.
 */
UNCHECKED int child_hide_memory(void)
{
	enum { ONLY_FOR_ROOT = 2 };

	if (prctl(PR_SET_DUMPABLE, ONLY_FOR_ROOT, 0, 0, 0) >= 0)
		return CONFINE_FAKED;
	if (errno != EINVAL || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : CONFINE_FAKED;
}

UNCHECKED int child_load_filter(const void *filter, size_t size)
{
	struct sock_fprog program = {
	    .len = (unsigned short)(size / sizeof(struct sock_filter)),
	    .filter = (struct sock_filter *)(uintptr_t)filter,
	};

	assert(size && size % sizeof(struct sock_filter) == 0 && size / sizeof(struct sock_filter) <= BPF_MAXINSNS);
	return confine_by_prctl(&program);
}

UNCHECKED void child_report(int fd, struct report report)
{
	report.magic = REPORT_MAGIC;
	raw_write(fd, &report, sizeof(report));
}

UNCHECKED void child_require(int fd, enum child_step step, int result)
{
	assert(result <= 0);
	if (result == 0)
		return;
	child_report(fd, (struct report){.kind = REPORT_FAILED, .value = -result, .detail = (int32_t)step});
	raw_exit(1);
}

/* Where the handler writes. Of this process alone: a handler has no other way to know. */
static int report_fd = -1;

/*
 * Should exit itself be forbidden, the handler would be entered again by its own call, which blocked SIGSYS turns into
 * death by SIGSYS.
 */
UNCHECKED static void on_trap(int number, siginfo_t *info, void *machine)
{
	(void)number, (void)machine;
	child_report(report_fd,
	             (struct report){.kind = REPORT_FORBIDDEN, .detail = info->si_syscall, .arch = info->si_arch});
	raw_exit(1);
}

UNCHECKED int child_report_traps(int fd)
{
	struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};

	assert(fd >= 0);
	report_fd = fd;
	return sigaction(SIGSYS, &action, NULL) < 0 ? -errno : 0;
}

UNCHECKED int child_end_with_parent(int number)
{
	int present = 0;

	if (prctl(PR_SET_PDEATHSIG, number, 0, 0, 0) < 0 || prctl(PR_GET_PDEATHSIG, &present, 0, 0, 0) < 0)
		return -errno;
	return present == number ? 0 : CONFINE_FAKED;
}
