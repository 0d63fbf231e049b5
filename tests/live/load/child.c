#include "child.h"

#include <check.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kernel_program.h"

enum { REPORT_SIZE = 2048, NOBODY = 65534 };
static char *report;

void child_fail(const char *file, int line, const char *condition, const char *format, ...)
{
	va_list list;

	/* What failed first, in whichever process, is the reason for the rest. */
	if (report[0])
		_exit(1);
	int used = snprintf(report, REPORT_SIZE, "%s:%d: %s:", file, line, condition);

	va_start(list, format);
	vsnprintf(report + used, (size_t)(REPORT_SIZE - used), format, list);
	va_end(list);
	_exit(1);
}

pid_t child_start(child_body *body, void *argument)
{
	const struct rlimit none = {0, 0};

	if (!report)
		report = kernel_share(REPORT_SIZE);
	report[0] = '\0';
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child > 0)
		return child;
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	body(argument);
	_exit(0);
}

int child_wait(pid_t child)
{
	return kernel_wait(child);
}

const char *child_report(void)
{
	return report;
}

void child_join(pid_t child)
{
	int status = child_wait(child);

	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "child: wait status 0x%x: %s", status, report);
}

void child_run(child_body *body, void *argument)
{
	child_join(child_start(body, argument));
}

int child_contains(const char *text, const char *words)
{
	return strstr(text, words) != NULL;
}

int child_cannot_load(void)
{
	return !kernel_can_filter();
}

long child_status(pid_t thread, const char *name)
{
	char path[64], line[256];
	long value = -1;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", thread ? thread : (int)syscall(SYS_gettid));
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
			value = strtol(line + strlen(name) + 1, NULL, 10);
	if (file)
		fclose(file);
	return value;
}

void child_drop_privileges(void)
{
	if (geteuid() == 0)
		CHILD_CHECK(setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0);
}
