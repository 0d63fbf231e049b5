/* Executing a command in this process's place, or watched, with env(1)'s exit statuses. */
#ifndef CALLGATE_CLI_EXECUTE_H
#define CALLGATE_CLI_EXECUTE_H

#include <limits.h>
#include <stdbool.h>

#include "trace/traced_filter.h"

/* env(1)'s: the command's own status is passed on. */
enum run_status {
	RUN_FAILED = 125,
	RUN_NOT_EXECUTABLE = 126,
	RUN_NOT_FOUND = 127,
};

/*
 * As execvp(3) searches, but before a filter is there: 0 and a path with a slash, or a status after a message was
 * printed.
 */
int execute_find(const char *command, char ret_path[PATH_MAX]);

/* Says why it failed, and returns the exit status. */
int execute_failed(const char *command, int error);

/* A command that is watched. */
struct watched_command {
	const struct traced_filter *filter;
	const char *path; /* of execute_find() */
	char **argv;
};

/*
 * For struct trace_command: loads the filter and executes the `struct watched_command`; comes back only with a failure.
 */
int execute_watched(void *command, _Atomic int *ret_listener);

/* Says what an error of trace_run() means. True: another way of watching than ptrace(2) may work. */
bool execute_unwatched(int error);

/*
 * Ends as the command did, so that whoever has started this process sees the same: returns the exit status, or a signal
 * ends this process. No core is written for it.
 */
int execute_end_as(int wait_status);

#endif
