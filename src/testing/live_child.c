/* What runs in the child: the filter is loaded, and the function called. If it can't even exit, it ends by an undefined instruction. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/filter.h>

#include <callgate/diagnosis.h>

#include "base/confine.h"
#include "testing/live.h"

/* For the handler: one child runs one job. */
static struct live_status *trap_status;

__attribute__((noreturn)) static void end(int status)
{
	syscall(SYS_exit_group, status);
	syscall(SYS_exit, status);
	__builtin_trap();
}

static void trapped(int signal, siginfo_t *info, void *unused)
{
	(void)signal, (void)unused;
	if (trap_status->progress == LIVE_RUNNING) { /* else it is the end() that is trapped */
		trap_status->nr = info->si_syscall;
		trap_status->arch = info->si_arch;
		trap_status->progress = LIVE_TRAPPED;
	}
	__builtin_trap();
}

static int load_program(const struct callgate_program *program)
{
	struct sock_fprog prog = {
	    .len = (unsigned short)callgate_program_length(program),
	    .filter = (struct sock_filter *)(uintptr_t)callgate_program_bytes(program),
	};

	int result = confine_no_new_privileges();

	return result < 0 ? result : confine_by_prctl(&prog);
}

static bool load(const struct live_job *job)
{
	int result = job->ctx ? seccomp_load(job->ctx) : load_program(job->program);

	if (result == 0)
		return true;
	job->status->error = -result;
	if (job->ctx)
		snprintf(job->status->text, sizeof(job->status->text), "%s", callgate_diagnosis(job->ctx));
	else
		snprintf(job->status->text, sizeof(job->status->text), "%s%s",
		         result == CONFINE_FAKED ? "" : "the kernel says ",
		         result == CONFINE_FAKED ? CONFINE_FAKED_TEXT : strerror(-result));
	job->status->progress = LIVE_REFUSED;
	return false;
}

/* The function finds signals as its caller has them, but for the signals that end it. */
static void set_signals(const struct live_job *job)
{
	static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP};
	struct sigaction action = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO};
	sigset_t mask = job->mask;

	/* What kills the child must end it, whatever handlers the program has: a sanitizer's, say. */
	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		signal(fatal[i], SIG_DFL);
	trap_status = job->status;
	sigaction(SIGSYS, &action, NULL);
	sigdelset(&mask, SIGSYS); /* a trap that is blocked kills, and would look like another action */
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

void live_child(const struct live_job *job)
{
	const struct rlimit none = {0, 0};
	const struct timespec pause = {0, 100000};

	setpgid(0, 0);
	setrlimit(RLIMIT_CORE, &none);
	while (!job->status->may_go)
		nanosleep(&pause, NULL);
	set_signals(job);
	if (!load(job))
		_exit(1);
	job->status->progress = LIVE_RUNNING;
	errno = 0;
	int result = job->function(job->data);
	job->status->error = errno;
	job->status->result = result;
	job->status->progress = LIVE_RETURNED;
	end(result);
}
