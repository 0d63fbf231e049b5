/* SIGSYS: what its handlers get, and a ready handler. */
#include <callgate/decode.h>

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <callgate/arch.h>
#include <callgate/syscall.h>

#include "info/text.h"

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1 /* asm-generic/siginfo.h */
#endif
#ifndef SYS_USER_DISPATCH
#define SYS_USER_DISPATCH 2
#endif

/* ---- the registers of an interrupted thread, on the machine that this is compiled for ---- */

/*
 * INSTRUCTION_POINTER of a context, and CALL_SIZE, how long the instruction is that makes a call; 0: nothing is known
 * of this machine. read_arguments() reads them as the call's architecture passes them.
 */
#if defined(__x86_64__) && !defined(__ILP32__)
#define INSTRUCTION_POINTER(context) ((context)->uc_mcontext.gregs[REG_RIP])
enum { CALL_SIZE = 2 };

static void read_arguments(const ucontext_t *context, unsigned bits, uint64_t args[CALLGATE_ARGUMENTS])
{
	static const int wide[] = {REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9},
	                 narrow[] = {REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP};
	const greg_t *registers = context->uc_mcontext.gregs;

	for (int i = 0; i < CALLGATE_ARGUMENTS; i++)
		args[i] = bits == 32 ? (uint32_t)registers[narrow[i]] : (uint64_t)registers[wide[i]];
}

#elif defined(__i386__)
#define INSTRUCTION_POINTER(context) ((context)->uc_mcontext.gregs[REG_EIP])
enum { CALL_SIZE = 2 };

static void read_arguments(const ucontext_t *context, unsigned bits, uint64_t args[CALLGATE_ARGUMENTS])
{
	static const int places[] = {REG_EBX, REG_ECX, REG_EDX, REG_ESI, REG_EDI, REG_EBP};

	(void)bits;
	for (int i = 0; i < CALLGATE_ARGUMENTS; i++)
		args[i] = (uint32_t)context->uc_mcontext.gregs[places[i]];
}

#elif defined(__aarch64__)
#define INSTRUCTION_POINTER(context) ((context)->uc_mcontext.pc)
enum { CALL_SIZE = 4 };

static void read_arguments(const ucontext_t *context, unsigned bits, uint64_t args[CALLGATE_ARGUMENTS])
{
	(void)bits;
	for (int i = 0; i < CALLGATE_ARGUMENTS; i++)
		args[i] = context->uc_mcontext.regs[i];
}

#else
static unsigned long no_pointer;
#define INSTRUCTION_POINTER(context) (*((void)(context), &no_pointer))
enum { CALL_SIZE = 0 };

static void read_arguments(const ucontext_t *context, unsigned bits, uint64_t args[CALLGATE_ARGUMENTS])
{
	(void)context, (void)bits, (void)args;
}
#endif

int callgate_report_of_signal(const void *info, const void *context, struct callgate_report *ret_report)
{
	const siginfo_t *signal = info;

	if (!signal || !ret_report)
		return -EINVAL;
	if (signal->si_signo != SIGSYS || signal->si_code != SYS_SECCOMP)
		return -ENOENT;
	struct callgate_report report = {.call = {.arch = signal->si_arch,
	                                          .nr = signal->si_syscall,
	                                          .instruction_pointer = (uintptr_t)signal->si_call_addr},
	                                 .known = 1u << CALLGATE_ARGUMENTS,
	                                 .has_action = true,
	                                 .has_data = true,
	                                 .action = SCMP_ACT_TRAPX((uint32_t)signal->si_errno & SECCOMP_RET_DATA)};
	const struct callgate_arch *arch = callgate_arch_of_call(report.call.arch, report.call.nr);
	if (context && CALL_SIZE > 0) {
		report.known |= CALL_ARGUMENTS;
		read_arguments(context, arch ? arch->register_bits : 64, report.call.args);
	}
	*ret_report = report;
	return 0;
}

/* ---- the handler ---- */

enum { LINE_SIZE = 1000 };

/* What the handler knows: state of the process, as the disposition of a signal is. */
static struct callgate_decoder installed;
static atomic_flag is_simulating = ATOMIC_FLAG_INIT;

/*
 * The simulator is one thread's at a time. The process is about to die, so nobody waits for it, and nobody gives it
 * back.
 */
static struct callgate_decoder decoder_here(void)
{
	struct callgate_decoder decoder = installed;

	if (decoder.simulator && atomic_flag_test_and_set(&is_simulating))
		decoder.simulator = NULL;
	return decoder;
}

static void write_line(const char *line, size_t length)
{
	while (length > 0) {
		const ssize_t written = write(STDERR_FILENO, line, length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return;
		line += written;
		length -= (size_t)written;
	}
}

static void put_sender(struct text *text, const siginfo_t *info)
{
	if (info->si_code == SYS_USER_DISPATCH) {
		text_put(text, "from the process's own dispatch of system calls (prctl(2)), and from no filter");
		return;
	}
	text_put(text, "from no filter: process ");
	text_put_number(text, (uint64_t)info->si_pid, 10);
	text_put(text, " of user ");
	text_put_number(text, info->si_uid, 10);
	text_put(text, " sent it");
}

static size_t compose(char line[LINE_SIZE], const siginfo_t *info, const void *context)
{
	const struct callgate_decoder decoder = decoder_here();
	struct text text = {line, LINE_SIZE - 1, 0};
	struct callgate_report report;

	text_put(&text, "callgate: SIGSYS: ");
	if (callgate_report_of_signal(info, context, &report) == 0)
		text.length += callgate_report_text(&report, &decoder, line + text.length, LINE_SIZE - 1 - text.length);
	else
		put_sender(&text, info);
	size_t length = text.length < text.size ? text.length : text.size - 1;
	line[length] = '\n';
	return length + 1;
}

/*
 * The thread makes the denied call again, from the same place, with the signal blocked: then the kernel kills the
 * process with SIGSYS, as if there were no handler, and needs no call for it. Filters only get stricter, so none lets
 * it pass now. False where it can't be done: vsyscalls are made from another place than the kernel says.
 */
static bool repeats_call(const siginfo_t *info, ucontext_t *context)
{
	const uintptr_t at = (uintptr_t)INSTRUCTION_POINTER(context);

	if (info->si_code != SYS_SECCOMP || CALL_SIZE == 0 || at != (uintptr_t)info->si_call_addr)
		return false;
	INSTRUCTION_POINTER(context) -= CALL_SIZE;
	sigaddset(&context->uc_sigmask, SIGSYS);
	sigaddset(&context->uc_sigmask, SIGPIPE); /* which write(2) may have left */
	return true;
}

/*
 * Each of these is tried because a filter may deny the others. What traps ends the process here, as SIGSYS is blocked.
 */
static void die(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	if (sigaction(SIGSYS, &action, NULL) == 0 && syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGSYS) == 0 &&
	    sigprocmask(SIG_UNBLOCK, &set, NULL) == 0)
		return; /* only in a debugger */
	_exit(128 + SIGSYS);
}

static void handle(int number, siginfo_t *info, void *context)
{
	char line[LINE_SIZE];

	(void)number;
	write_line(line, compose(line, info, context));
	if (!repeats_call(info, context))
		die();
}

int callgate_sigsys_install(const struct callgate_decoder *decoder)
{
	struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	struct callgate_report report = {.call = {.nr = SCMP_SYS(openat)}, .known = CALL_ARGUMENTS};
	char line[LINE_SIZE];

	/* The dynamic linker finds now what the handler is going to call. */
	(void)callgate_report_text(&report, decoder, line, sizeof(line));
	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGPIPE); /* the process shall not die of another signal */
	installed = decoder ? *decoder : (struct callgate_decoder){NULL};
	return sigaction(SIGSYS, &action, NULL) < 0 ? -errno : 0;
}
