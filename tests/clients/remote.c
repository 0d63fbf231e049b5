/*
 * remote PID NUMBER [ARGUMENT...]
 *
 * Stops the first thread of a process, makes it make a system call, and prints what became of it: "returned
 * N", "failed: ERRNO", or "signal SIGSYS", be it that the call trapped or that it killed. A thread whose call
 * came back, or trapped, goes on where it was; where anything else happens, the process is killed. Needs the
 * right to trace the process, and that its first thread waits in a system call now and then, as that
 * instruction is the one which is used again. Only on x86_64.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { arguments_max = 6, attempts_max = 1000, syscall_instruction = 0x050f, pending_max = 64 };

static pid_t target;
static uint64_t saved_mask;

__attribute__((noreturn)) static void give_up(const char *what)
{
	fprintf(stderr, "remote: cannot %s of process %d: %s\n", what, target, strerror(errno));
	exit(EXIT_FAILURE);
}

static void ask(int request, void *addr, void *data, const char *what)
{
	if (ptrace(request, target, addr, data) < 0)
		give_up(what);
}

static int next_stop(void)
{
	int status;
	while (waitpid(target, &status, __WALL) != target)
		if (errno != EINTR)
			give_up("wait for the thread");
	return status;
}

static void set_mask(uint64_t mask)
{
	ask(PTRACE_SETSIGMASK, (void *)sizeof(mask), &mask, "set the signal mask");
}

/* Stops the thread where it waits in a system call: the call restarts when the thread goes on. */
static void stop_in_call(struct user_regs_struct *ret_regs)
{
	ask(PTRACE_SEIZE, NULL, (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL), "trace the first thread");
	for (int attempt = 0; attempt < attempts_max; attempt++) {
		ask(PTRACE_INTERRUPT, NULL, NULL, "stop the first thread");
		int status = next_stop();
		while (WIFSTOPPED(status) && status >> 16 != PTRACE_EVENT_STOP) {
			ask(PTRACE_CONT, NULL, (void *)(long)WSTOPSIG(status), "pass on a signal");
			status = next_stop();
		}
		if (!WIFSTOPPED(status))
			break;
		ask(PTRACE_GETREGS, NULL, ret_regs, "read the registers");
		long code = ptrace(PTRACE_PEEKTEXT, target, (void *)(ret_regs->rip - 2), NULL);
		if ((code & 0xffff) == syscall_instruction)
			return;
		ask(PTRACE_CONT, NULL, NULL, "let the first thread go on");
		usleep(1000);
	}
	errno = EBUSY;
	give_up("find a system call");
}

/* The signal of a call that was denied is pending by the time the call is over. */
static bool sigsys_is_pending(void)
{
	static siginfo_t pending[pending_max];
	struct __ptrace_peeksiginfo_args which = {.nr = pending_max};
	long n = ptrace(PTRACE_PEEKSIGINFO, target, &which, pending);
	if (n < 0)
		give_up("read the pending signals");
	for (long i = 0; i < n; i++)
		if (pending[i].si_signo == SIGSYS)
			return true;
	return false;
}

static void print_result(long result)
{
	if (result >= 0 || result < -4095)
		printf("returned %ld\n", result);
	else if (strerrorname_np((int)-result))
		printf("failed: %s\n", strerrorname_np((int)-result));
	else
		printf("failed: %ld\n", -result);
}

static void print_other(int status)
{
	printf("something else: wait status %#x\n", (unsigned)status);
}

/* At the end of the call. The one that was interrupted restarts, as it would have from the first stop. */
static void take_result(struct user_regs_struct *saved)
{
	struct user_regs_struct regs;
	ask(PTRACE_GETREGS, NULL, &regs, "read the result");
	ask(PTRACE_INTERRUPT, NULL, NULL, "stop the first thread again");
	ask(PTRACE_CONT, NULL, NULL, "let the first thread go on");
	int status = next_stop();
	if (!WIFSTOPPED(status)) {
		print_other(status);
		return;
	}
	ask(PTRACE_SETREGS, NULL, saved, "restore the registers");
	set_mask(saved_mask);
	ask(PTRACE_DETACH, NULL, NULL, "let go");
	print_result((long)regs.rax);
}

/* A signal that kills, other than one that the process could catch, is not seen before the end. */
static void take_signal(int status)
{
	if (WIFSTOPPED(status) && WSTOPSIG(status) == SIGSYS) {
		set_mask(saved_mask);
		ask(PTRACE_DETACH, NULL, (void *)SIGSYS, "let go");
		printf("signal SIGSYS\n");
	} else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
		printf("signal SIGSYS\n");
	} else {
		print_other(status);
	}
}

static bool stopped_at_call(int status)
{
	return WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80);
}

/* Other signals than SIGSYS are blocked until the call is over: no handler gets in between. */
static void make_call(struct user_regs_struct *saved, const struct user_regs_struct *call)
{
	ask(PTRACE_GETSIGMASK, (void *)sizeof(saved_mask), &saved_mask, "read the signal mask");
	set_mask(~(UINT64_C(1) << (SIGSYS - 1)));
	ask(PTRACE_SETREGS, NULL, (void *)call, "set the registers");
	ask(PTRACE_SYSCALL, NULL, NULL, "begin the call");
	int status = next_stop();
	if (!stopped_at_call(status)) {
		print_other(status);
		return;
	}
	ask(PTRACE_SYSCALL, NULL, NULL, "make the call");
	status = next_stop();
	if (stopped_at_call(status) && !sigsys_is_pending()) {
		take_result(saved);
		return;
	}
	if (stopped_at_call(status)) {
		ask(PTRACE_CONT, NULL, NULL, "let the first thread go on");
		status = next_stop();
	}
	take_signal(status);
}

int main(int argc, char **argv)
{
	struct user_regs_struct saved;
	unsigned long long args[arguments_max] = {0};
	target = argc < 3 ? 0 : (pid_t)strtol(argv[1], NULL, 10);
	if (target <= 0 || argc - 3 > arguments_max) {
		fprintf(stderr, "usage: remote PID NUMBER [ARGUMENT...]\n");
		return 2;
	}
	for (int i = 3; i < argc; i++)
		args[i - 3] = strtoull(argv[i], NULL, 0);

	stop_in_call(&saved);
	struct user_regs_struct call = saved;
	call.rip -= 2;
	call.orig_rax = (unsigned long long)-1;
	call.rax = strtoull(argv[2], NULL, 0);
	call.rdi = args[0], call.rsi = args[1], call.rdx = args[2];
	call.r10 = args[3], call.r8 = args[4], call.r9 = args[5];
	make_call(&saved, &call);
	return EXIT_SUCCESS;
}
