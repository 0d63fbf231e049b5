/*
 * probe [--x86 | --traced] CALL [ARGUMENT...]
 * probe --number CALL
 *
 * Makes one system call and prints what became of it: "CALL returned N", "CALL failed: EPERM", "CALL trapped:
 * data 0", "CALL traced: data 7", "CALL killed: SIGSYS". A call that kills prints nothing, unless it is
 * traced. CALL is a name from the list below or a number, arguments are numbers, those left out are 0: a call
 * which takes a path and gets through fails with EFAULT and so does no harm. --x86 makes the call through the
 * 32-bit entry, where CALL must be a number of that architecture. --traced makes the call in a child with
 * this process as the tracer.
 *
 * --number translates a name for scripts, which have no headers to look into.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

enum { arguments_max = 6 };

static const struct {
	const char *name;
	long nr;
} calls[] = {
    {"chmod", SYS_chmod},
    {"clone", SYS_clone},
    {"clone3", SYS_clone3},
    {"creat", SYS_creat},
    {"execve", SYS_execve},
    {"fchmodat", SYS_fchmodat},
    {"getuid", SYS_getuid},
    {"lchown", SYS_lchown},
    {"mkdir", SYS_mkdir},
    {"mknod", SYS_mknod},
    {"mount", SYS_mount},
    {"openat", SYS_openat},
    {"personality", SYS_personality},
    {"ptrace", SYS_ptrace},
    {"sched_setscheduler", SYS_sched_setscheduler},
    {"socket", SYS_socket},
    {"statx", SYS_statx},
    {"truncate", SYS_truncate},
    {"unshare", SYS_unshare},
};

static const char *call_name;

/* The handler leaves at once: what a trapped call returns is of no interest. */
static void report_trap(int signal, siginfo_t *info, void *context)
{
	char line[128];
	(void)signal;
	(void)context;
	const char *how = info->si_code == SYS_SECCOMP ? "trapped" : "refused";
	int len = snprintf(line, sizeof(line), "%s %s: data %d\n", call_name, how, info->si_errno);
	if (len > 0 && write(STDOUT_FILENO, line, (size_t)len) != len)
		_exit(EXIT_FAILURE);
	_exit(EXIT_SUCCESS);
}

static long call_x86(long nr, const long *args)
{
	long result;
	__asm__ volatile("push %%rbp\n\tmov %[sixth], %%ebp\n\tint $0x80\n\tpop %%rbp"
	                 : "=a"(result)
	                 : "a"(nr), "b"(args[0]), "c"(args[1]), "d"(args[2]), "S"(args[3]),
	                   "D"(args[4]), [sixth] "r"((int)args[5])
	                 : "memory", "r8", "r9", "r10", "r11");
	return (int)result;
}

static long call_native(long nr, const long *args)
{
	long result = syscall(nr, args[0], args[1], args[2], args[3], args[4], args[5]);
	return result == -1 ? -errno : result;
}

static void make_call(long nr, const long *args, int x86)
{
	struct sigaction action = {.sa_sigaction = report_trap, .sa_flags = SA_SIGINFO};
	sigaction(SIGSYS, &action, NULL);
	long result = x86 ? call_x86(nr, args) : call_native(nr, args);
	if (result < 0 && result >= -4095) {
		const char *name = strerrorname_np((int)-result);
		printf("%s failed: %s\n", call_name, name ? name : "an unknown error");
	} else {
		printf("%s returned %ld\n", call_name, result);
	}
	fflush(stdout);
}

/* Follows the child until a seccomp stop or its end. */
static int watch(pid_t child)
{
	int status;
	unsigned long data;
	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
		return EXIT_FAILURE;
	ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL);
	for (;;) {
		int passed_on = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
		if (passed_on == SIGSTOP || passed_on == SIGTRAP)
			passed_on = 0;
		ptrace(PTRACE_CONT, child, 0, passed_on);
		if (waitpid(child, &status, 0) != child)
			return EXIT_FAILURE;
		if (WIFEXITED(status))
			return WEXITSTATUS(status);
		if (WIFSIGNALED(status)) {
			printf("%s killed: SIG%s\n", call_name, sigabbrev_np(WTERMSIG(status)));
			return EXIT_SUCCESS;
		}
		if (status >> 8 == (SIGTRAP | (PTRACE_EVENT_SECCOMP << 8))) {
			ptrace(PTRACE_GETEVENTMSG, child, 0, &data);
			printf("%s traced: data %lu\n", call_name, data);
			return EXIT_SUCCESS;
		}
	}
}

static int find_call(const char *name, long *ret_nr)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, name) == 0) {
			*ret_nr = calls[i].nr;
			return 0;
		}
	}
	char *end;
	*ret_nr = strtol(name, &end, 0);
	return *name && !*end ? 0 : -EINVAL;
}

static int print_number(const char *name)
{
	long nr;
	if (find_call(name, &nr) < 0)
		return EXIT_FAILURE;
	printf("%ld\n", nr);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--number") == 0)
		return print_number(argv[2]);
	int x86 = argc > 1 && strcmp(argv[1], "--x86") == 0;
	int traced = argc > 1 && strcmp(argv[1], "--traced") == 0;
	int first = x86 || traced ? 2 : 1;
	long nr, args[arguments_max] = {0};
	if (first >= argc || argc - first - 1 > arguments_max || find_call(argv[first], &nr) < 0) {
		fprintf(stderr, "usage: probe [--x86 | --traced] CALL [ARGUMENT...]\n");
		return 2;
	}
	call_name = argv[first];
	for (int i = first + 1; i < argc; i++)
		args[i - first - 1] = (long)strtoull(argv[i], NULL, 0);
	pid_t child = traced ? fork() : 0;
	if (child > 0)
		return watch(child);
	if (traced) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
	}
	make_call(nr, args, x86);
	return EXIT_SUCCESS;
}
