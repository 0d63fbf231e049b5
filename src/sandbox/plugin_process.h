/*
 * The host's side of a plugin: the plan, which is made once, and the process, which is started, spoken to and ended.
 * The caller holds a lock around each of the functions about the process.
 */
#ifndef CALLGATE_SANDBOX_PLUGIN_PROCESS_H
#define CALLGATE_SANDBOX_PLUGIN_PROCESS_H

#include <stdint.h>

#include <callgate/plugin.h>

#include "process/process.h"
#include "sandbox/confinement.h"

/*
 * The files that a plugin may open while it is loaded: itself, the dynamic linker's cache, and what lies beneath the
 * directories of libraries. Absolute names, each with its NUL; directories end in a slash. Of each the name as it was
 * given, and the one without symbolic links.
 */
struct plugin_files {
	char *names; /* NULL: the plugin may open what it likes */
	size_t size;
};

/* What does not change over restarts. */
struct plugin_plan {
	char *path, *helper;
	struct callgate_plugin_options options; /* with defaults filled in; pointers in it are not kept */
	struct plugin_filters filters;
	struct plugin_files files;
};

/*
 * From plan->options, where 0 is a default. 0, or -errno with the thread's diagnosis; the plan is then there in part.
 */
int plugin_plan_make(struct plugin_plan *plan, const char *path);

/* A zeroed one, and one that is there in part, are fine. */
void plugin_plan_finish(struct plugin_plan *plan);

/* process.pid, that of the plugin's watcher, is 0 when there is none; the socket is then not open. */
struct plugin_process {
	struct process process;
	int socket;
	uint64_t sequence;
};

/* Starts, loads, and waits until it is ready. 0; -EPIPE with *reason; or -errno. The thread's diagnosis says why. */
int plugin_process_start(const struct plugin_plan *plan, struct plugin_process *process,
                         struct callgate_exit_reason *reason);

/* One request. 0; -EMSGSIZE; -EPIPE, and it has been ended. *reason is set always. */
int plugin_process_call(const struct plugin_plan *plan, struct plugin_process *process, const void *request,
                        size_t size, void *response, size_t capacity, struct callgate_exit_reason *reason);

/* Ends it if it is there. One that can't be ended is in the thread's diagnosis. */
void plugin_process_stop(const struct plugin_plan *plan, struct plugin_process *process);

#endif
