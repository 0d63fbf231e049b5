#include "sandbox/exit_reason.h"

#include <assert.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <seccomp.h>
#include <callgate/arch.h>
#include <callgate/diagnosis.h>

#include "process/process.h"

const char *callgate_exit_kind_name(enum callgate_exit_kind kind)
{
	static const char *const names[] = {
	    [CALLGATE_EXIT_NONE] = "none",           [CALLGATE_EXIT_VALUE] = "value",
	    [CALLGATE_EXIT_FORBIDDEN] = "forbidden", [CALLGATE_EXIT_KILLED] = "killed",
	    [CALLGATE_EXIT_CRASHED] = "crashed",     [CALLGATE_EXIT_CPU] = "cpu",
	    [CALLGATE_EXIT_DEADLINE] = "deadline",   [CALLGATE_EXIT_TOO_LARGE] = "too large",
	    [CALLGATE_EXIT_MALFORMED] = "malformed", [CALLGATE_EXIT_EXITED] = "exited",
	    [CALLGATE_EXIT_REFUSED] = "refused",     [CALLGATE_EXIT_UNKNOWN] = "unknown",
	};

	return (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "?";
}

void exit_reason_set(struct callgate_exit_reason *reason, enum callgate_exit_kind kind, const char *format, ...)
{
	va_list list;

	assert(kind != CALLGATE_EXIT_NONE && kind != CALLGATE_EXIT_VALUE); /* which have no text */
	*reason = (struct callgate_exit_reason){.kind = kind};
	va_start(list, format);
	vsnprintf(reason->text, sizeof(reason->text), format, list);
	va_end(list);
}

void exit_reason_forbidden(struct callgate_exit_reason *reason, int nr, uint32_t arch)
{
	const struct callgate_arch *facts = callgate_arch_of_call(arch, nr);
	const char *arch_name = facts ? facts->name : "an unknown architecture";
	char *name = facts ? seccomp_syscall_resolve_num_arch(facts->token, nr) : NULL;

	if (name)
		exit_reason_set(reason, CALLGATE_EXIT_FORBIDDEN, "forbidden call: %s on %s", name, arch_name);
	else
		exit_reason_set(reason, CALLGATE_EXIT_FORBIDDEN, "forbidden call: number %d on %s%s", nr, arch_name,
		                nr < -1 ? ", which is no system call" : "");
	free(name);
	reason->syscall = nr;
	reason->arch = arch;
}

void exit_reason_deadline(struct callgate_exit_reason *reason, const struct exit_limits *limits)
{
	exit_reason_set(reason, CALLGATE_EXIT_DEADLINE, "not ready after %u ms, and killed", limits->deadline_ms);
	reason->signal = SIGKILL;
}

void exit_reason_not_ended(struct callgate_exit_reason *reason)
{
	size_t length = strlen(reason->text);

	snprintf(reason->text + length, sizeof(reason->text) - length,
	         " but has not ended: it hangs in the kernel, is traced, or an older filter holds back signals");
}

void exit_reason_too_large(struct callgate_exit_reason *reason, uint64_t size, const struct exit_limits *limits)
{
	exit_reason_set(reason, CALLGATE_EXIT_TOO_LARGE,
	                "an output of %" PRIu64 " bytes does not fit the %zu bytes for it", size,
	                limits->output_capacity);
	reason->output_size = size < SIZE_MAX ? (size_t)size : SIZE_MAX;
}

/* Most programs that get no memory crash, and nothing but the amount in use says why. */
static void crashed(struct callgate_exit_reason *reason, int signal, const struct exit_limits *limits)
{
	const char *name = process_signal_name(signal);

	exit_reason_set(reason, CALLGATE_EXIT_CRASHED, "crashed: SIG%s (%s)", name ? name : "?",
	                name ? strsignal(signal) : "unknown");
	if (!limits->memory || limits->peak < limits->memory / 4 * 3)
		return;
	size_t length = strlen(reason->text);
	snprintf(reason->text + length, sizeof(reason->text) - length,
	         ", probably out of memory: %zu MiB were in use, its limit is %zu MiB", limits->peak >> 20,
	         limits->memory >> 20);
}

static void killed(struct callgate_exit_reason *reason, int signal, const struct exit_limits *limits)
{
	if (signal == SIGKILL && limits->mode1)
		exit_reason_set(reason, CALLGATE_EXIT_KILLED,
		                "killed by SIGKILL: probably a forbidden call, for which strict mode gives no reason");
	else if (signal == SIGKILL)
		exit_reason_set(reason, CALLGATE_EXIT_KILLED,
		                "killed by SIGKILL, which this library did not send: out of memory, or someone's kill");
	else if (signal == SIGXCPU)
		exit_reason_set(reason, CALLGATE_EXIT_CPU, "used up its %u seconds of CPU time", limits->cpu_seconds);
	else if (signal == SIGSYS)
		exit_reason_set(reason, CALLGATE_EXIT_FORBIDDEN, "forbidden call, which it could not report (SIGSYS)");
	else
		crashed(reason, signal, limits);
	reason->signal = signal;
	if (reason->kind == CALLGATE_EXIT_FORBIDDEN)
		reason->syscall = -1;
}

void exit_reason_status(struct callgate_exit_reason *reason, int status, const struct exit_limits *limits)
{
	assert(status >= PROCESS_NOT_COLLECTED);
	if (status == PROCESS_NOT_COLLECTED) {
		exit_reason_set(reason, CALLGATE_EXIT_UNKNOWN,
		                "could not be collected in time: it hangs in the kernel, or another process traces it");
	} else if (status == PROCESS_STATUS_UNKNOWN) {
		exit_reason_set(reason, CALLGATE_EXIT_UNKNOWN,
		                "gone; another part of this program has collected its exit status");
	} else if (WIFSIGNALED(status)) {
		killed(reason, WTERMSIG(status), limits);
	} else {
		exit_reason_set(reason, CALLGATE_EXIT_EXITED, "exited with status %d without an answer",
		                WEXITSTATUS(status));
		reason->value = WEXITSTATUS(status);
	}
}

int refuse(int result, const char *format, ...)
{
	char text[2 * CALLGATE_EXIT_REASON_TEXT];
	va_list list;

	assert(result < 0);
	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	callgate_diagnosis_set(text);
	return result;
}
