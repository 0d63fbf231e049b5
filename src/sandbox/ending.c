#include "sandbox/ending.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <seccomp.h>
#include <callgate/arch.h>

#include "process/process.h"

const char *callgate_end_name(enum callgate_end end)
{
	static const char *const names[] = {
	    [CALLGATE_END_NONE] = "none",           [CALLGATE_END_VALUE] = "value",
	    [CALLGATE_END_FORBIDDEN] = "forbidden", [CALLGATE_END_KILLED] = "killed",
	    [CALLGATE_END_CRASHED] = "crashed",     [CALLGATE_END_CPU] = "cpu",
	    [CALLGATE_END_DEADLINE] = "deadline",   [CALLGATE_END_TOO_LARGE] = "too large",
	    [CALLGATE_END_MALFORMED] = "malformed", [CALLGATE_END_EXITED] = "exited",
	    [CALLGATE_END_REFUSED] = "refused",     [CALLGATE_END_UNKNOWN] = "unknown",
	};

	return (size_t)end < sizeof(names) / sizeof(names[0]) ? names[end] : "?";
}

void ending_set(struct callgate_ending *ending, enum callgate_end end, const char *format, ...)
{
	va_list list;

	*ending = (struct callgate_ending){.end = end};
	va_start(list, format);
	vsnprintf(ending->text, sizeof(ending->text), format, list);
	va_end(list);
}

void ending_value(struct callgate_ending *ending, int64_t value, size_t output_size)
{
	*ending =
	    (struct callgate_ending){.end = CALLGATE_END_VALUE, .value = value, .output_size = output_size};
}

void ending_forbidden(struct callgate_ending *ending, int nr, uint32_t arch)
{
	const struct callgate_arch *facts = callgate_arch_of_call(arch, nr);
	const char *arch_name = facts ? facts->name : "an unknown architecture";
	char *name = facts ? seccomp_syscall_resolve_num_arch(facts->token, nr) : NULL;

	if (name)
		ending_set(ending, CALLGATE_END_FORBIDDEN, "forbidden call: %s on %s", name, arch_name);
	else
		ending_set(ending, CALLGATE_END_FORBIDDEN, "forbidden call: number %d on %s", nr, arch_name);
	free(name);
	ending->syscall = nr;
	ending->arch = arch;
}

void ending_deadline(struct callgate_ending *ending, const struct ending_limits *limits)
{
	ending_set(ending, CALLGATE_END_DEADLINE, "not ready after %u ms, and killed", limits->deadline_ms);
	ending->signal = SIGKILL;
}

void ending_too_large(struct callgate_ending *ending, uint64_t size, const struct ending_limits *limits)
{
	ending_set(ending, CALLGATE_END_TOO_LARGE,
	           "an output of %" PRIu64 " bytes does not fit the %zu bytes for it", size,
	           limits->output_capacity);
	ending->output_size = size < SIZE_MAX ? (size_t)size : SIZE_MAX;
}

/* Most programs that get no memory crash, and nothing but the amount in use tells why. */
static void crashed(struct callgate_ending *ending, int signal, const struct ending_limits *limits)
{
	const char *name = sigabbrev_np(signal), *description = sigdescr_np(signal);

	ending_set(ending, CALLGATE_END_CRASHED, "crashed: SIG%s (%s)", name ? name : "?",
	           description ? description : "unknown");
	if (!limits->memory || limits->peak < limits->memory / 4 * 3)
		return;
	size_t length = strlen(ending->text);
	snprintf(ending->text + length, sizeof(ending->text) - length,
	         ", probably out of memory: %zu MiB were in use, its limit is %zu MiB", limits->peak >> 20,
	         limits->memory >> 20);
}

static void killed(struct callgate_ending *ending, int signal, const struct ending_limits *limits)
{
	if (signal == SIGKILL && limits->mode1)
		ending_set(
		    ending, CALLGATE_END_KILLED,
		    "killed by SIGKILL: probably a forbidden call, for which strict mode gives no reason");
	else if (signal == SIGKILL)
		ending_set(
		    ending, CALLGATE_END_KILLED,
		    "killed by SIGKILL, which this library did not send: out of memory, or someone's kill");
	else if (signal == SIGXCPU)
		ending_set(ending, CALLGATE_END_CPU, "used up its %u seconds of CPU time",
		           limits->cpu_seconds);
	else if (signal == SIGSYS)
		ending_set(ending, CALLGATE_END_FORBIDDEN,
		           "forbidden call, which it could not report (SIGSYS)");
	else
		crashed(ending, signal, limits);
	ending->signal = signal;
	if (ending->end == CALLGATE_END_FORBIDDEN)
		ending->syscall = -1;
}

void ending_status(struct callgate_ending *ending, int status, const struct ending_limits *limits)
{
	if (status == PROCESS_NOT_COLLECTED) {
		ending_set(
		    ending, CALLGATE_END_UNKNOWN,
		    "could not be collected in time: it hangs in the kernel, or another process traces it");
	} else if (status == PROCESS_STATUS_UNKNOWN) {
		ending_set(ending, CALLGATE_END_UNKNOWN,
		           "gone; another part of this program has collected its exit status");
	} else if (WIFSIGNALED(status)) {
		killed(ending, WTERMSIG(status), limits);
	} else {
		ending_set(ending, CALLGATE_END_EXITED, "exited with status %d without an answer",
		           WEXITSTATUS(status));
		ending->value = WEXITSTATUS(status);
	}
}
