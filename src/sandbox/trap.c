#include "sandbox/trap.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/raw.h"
#include "sandbox/report.h"
#include "base/unchecked.h"

/* Where the handler writes. Of this process alone: a handler has no other way to know. */
static int report_fd = -1;

/*
 * Should exit itself be forbidden, the handler would be entered again by its own call, which blocked SIGSYS turns into
 * death by SIGSYS.
 */
UNCHECKED static void on_trap(int number, siginfo_t *info, void *machine)
{
	struct report report = {.magic = REPORT_MAGIC,
	                        .kind = REPORT_FORBIDDEN,
	                        .detail = info->si_syscall,
	                        .arch = info->si_arch};

	(void)number, (void)machine;
	raw_write(report_fd, &report, sizeof(report));
	raw_exit(1);
}

UNCHECKED int trap_install(int fd)
{
	struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};

	report_fd = fd;
	return sigaction(SIGSYS, &action, NULL) < 0 ? -errno : 0;
}
