/*
 * One function under a filter, in a child. What comes back goes through shared memory, so that the child needs no system
 * call of its own once the filter is in place; if it cannot even exit, it ends by an undefined instruction.
 */
#include "testing/live.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/filter.h>

#include <callgate/diagnosis.h>
#include <callgate/simulate.h>
#include <callgate/syscall.h>

#include "testing/failure.h"

enum progress { BEFORE, REFUSED, RUNNING, RETURNED, TRAPPED };

struct board {
	volatile enum progress progress;
	volatile int result; /* what the function returned */
	volatile int error;  /* errno then; or of the load */
	volatile int nr;     /* of the trapped call */
	volatile uint32_t arch;
	char text[200]; /* why the load was refused */
};

struct job {
	scmp_filter_ctx ctx;
	const struct callgate_program *program;
	int (*function)(void *);
	void *data;
	struct board *board;
};

/* For the handler, in the child only: one child runs one job. */
static struct board *trap_board;

__attribute__((noreturn)) static void end(int status)
{
	syscall(SYS_exit_group, status);
	syscall(SYS_exit, status);
	__builtin_trap();
}

static void trapped(int signal, siginfo_t *info, void *unused)
{
	(void)signal, (void)unused;
	trap_board->nr = info->si_syscall;
	trap_board->arch = info->si_arch;
	trap_board->progress = TRAPPED;
	__builtin_trap();
}

static int load_program(const struct callgate_program *program)
{
	struct sock_fprog prog = {
	    .len = (unsigned short)callgate_program_length(program),
	    .filter = (struct sock_filter *)(uintptr_t)callgate_program_bytes(program),
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0 ? -errno : 0;
}

static bool load(const struct job *job)
{
	int result = job->ctx ? seccomp_load(job->ctx) : load_program(job->program);

	if (result == 0)
		return true;
	job->board->error = -result;
	if (job->ctx)
		snprintf(job->board->text, sizeof(job->board->text), "%s", callgate_diagnosis(job->ctx));
	else
		snprintf(job->board->text, sizeof(job->board->text), "the kernel says %s", strerror(-result));
	job->board->progress = REFUSED;
	return false;
}

__attribute__((noreturn)) static void child(const struct job *job)
{
	const struct rlimit none = {0, 0};
	/* What kills the child must end it, whatever handlers the program has: a sanitizer's, say. */
	static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP};
	struct sigaction action = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO};

	setpgid(0, 0);
	setrlimit(RLIMIT_CORE, &none);
	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		signal(fatal[i], SIG_DFL);
	trap_board = job->board;
	sigaction(SIGSYS, &action, NULL);
	if (!load(job))
		_exit(1);
	job->board->progress = RUNNING;
	errno = 0;
	int result = job->function(job->data);
	job->board->error = errno;
	job->board->result = result;
	job->board->progress = RETURNED;
	end(result);
}

/* The wait status, or -1 when the child had to be killed at the deadline. */
static int wait_until(pid_t pid, unsigned int deadline)
{
	struct timespec start, now, pause = {0, 1000000};
	int status;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (;;) {
		pid_t ended = waitpid(pid, &status, WNOHANG);
		if (ended == pid)
			return status;
		clock_gettime(CLOCK_MONOTONIC, &now);
		long long passed =
		    (now.tv_sec - start.tv_sec) * 1000LL + (now.tv_nsec - start.tv_nsec) / 1000000;
		if ((ended < 0 && errno != EINTR) || passed >= deadline)
			break;
		nanosleep(&pause, NULL);
	}
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return -1;
}

static void set(struct callgate_outcome *outcome, enum callgate_live_end how, int value)
{
	outcome->end = how;
	outcome->value = value;
}

static void judge(const struct board *board, int status, struct callgate_outcome *outcome)
{
	if (board->progress == REFUSED || board->progress == BEFORE)
		set(outcome, CALLGATE_LIVE_NOTHING, board->error);
	else if (board->progress == RETURNED && board->result == -1 && board->error)
		set(outcome, CALLGATE_LIVE_ERRNO, board->error);
	else if (board->progress == RETURNED)
		set(outcome, CALLGATE_LIVE_EXIT, board->result);
	else if (board->progress == TRAPPED)
		set(outcome, CALLGATE_LIVE_TRAP, board->nr);
	else if (status == -1)
		set(outcome, CALLGATE_LIVE_HANG, 0);
	else if (WIFSIGNALED(status))
		set(outcome, CALLGATE_LIVE_SIGNAL, WTERMSIG(status));
	else
		set(outcome, CALLGATE_LIVE_EXIT, WEXITSTATUS(status));
	outcome->arch = board->progress == TRAPPED ? board->arch : 0;
}

/* Does the filter let this call of this machine pass, with arguments of 0? */
static bool allows(const struct job *job, const char *name)
{
	struct callgate_call call = {.nr = seccomp_syscall_resolve_name(name)};
	struct callgate_verdict verdict = {0};
	int result = job->ctx ? callgate_simulate(job->ctx, &call, &verdict)
	                      : callgate_simulate_program(job->program, &call, &verdict);

	return result < 0 || verdict.action == SCMP_ACT_ALLOW || verdict.action == SCMP_ACT_LOG;
}

/* What the filter may have to do with an end that nobody wants. */
static const char *suspicion(const struct job *job, const struct callgate_outcome *outcome)
{
	bool odd = outcome->end == CALLGATE_LIVE_HANG ||
	           (outcome->end == CALLGATE_LIVE_SIGNAL && outcome->value != SIGSYS) ||
	           (outcome->end == CALLGATE_LIVE_TRAP && outcome->value == SYS_exit_group);
	bool killed = outcome->end == CALLGATE_LIVE_SIGNAL && outcome->value == SIGSYS;

	if ((odd || killed) && !allows(job, "exit_group"))
		return "; the filter denies exit_group, so a process under it cannot end by exit(3)";
	if (odd && !allows(job, "rt_sigreturn"))
		return "; the filter denies rt_sigreturn, so no signal handler can return";
	return "";
}

char *live_call_name(uint32_t audit_arch, int nr)
{
	bool is_x32 = audit_arch == SCMP_ARCH_X86_64 && nr & 0x40000000;

	return seccomp_syscall_resolve_num_arch(is_x32 ? SCMP_ARCH_X32 : audit_arch, nr);
}

static void describe(const struct job *job, unsigned int deadline, struct callgate_outcome *outcome)
{
	char what[64] = "";
	char *name =
	    outcome->end == CALLGATE_LIVE_TRAP ? live_call_name(outcome->arch, outcome->value) : NULL;

	switch (outcome->end) {
	case CALLGATE_LIVE_NOTHING:
		snprintf(outcome->text, sizeof(outcome->text), "the filter could not be loaded: %s",
		         job->board->text[0] ? job->board->text : "the child ended before");
		return;
	case CALLGATE_LIVE_EXIT:
		snprintf(what, sizeof(what), "it ended with status %d", outcome->value);
		break;
	case CALLGATE_LIVE_ERRNO:
		snprintf(what, sizeof(what), "it returned -1 with errno %d, %s", outcome->value,
		         strerrorname_np(outcome->value) ? strerrorname_np(outcome->value) : "no name");
		break;
	case CALLGATE_LIVE_SIGNAL:
		snprintf(what, sizeof(what), "it was killed by SIG%s",
		         sigabbrev_np(outcome->value) ? sigabbrev_np(outcome->value) : "?");
		break;
	case CALLGATE_LIVE_TRAP:
		snprintf(what, sizeof(what), "it was trapped at %s (%d)", name ? name : "a call",
		         outcome->value);
		break;
	case CALLGATE_LIVE_HANG:
		snprintf(what, sizeof(what), "it hung and was killed after %u ms", deadline);
		break;
	}
	snprintf(outcome->text, sizeof(outcome->text), "%s%s", what, suspicion(job, outcome));
	free(name);
}

int callgate_run_under(const scmp_filter_ctx ctx, const struct callgate_program *program,
                       int (*function)(void *), void *data, unsigned int deadline,
                       struct callgate_outcome *ret_outcome)
{
	struct job job = {ctx, program, function, data, NULL};
	struct callgate_outcome outcome = {0};

	if ((!ctx && !program) || !function || !ret_outcome)
		return -EINVAL;
	job.board = mmap(NULL, sizeof(*job.board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (job.board == MAP_FAILED)
		return -ENOMEM;
	fflush(stdout); /* or a child that ends by exit(3) prints it again */
	fflush(stderr);
	pid_t pid = fork();
	if (pid == 0)
		child(&job);
	if (pid < 0)
		snprintf(job.board->text, sizeof(job.board->text), "fork: %s", strerror(errno));
	int status = pid < 0 ? 0 : wait_until(pid, deadline);
	judge(job.board, status, &outcome);
	describe(&job, deadline, &outcome);
	munmap(job.board, sizeof(*job.board));
	*ret_outcome = outcome;
	return 0;
}

static void name_expectation(enum callgate_live_end end, int value, const char *syscall, char *text,
                             size_t size)
{
	const char *error = strerrorname_np(value), *name = sigabbrev_np(value);

	if (end == CALLGATE_LIVE_EXIT)
		snprintf(text, size, "an end with status %d", value);
	else if (end == CALLGATE_LIVE_ERRNO)
		snprintf(text, size, "-1 with errno %d, %s", value, error ? error : "no name");
	else if (end == CALLGATE_LIVE_SIGNAL)
		snprintf(text, size, "a death by SIG%s", name ? name : "?");
	else
		snprintf(text, size, "a trap at %s", syscall);
}

bool callgate_check_live(const scmp_filter_ctx ctx, int (*function)(void *), void *data,
                         unsigned int deadline, enum callgate_live_end end, int value, const char *syscall)
{
	struct callgate_outcome outcome;
	char expected[80];
	bool by_handler =
	    end == CALLGATE_LIVE_SIGNAL && value == SIGSYS; /* the child's own handler took it */

	failure_clear();
	if (end == CALLGATE_LIVE_TRAP &&
	    (!syscall || (value = callgate_syscall_number(SCMP_ARCH_NATIVE, syscall)) < 0))
		return failure_set("there is no system call \"%s\"", syscall ? syscall : "");
	if (callgate_run_under(ctx, NULL, function, data, deadline, &outcome) < 0)
		return failure_set("context and function must not be NULL, or out of memory");
	if (outcome.end == end && outcome.value == value)
		return true;
	if (by_handler && outcome.end == CALLGATE_LIVE_TRAP)
		return true;
	name_expectation(end, value, syscall, expected, sizeof(expected));
	return failure_set("expected %s, but %s", expected, outcome.text);
}
