/* callgate/plugin.h - shared objects that nobody needs to trust. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_PLUGIN_H
#define CALLGATE_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <callgate/ending.h>
#include <callgate/strict.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * A plugin in a process of its own. Any thread may call it; calls of one plugin wait for each other, different plugins run beside
 * each other.
 */
struct callgate_plugin;

enum callgate_plugin_confinement {
	CALLGATE_PLUGIN_FILTER =
	    0, /* a loading filter before the plugin's first instruction, then a serving filter on top */
	CALLGATE_PLUGIN_STRICT =
	    1, /* the plugin is trusted to load, without any filter; then the kernel's strict mode */
};

/* 0, NULL or false in a field, or NULL for the whole, chooses what is said beside it. */
struct callgate_plugin_options {
	enum callgate_plugin_confinement confinement;
	unsigned allow; /* CALLGATE_ALLOW_* bits for serving; 0: none */
	const char *const
	    *allow_calls; /* names of system calls allowed in addition, NULL at the end; NULL: none. They are
	                                    allowed with any arguments, while loading too */
	bool
	    allow_stderr; /* the plugin may write to the program's standard error; false: that is /dev/null */
	bool
	    die_with_thread; /* SIGKILL also when the thread that started it ends (PR_SET_PDEATHSIG); false: only when
	                                    the program ends */
	size_t request_limit;  /* bytes; 0: 16 MiB */
	size_t response_limit; /* bytes; 0: 16 MiB */
	size_t arena_size;     /* bytes; 0: 16 MiB. Like the limits above, costs nothing until touched */
	size_t memory; /* bytes of address space for the plugin's code, its data, and what it may allocate;
	                                    0: 64 MiB */
	unsigned load_deadline_ms; /* wall time from start to readiness; 0: 10,000 */
	unsigned call_deadline_ms; /* wall time of a call; 0: 10,000 */
	unsigned cpu_seconds;      /* CPU time of the process's whole life; 0: no limit but the deadlines */
	const char
	    *helper; /* path of callgate-plugin-host; NULL: $CALLGATE_PLUGIN_HOST unless the program runs
	                                    with raised privileges, then where it was built or installed */
	const char *const *
	    library_dirs; /* absolute names of directories beneath which shared objects that the plugin needs may
	                      lie, beside the system's; NULL at the end; NULL: none */
};

/*
 * Starts a process, confines it, and loads the shared object `path` there. The process is a small program,
 * callgate-plugin-host, started anew, so that the plugin finds neither the memory nor the descriptors, environment or signal
 * handlers of this program: only descriptors 3 (requests), 4 (responses) and 5 (its lifeline). It gets limits, cannot gain privileges, is not
 * dumpable, and dies with this program.
 *
 * The options are copied. On success *ret_plugin is the plugin, ready for calls; callgate_plugin_close() ends it.
 *
 * Returns 0; -EPIPE: it was started and ended, or could not be loaded: *ret_ending (if not NULL) says how. -EINVAL (NULL,
 * unknown option, sizes beyond the address space, an unknown call in allow_calls, options that strict mode cannot honour); -ENOENT and others of
 * realpath(3) for `path`; -ENOENT: no helper found; -ENOMEM, -EMFILE, -ENFILE, -EAGAIN. After each failure
 * callgate_diagnosis(NULL) says why, and nothing is left: no process, descriptor or memory.
 */
int callgate_plugin_open(const char *path, const struct callgate_plugin_options *options,
                         struct callgate_ending *ret_ending, struct callgate_plugin **ret_plugin);

/*
 * Sends a request and waits for the response.
 *
 * Returns 0: ret_ending->value is what callgate_plugin_serve() returned, and `response` holds ret_ending->output_size bytes.
 * -EMSGSIZE: the plugin's response would have been larger than `capacity` (CALLGATE_END_TOO_LARGE tells its size), and it is
 * ready for the next call. -EPIPE: it is gone, *ret_ending says how, and `response` may hold anything; a plugin that does not keep to the
 * frames or the deadline is killed. Later calls give -EPIPE with the same ending until callgate_plugin_restart().
 * -EINVAL: NULL; or a request beyond its limit, which is not sent. `capacity` beyond the response limit is not used.
 * After each failure callgate_diagnosis(NULL) says why. Thread-safe.
 */
int callgate_plugin_call(struct callgate_plugin *plugin, const void *request, size_t size, void *response,
                         size_t capacity, struct callgate_ending *ret_ending);

/* Is it there and ready? False after an ending. Thread-safe. */
bool callgate_plugin_alive(struct callgate_plugin *plugin);

/*
 * Ends the process if there is one, and starts and loads anew, with the same options. Returns as callgate_plugin_open(); on
 * failure the plugin stays without a process, and may be tried again. Thread-safe.
 */
int callgate_plugin_restart(struct callgate_plugin *plugin, struct callgate_ending *ret_ending);

/* Kills the process, collects it, and frees the plugin. No call may be under way. NULL is fine. */
void callgate_plugin_close(struct callgate_plugin *plugin);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
