/* callgate/plugin.h - untrusted shared objects in confined processes. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_PLUGIN_H
#define CALLGATE_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <callgate/exit_reason.h>
#include <callgate/strict.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * A plugin in a process of its own. Any thread may call it; calls of one plugin wait for each other, different plugins
 * run concurrently.
 */
struct callgate_plugin;

enum callgate_plugin_confinement {
	/* A loading filter before the plugin's first instruction, then a serving filter on top of it. */
	CALLGATE_PLUGIN_FILTER = 0,
	/* No filter while the plugin is loaded, which has to be trusted so far; then the kernel's strict mode. */
	CALLGATE_PLUGIN_STRICT = 1
};

/* 0, NULL or false in a field, or NULL for the whole, chooses the default that the comment gives. */
struct callgate_plugin_options {
	enum callgate_plugin_confinement confinement;
	/* CALLGATE_ALLOW_* bits for serving; 0: none. */
	unsigned allow;
	/*
	 * Names of system calls allowed in addition, with any arguments, while loading too; NULL at the end. NULL:
	 * none. Calls that make processes or threads are refused.
	 */
	const char *const *allow_calls;
	/* The plugin's standard error is copied to the program's. false: it is /dev/null. */
	bool allow_stderr;
	/* SIGKILL also when the thread that started it ends (PR_SET_PDEATHSIG). false: only when the program ends. */
	bool die_with_thread;
	/* Bytes; 0: 16 MiB. These cost nothing until they are touched. */
	size_t request_limit, response_limit, arena_size;
	/* Bytes of address space for the plugin's code, its data, and what it may allocate; 0: 64 MiB. */
	size_t memory;
	/* Wall time from start to readiness, and of a call; 0: 10,000. */
	unsigned load_deadline_ms, call_deadline_ms;
	/* CPU time of the process's whole life; 0: no limit but the deadlines. */
	unsigned cpu_seconds;
	/*
	 * Absolute path of callgate-plugin-host. NULL: $CALLGATE_PLUGIN_HOST, absolute too, unless the program runs
	 * with raised privileges; else beside the shared library; else where it is installed.
	 */
	const char *helper;
	/*
	 * Absolute names of directories beneath which shared objects that the plugin needs may lie, beside the
	 * system's; NULL at the end. NULL: none.
	 */
	const char *const *library_dirs;
};

/*
 * Starts a process, confines it, and loads the shared object `path` there. The process is a small program,
 * callgate-plugin-host, started anew, so that the plugin finds neither the memory nor the descriptors, environment or
 * signal handlers of this program: only descriptors 3 (requests) and 4 (responses). It gets limits, cannot gain
 * privileges, is not dumpable, and dies with this program: a process between the two watches both.
 *
 * While the plugin is loaded under CALLGATE_PLUGIN_FILTER, no file can be opened but the plugin, the dynamic linker's
 * cache, and what lies beneath the system's library directories and `library_dirs`. Landlock enforces that
 * (Linux 5.13), or else the process between the two opens files on the plugin's behalf (Linux 5.14). stat(2) is not
 * limited: the plugin can find out whether any file exists, and its status. Files are not limited where allow_calls
 * names a call that opens or executes them.
 *
 * The options are copied. On success *ret_plugin is the plugin, ready for calls; callgate_plugin_close() ends it.
 *
 * Returns 0; -EPIPE: it was started and ended, or could not be loaded: *ret_reason (if not NULL) says how. -EINVAL
 * (NULL, unknown option, sizes beyond the address space, an unknown call in allow_calls, a name in `helper`, the
 * environment or library_dirs that is not absolute, options that strict mode cannot honour); -ENOENT and others of
 * realpath(3) for `path` and library_dirs; -ENOENT: no helper found; -EOPNOTSUPP: nothing can limit which files are
 * opened, as there is no Landlock, and this program already is under a filter with a listener, say; -ENOMEM, -EMFILE,
 * -ENFILE, -EAGAIN; -ECANCELED: a filter around this program fakes success. After each failure callgate_diagnosis(NULL)
 * says why, and nothing is left: no process, descriptor or memory.
 */
int callgate_plugin_open(const char *path, const struct callgate_plugin_options *options,
                         struct callgate_exit_reason *ret_reason, struct callgate_plugin **ret_plugin);

/*
 * Sends a request and waits for the response.
 *
 * Returns 0: ret_reason->value is what callgate_plugin_serve() returned, and `response` holds ret_reason->output_size
 * bytes. -EMSGSIZE: the plugin's response would have been larger than `capacity` (CALLGATE_EXIT_TOO_LARGE has its
 * size), and it is ready for the next call. -EPIPE: it is gone, *ret_reason says how, and `response` may hold anything;
 * a plugin that breaks the protocol or misses the deadline is killed. Later calls give -EPIPE with the same reason
 * until callgate_plugin_restart(). -EINVAL: NULL; or a request beyond its limit, which is not sent. `capacity` beyond
 * the response limit is not used. After each failure callgate_diagnosis(NULL) says why. Thread-safe.
 */
int callgate_plugin_call(struct callgate_plugin *plugin, const void *request, size_t size, void *response,
                         size_t capacity, struct callgate_exit_reason *ret_reason);

/* Whether the plugin's process is running and ready. False once it has ended. Thread-safe. */
bool callgate_plugin_alive(struct callgate_plugin *plugin);

/*
 * Ends the process if there is one, and starts and loads anew, with the same options. Returns as
 * callgate_plugin_open(); on failure the plugin stays without a process, and may be tried again. Thread-safe.
 */
int callgate_plugin_restart(struct callgate_plugin *plugin, struct callgate_exit_reason *ret_reason);

/*
 * Kills the process, waits for it, and frees the plugin. No call may be in progress. NULL is allowed. A process that
 * could not be ended is in callgate_diagnosis(NULL).
 */
void callgate_plugin_close(struct callgate_plugin *plugin);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
