#include "trace/signal_passing.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The process that signals sent to this one are for. */
static volatile sig_atomic_t signalled_process;

/* What a terminal sends goes to its whole process group, the command among them; what a process sends is passed on. */
static void pass_on(int number, siginfo_t *info, void *context)
{
	const int error = errno;

	(void)context;
	if (info->si_code == SI_QUEUE && signalled_process > 0)
		syscall(SYS_rt_sigqueueinfo, signalled_process, number, info);
	else if (info->si_code <= 0 && signalled_process > 0)
		kill(signalled_process, number);
	errno = error;
}

static const int own_faults[] = {SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGCHLD};
/* What writing words can bring: nobody reads them any more, or a terminal's background may not write. */
static const int writing[] = {SIGPIPE, SIGXFSZ, SIGTTIN, SIGTTOU};

static bool is_among(int number, const int *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (numbers[i] == number)
			return true;
	return false;
}
#define IS_AMONG(number, numbers) is_among((number), (numbers), sizeof(numbers) / sizeof((numbers)[0]))

/* Numbers that can't be taken (SIGKILL, SIGSTOP, the C library's own) are left as they are. */
void signal_passing_start(pid_t command, struct sigaction old[PASSED_SIGNALS])
{
	struct sigaction action = {.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO | SA_RESTART},
	                 ignore = {.sa_handler = SIG_IGN};

	signalled_process = command;
	sigfillset(&action.sa_mask);
	for (int i = 1; i < PASSED_SIGNALS; i++) {
		sigaction(i, NULL, &old[i]);
		if (!IS_AMONG(i, own_faults))
			sigaction(i, IS_AMONG(i, writing) ? &ignore : &action, NULL);
	}
	sigemptyset(&action.sa_mask); /* what is blocked here may not be in the command */
	pthread_sigmask(SIG_SETMASK, &action.sa_mask, NULL);
}

void signal_passing_end(const struct sigaction old[PASSED_SIGNALS])
{
	for (int i = 1; i < PASSED_SIGNALS; i++)
		if (!IS_AMONG(i, writing))
			sigaction(i, &old[i], NULL);
	signalled_process = 0;
}
