/*
 * usage: denied SCENARIO: makes calls that a profile denies (test_why.sh), in ways that a tracer could get wrong, and
 * prints what it sees of them. All that is printed must be the same with and without a tracer, but for what the test
 * says.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static void report(const char *what, long result)
{
	printf("%s: %ld %s\n", what, result, result < 0 ? strerror(errno) : "");
}

static void on_trap(int number, siginfo_t *info, void *context)
{
	(void)context;
	printf("signal %d, code %d, errno %d", number, info->si_code, info->si_errno);
	if (info->si_code == 1)
		printf(", call %d, arch 0x%x", info->si_syscall, info->si_arch);
	printf("\n");
}

static void handle(int number)
{
	struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};

	sigaction(number, &action, NULL);
}

static void ignore(int number)
{
	(void)number;
}

/* Without SA_RESTART: a call that waits is interrupted. */
static void handle_quietly(int number)
{
	struct sigaction action = {.sa_handler = ignore};

	sigaction(number, &action, NULL);
}

/* A filter of the program's own: `action` for one call. */
static long filter(unsigned flags, int nr, unsigned action)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)nr, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, action),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static void trapped(void)
{
	struct utsname name;

	handle(SIGSYS);
	report("uname", uname(&name));
	syscall(SYS_tgkill, getpid(), getpid(), SIGSYS); /* not a filter's */
}

static void trapped_while_blocked(void)
{
	struct utsname name;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	sigprocmask(SIG_BLOCK, &set, NULL);
	uname(&name);
}

static void *killed_thread(void *data)
{
	syscall(SYS_times, 0);
	puts("the thread lives");
	return data;
}

static void thread_killed(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, killed_thread, NULL);
	usleep(300000);
	puts("the process lives");
}

static void child_killed(void)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		syscall(SYS_sethostname, 0, 0);
		_exit(1);
	}
	waitpid(child, &status, 0);
	printf("the child ended with 0x%x\n", status & 0x7f);
}

static void own_trace(void)
{
	filter(0, SYS_chmod, SECCOMP_RET_TRACE | 0xca11); /* the number that the tracer's own filter gives */
	filter(0, SYS_mkdir, SECCOMP_RET_TRACE | 0xca11);
	filter(0, SYS_rmdir, SECCOMP_RET_TRACE | 1);
	report("chmod", syscall(SYS_chmod, "/nowhere/at/all", 0));
	report("mkdir", syscall(SYS_mkdir, "/nowhere/at/all", 0));
	report("rmdir", syscall(SYS_rmdir, "/"));
}

static void own_error(void)
{
	struct utsname name;

	handle(SIGSYS);
	filter(0, SYS_chmod, SECCOMP_RET_ERRNO | EXDEV);
	filter(0, SYS_uname, SECCOMP_RET_ERRNO | EXDEV);
	report("chmod", syscall(SYS_chmod, "/nowhere/at/all", 0));
	report("uname", uname(&name));
}

static void listener(void)
{
	report("listener", filter(SECCOMP_FILTER_FLAG_NEW_LISTENER, SYS_chmod, SECCOMP_RET_USER_NOTIF) > 0 ? 0 : -1);
	report("chmod", syscall(SYS_chmod, "/nowhere/at/all", 0));
}

static void untraced(void)
{
	long child = syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0);

	if (child == 0)
		_exit(0);
	report("clone", child > 0 ? 0 : child);
}

/* Leads a child that the tracer does not see past its filter, if it can be traced. */
static void led(void)
{
	struct clone_args arguments = {.flags = CLONE_UNTRACED, .exit_signal = SIGCHLD};
	int status, go[2] = {-1, -1};
	char byte;

	if (pipe(go) < 0)
		return;
	const pid_t child = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (child == 0) {
		status = (int)read(go[0], &byte, 1);
		_exit(syscall(SYS_chmod, "/", 0755) == 0 ? 1 : 2);
	}
	report("seize", ptrace(PTRACE_SEIZE, child, NULL, PTRACE_O_TRACESECCOMP));
	status = (int)write(go[1], "", 1);
	while (waitpid(child, &status, 0) == child && WIFSTOPPED(status))
		ptrace(PTRACE_CONT, child, NULL, 0);
	printf("the child's chmod was %s\n", WEXITSTATUS(status) == 1 ? "made" : "denied");
	report("traceme", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static void *filtered_thread(void *data)
{
	filter(0, SYS_rmdir, SECCOMP_RET_ERRNO | EXDEV);
	puts("ready");
	pause();
	return data;
}

/* A thread with a filter of its own, and a child that has ended and that nobody collects. */
static void one_thread(void)
{
	pthread_t thread;
	siginfo_t ended;
	const pid_t child = fork();

	if (child == 0)
		_exit(0);
	waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT);
	pthread_create(&thread, NULL, filtered_thread, NULL);
	pthread_join(thread, NULL);
}

/* The memory of the tracer, from which the answers come. */
static void memory(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)getppid());
	report("memory", open(path, O_RDWR) >= 0 ? 0 : -1);
}

static int run_true(void)
{
	static char *const arguments[] = {"true", NULL};
	int status;
	const pid_t child = vfork();

	if (child == 0) {
		execv("/bin/true", arguments);
		_exit(9);
	}
	return waitpid(child, &status, 0) == child ? status : -1;
}

static void vforks(void)
{
	int failed = 0;

	for (int i = 0; i < 50; i++)
		failed += run_true() != 0;
	report("failed", failed);
}

static void narrow(void)
{
	int result = 0;

#ifdef __x86_64__
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(15), "b"(0), "c"(0) : "memory"); /* chmod */
#endif
	printf("chmod as a 32-bit call: %d\n", result);
}

/* Calls that no system has. */
static void numbers(void)
{
	for (long nr = 1000; nr < 3000; nr++)
		syscall(nr);
}

/* A timer's signals interrupt no call that is denied, and what is waited for is interrupted just as often. */
static void interrupted(void)
{
	struct itimerval timer = {{0, 300}, {0, 300}};
	int strange = 0;

	handle_quietly(SIGALRM);
	setitimer(ITIMER_REAL, &timer, NULL);
	for (int i = 0; i < 20000; i++)
		strange += syscall(SYS_chmod, "/nowhere/at/all", 0) != -1 || errno != EPERM;
	printf("other answers than EPERM: %d\n", strange);
}

static void stopped(void)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		raise(SIGSTOP);
		report("chmod", syscall(SYS_chmod, "/nowhere/at/all", 0));
		fflush(stdout);
		_exit(7);
	}
	waitpid(child, &status, WUNTRACED);
	printf("stopped: %d\n", WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	fflush(stdout);
	kill(child, SIGCONT);
	waitpid(child, &status, 0);
	printf("exit status: %d\n", WEXITSTATUS(status));
}

/* Calls that are many: of each, the one that is made. */
static void additions(void)
{
	report("keyctl", syscall(SYS_keyctl, 0, -1, 0));
	report("unix", syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0));
	report("inet", syscall(SYS_socket, AF_INET, SOCK_STREAM, 0));
	report("prctl", prctl(PR_GET_DUMPABLE));
	report("chmod", syscall(SYS_chmod, "/nowhere/at/all", 0));
}

/* More combinations of flags than a list has room for; most of them fail. */
static void combinations(void)
{
	for (unsigned long protection = 0; protection < 128; protection++)
		syscall(SYS_mprotect, 0, 0, protection);
}

/* More values than a list has room for: near each other, with two that are alone, and far from each other. */
static void values(void)
{
	for (unsigned long i = 0; i < 60; i++)
		syscall(SYS_ioctl, -1, 0x5400 + i, 0);
	syscall(SYS_ioctl, -1, 0x12345678UL, 0);
	syscall(SYS_ioctl, -1, 0xfedcba98UL, 0);
	for (long i = 1; i < 60; i++)
		syscall(SYS_prctl, i << 20, 0, 0, 0, 0);
}

static void aborted(void)
{
	abort();
}

static const struct {
	const char *name;
	void (*function)(void);
} scenarios[] = {
    {"trapped", trapped},
    {"trapped-while-blocked", trapped_while_blocked},
    {"thread-killed", thread_killed},
    {"child-killed", child_killed},
    {"own-trace", own_trace},
    {"own-error", own_error},
    {"listener", listener},
    {"untraced", untraced},
    {"led", led},
    {"one-thread", one_thread},
    {"memory", memory},
    {"vforks", vforks},
    {"narrow", narrow},
    {"interrupted", interrupted},
    {"numbers", numbers},
    {"stopped", stopped},
    {"additions", additions},
    {"combinations", combinations},
    {"values", values},
    {"aborted", aborted},
};

/*
 * A filter around another command, which gets this error, or success, for one call, or for that with one first
 * argument: `denied NUMBER[:ARGUMENT] ERROR COMMAND...`.
 */
static int answered(char *argv[])
{
	const unsigned action = SECCOMP_RET_ERRNO | (unsigned)atoi(argv[2]);
	char *argument;
	const long nr = strtol(argv[1], &argument, 10);
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)nr, 0, 3),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16), /* the low half, on the machines that are traced here */
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, *argument ? (unsigned)atoi(argument + 1) : 0, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, action),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	if (*argument) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
	} else {
		filter(0, (int)nr, action);
	}
	execvp(argv[3], argv + 3);
	return 2;
}

int main(int argc, char *argv[])
{
	if (argc > 3)
		return answered(argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; argc == 2 && i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		if (strcmp(scenarios[i].name, argv[1]) == 0) {
			scenarios[i].function();
			return 3;
		}
	fprintf(stderr, "usage: denied SCENARIO\n");
	return 2;
}
