#include "query/describe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bpf/disassemble.h"

enum { DECIMAL_MAX = 9999 };

enum { ARGUMENTS_MAX = 6, NAME_MAX_LENGTH = 40 };

/*
 * System calls by the number of their arguments, each name between two spaces. Source: the section 2 manual pages and the
 * kernel's own definitions.
 */
static const char *const names[ARGUMENTS_MAX] = {
    " fork vfork getpid getppid getuid getgid geteuid getegid getpgrp setsid sync pause gettid sched_yield "
    "munlockall "
    "rt_sigreturn sigreturn restart_syscall inotify_init vhangup getuid32 getgid32 geteuid32 getegid32 idle "
    "sgetmask ",
    " close exit exit_group brk dup pipe chdir fchdir rmdir unlink alarm setuid setgid setfsuid setfsgid "
    "getpgid getsid "
    "umask times uname sysinfo time stime fsync fdatasync syncfs chroot acct swapoff unshare epoll_create "
    "epoll_create1 "
    "eventfd set_tid_address personality mlockall userfaultfd adjtimex timer_delete timer_getoverrun "
    "io_destroy "
    "sched_getscheduler sched_get_priority_max sched_get_priority_min mq_unlink iopl nice set_thread_area "
    "get_thread_area inotify_init1 uselib oldumount setuid32 setgid32 setfsuid32 setfsgid32 ssetmask "
    "memfd_secret ",
    " stat fstat lstat stat64 fstat64 lstat64 creat rename link symlink mkdir chmod fchmod access munmap "
    "dup2 truncate "
    "ftruncate nanosleep kill tkill getrlimit setrlimit ugetrlimit getrusage gettimeofday settimeofday "
    "statfs fstatfs "
    "getcwd setpgid setreuid setregid getgroups setgroups utime umount2 umount swapon sethostname "
    "setdomainname listen "
    "shutdown flock signal sigaltstack rt_sigpending rt_sigsuspend getitimer clock_settime clock_gettime "
    "clock_getres clock_adjtime clock_settime64 clock_gettime64 clock_getres_time64 clock_adjtime64 "
    "timer_gettime "
    "timer_gettime64 timerfd_create timerfd_gettime timerfd_gettime64 io_setup eventfd2 pipe2 socketcall "
    "capget capset "
    "arch_prctl removexattr lremovexattr fremovexattr inotify_rm_watch memfd_create setns utimes "
    "sched_rr_get_interval "
    "sched_rr_get_interval_time64 sched_setparam sched_getparam mlock munlock msgget clone3 process_mrelease "
    "set_robust_list pidfd_open delete_module mq_notify pivot_root io_uring_setup landlock_restrict_self "
    "setreuid32 setregid32 getgroups32 setgroups32 ustat fsopen getpriority fanotify_init ioprio_get  ",
    " read write open lseek ioctl readv writev poll connect accept bind getsockname getpeername socket "
    "sendmsg recvmsg "
    "execve mknod chown fchown lchown getdents getdents64 readlink fcntl fcntl64 dup3 tgkill syslog msync "
    "mincore madvise "
    "mprotect setresuid getresuid setresgid getresgid shmget shmat semget semop shmctl msgctl "
    "setitimer sigaction sigprocmask unlinkat mkdirat faccessat fchmodat futimesat "
    "listxattr llistxattr flistxattr sched_setaffinity sched_getaffinity sched_setscheduler sched_setattr "
    "readahead "
    "timer_create io_cancel inotify_add_watch getrandom mlock2 seccomp bpf close_range "
    "getcpu set_mempolicy rt_sigqueueinfo fchown32 chown32 lchown32 setresuid32 getresuid32 setresgid32 "
    "getresgid32 "
    "finit_module init_module nfsservctl open_tree fspick statfs64 fstatfs64 "
    "get_robust_list cacheflush ioperm modify_ldt symlinkat "
    "landlock_create_ruleset mq_getsetattr pidfd_getfd lsm_list_modules membarrier "
    "map_shadow_stack open_by_handle_at setpriority io_submit fsmount ioprio_set waitpid sysfs mseal ",
    " wait4 rt_sigaction rt_sigprocmask socketpair pread64 pwrite64 pread pwrite accept4 sendfile sendfile64 "
    "ptrace quotactl openat mknodat newfstatat fstatat64 readlinkat utimensat utimensat_time64 reboot "
    "fallocate tee vmsplice epoll_ctl epoll_wait signalfd4 semtimedop semtimedop_time64 semctl msgsnd "
    "fadvise64 "
    "fadvise64_64 rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo timer_settime timer_settime64 "
    "timerfd_settime "
    "timerfd_settime64 clock_nanosleep clock_nanosleep_time64 getxattr lgetxattr fgetxattr pkey_mprotect "
    "openat2 "
    "faccessat2 fchmodat2 cachestat renameat prlimit64 rseq pidfd_send_signal io_uring_register "
    "landlock_add_rule quotactl_fd migrate_pages sendmmsg request_key "
    "mq_open lookup_dcookie set_mempolicy_home_node sched_getattr sync_file_range kexec_load statmount "
    "listmount lsm_get_self_attr lsm_set_self_attr futex_wake futex_requeue ",
    " mount prctl getsockopt setsockopt select _newselect mremap linkat renameat2 clone fchownat setxattr "
    "lsetxattr fsetxattr add_key keyctl name_to_handle_at perf_event_open execveat waitid ppoll ppoll_time64 "
    "io_getevents "
    "mq_timedsend mq_timedreceive mq_timedsend_time64 mq_timedreceive_time64 recvmmsg recvmmsg_time64 preadv "
    "pwritev "
    "msgrcv statx kcmp remap_file_pages get_mempolicy fanotify_mark kexec_file_load process_madvise "
    "move_mount fsconfig "
    "mount_setattr futex_waitv _llseek open_tree_attr ",
};

/* How many arguments a system call takes: 0 to 6, and 6 for a name that is not in the list, or NULL. */
static unsigned argument_count(const char *name)
{
	char between[NAME_MAX_LENGTH + 3];

	if (!name || strlen(name) > NAME_MAX_LENGTH)
		return ARGUMENTS_MAX;
	snprintf(between, sizeof(between), " %s ", name);
	for (unsigned i = 0; i < ARGUMENTS_MAX; i++)
		if (strstr(names[i], between))
			return i;
	return ARGUMENTS_MAX;
}

/* Error numbers 1 to 34 are the same on every architecture; 38 is ENOSYS on nearly all. */
static bool is_common_error(uint32_t number)
{
	return number <= 34 || number == 38;
}

void describe_action(uint32_t action, struct strbuf *out)
{
	uint32_t data = action & SECCOMP_RET_DATA;
	bool error = (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
	char text[CALLGATE_ACTION_TEXT];

	callgate_action_text(action, text);
	if (error && !is_common_error(data))
		bpf_format_action(action, out);
	else
		strbuf_append(out, text);
}

static const char *name_of(uint32_t audit, uint32_t nr)
{
	const struct callgate_arch *arch = arch_of_call(audit, nr);

	return arch ? arch_syscall_name(arch, (int32_t)nr) : NULL;
}

static void describe_number(uint64_t number, struct strbuf *out)
{
	strbuf_printf(out, number <= DECIMAL_MAX ? "%" PRIu64 : "0x%" PRIx64, number);
}

static void describe_arguments(const struct seccomp_data *call, witness_fields depends, unsigned count,
                               struct strbuf *out)
{
	for (unsigned i = count; i < 6; i++)
		if (depends >> i & 1)
			count = i + 1;
	strbuf_append(out, "(");
	for (unsigned i = 0; i < count; i++) {
		strbuf_append(out, i ? ", " : "");
		if (depends >> i & 1)
			describe_number(call->args[i], out);
		else
			strbuf_append(out, "*");
	}
	strbuf_append(out, ")");
}

void describe_number_of_call(uint32_t audit, uint32_t nr, struct strbuf *out)
{
	const char *name = name_of(audit, nr);

	if (name)
		strbuf_append(out, name);
	else if (nr == UINT32_MAX)
		strbuf_append(out, "call number -1");
	else {
		strbuf_append(out, "call number ");
		describe_number(nr, out);
	}
}

void describe_call(const struct seccomp_data *call, witness_fields depends, struct strbuf *out)
{
	uint32_t nr = (uint32_t)call->nr;
	const struct callgate_arch *arch = arch_of_call(call->arch, nr);

	describe_number_of_call(call->arch, nr, out);
	describe_arguments(call, depends, argument_count(name_of(call->arch, nr)), out);
	if (depends >> INPUT_IP & 1)
		strbuf_printf(out, " at instruction 0x%llx", (unsigned long long)call->instruction_pointer);
	if (arch)
		strbuf_printf(out, " on %s", arch->name);
	else
		strbuf_printf(out, " on architecture 0x%08x", call->arch);
	if (arch_nr_is_no_call(nr))
		strbuf_append(out, ", which is no system call");
}
