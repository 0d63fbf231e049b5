#include "cli/execute.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/confine.h"
#include "cli/command.h"
#include "trace/process_facts.h"

static bool is_executable_file(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0 || access(path, X_OK) < 0)
		return false;
	if (S_ISDIR(status.st_mode))
		errno = EACCES;
	return S_ISREG(status.st_mode);
}

/* As execvp(3) searches, but before the filter is there: 0 and in `path` one with a slash, or RUN_*. */
static int find(const char *command, char path[PATH_MAX])
{
	const char *dirs = getenv("PATH");
	int status = RUN_NOT_FOUND;

	if (!*command)
		return status;
	if (strchr(command, '/'))
		dirs = NULL;
	else if (!dirs)
		dirs = "/bin:/usr/bin";
	for (;;) {
		size_t len = dirs ? strcspn(dirs, ":") : 0;
		const char *separator = !dirs ? "" : len ? "/" : "./";
		if (len + strlen(command) + 3 <= PATH_MAX) {
			memcpy(path, dirs ? dirs : "", len);
			strcpy(stpcpy(path + len, separator), command);
			if (is_executable_file(path))
				return 0;
			if (errno == EACCES)
				status = RUN_NOT_EXECUTABLE;
		}
		if (!dirs || !dirs[len])
			return status;
		dirs += len + 1;
	}
}

int execute_failed(const char *command, int error)
{
	cli_error("%s: %s", *command ? command : "\"\"", strerror(error));
	return error == ENOENT || error == ENOTDIR ? RUN_NOT_FOUND : RUN_NOT_EXECUTABLE;
}

int execute_find(const char *command, char ret_path[PATH_MAX])
{
	const int status = find(command, ret_path);

	return status ? execute_failed(command, status == RUN_NOT_FOUND ? ENOENT : EACCES) : 0;
}

int execute_watched(void *data, _Atomic int *ret_listener)
{
	const struct watched_command *command = data;
	const int result = traced_filter_load(command->filter, ret_listener);

	if (result < 0) {
		cli_error("the filter could not be loaded: %s",
		          result == CONFINE_FAKED ? CONFINE_FAKED_TEXT : strerror(-result));
		return RUN_FAILED;
	}
	execvp(command->path, command->argv); /* a script without #! is the shell's */
	return execute_failed(command->argv[0], errno);
}

/* What a sysctl of Yama says; -1: there is none. */
static int ptrace_scope(void)
{
	FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
	int scope = -1;

	if (file && fscanf(file, "%d", &scope) != 1)
		scope = -1;
	if (file)
		fclose(file);
	return scope;
}

static void say_forbidden(void)
{
	struct process_facts own = {0}, tracer;
	const int scope = ptrace_scope();

	(void)process_facts_read(getpid(), &own);
	if (own.tracer > 0 && process_facts_read(own.tracer, &tracer))
		cli_error("can't watch the command: a tracer is attached already (%s[%d]): run callgate "
		          "outside of it",
		          tracer.name, own.tracer);
	else if (scope > 1)
		cli_error("can't watch the command: ptrace(2) is forbidden (kernel.yama.ptrace_scope=%d)", scope);
	else
		cli_error("can't watch the command: ptrace(2) is forbidden here");
}

bool execute_unwatched(int error)
{
	switch (-error) {
	case EPERM:
	case EACCES:
	case ENOSYS:
		say_forbidden();
		return true;
	case EOPNOTSUPP:
		cli_error("can't watch the command: the registers of this machine are not known");
		return true;
	case -CONFINE_FAKED:
		cli_error("can't watch the command: " CONFINE_FAKED_TEXT ", or answers wait4(2)");
		return false;
	default:
		cli_error("can't watch the command: %s", strerror(-error));
		return false;
	}
}

int execute_end_as(int wait_status)
{
	const struct rlimit no_core = {0, 0};

	if (!WIFSIGNALED(wait_status))
		return WEXITSTATUS(wait_status);
	setrlimit(RLIMIT_CORE, &no_core);
	signal(WTERMSIG(wait_status), SIG_DFL);
	raise(WTERMSIG(wait_status));
	return 128 + WTERMSIG(wait_status);
}
