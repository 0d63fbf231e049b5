/*
 * A plugin's process: started, spoken to, ended. The caller holds a lock around each of these.
 */
#ifndef CALLGATE_SANDBOX_PLUGIN_PROCESS_H
#define CALLGATE_SANDBOX_PLUGIN_PROCESS_H

#include <stdint.h>

#include <callgate/plugin.h>

#include "sandbox/plugin_files.h"
#include "sandbox/plugin_filter.h"
#include "process/process.h"

/* What does not change over restarts. */
struct plugin_plan {
	char *path, *helper;
	struct callgate_plugin_options options; /* with defaults filled in; pointers in it are not kept */
	struct plugin_filters filters;
	struct plugin_files files;
};

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

/* Kills it if it is there. */
void plugin_process_stop(struct plugin_process *process);

#endif
