/*
 * callgate-plugin-host: what the library sends it, over the same socket as the requests, and what it is made of.
 */
#ifndef CALLGATE_SANDBOX_PLUGIN_HOST_H
#define CALLGATE_SANDBOX_PLUGIN_HOST_H

#include <stddef.h>
#include <stdint.h>

/*
 * The descriptors of the plugin's process. The first two are the same socket, so that a filter can keep reading and writing apart. Only
 * its watcher has the third: a pidfd of the host, where the kernel has them. What the plugin opens is numbered from PLUGIN_OWN_FD on.
 */
enum { PLUGIN_REQUEST_FD = 3, PLUGIN_RESPONSE_FD = 4, PLUGIN_HOST_PIDFD = 5 };
enum { PLUGIN_OWN_FD = 5, PLUGIN_FD_LIMIT = 64 };

enum { SETUP_MAGIC = 0x63677032, REQUEST_MAGIC = 0x63677132 };

/*
 * Followed by the path with its NUL, the names of the files that may be opened (struct plugin_files), the loading filter, the serving
 * filter, and the supervising filter. Without filters: strict mode. Without files: nothing limits which are opened.
 */
struct setup {
	uint32_t magic;
	uint32_t path_size, files_size, loading_size, serving_size, supervising_size;
	uint64_t request_limit, response_limit, arena_size, memory;
	uint32_t cpu_seconds;
	uint32_t die_with_thread;
	int32_t host; /* the host's process number */
	uint32_t unused;
};

/* Followed by `size` bytes. Answered by a struct report with the same sequence number. */
struct request {
	uint32_t magic;
	uint32_t unused;
	uint64_t sequence;
	uint64_t size, capacity;
};

/*
 * Makes the plugin's process and returns in it: 0, or -errno. This process watches, and never returns: it kills the plugin when the host has
 * ended or asks for it by SIGTERM, and ends as the plugin did, by the same status or signal. The plugin's process dies with it.
 *
 * A process can't be trusted to watch itself: it may block a signal that reports the host's end, and a descriptor that shows it lives on in a
 * copy of the host.
 */
int watcher_start(const struct setup *setup);

/* Which files may be read: names as in struct plugin_files; and the filter that notifies of opening, which may be empty. */
struct file_limit {
	const char *names;
	size_t names_size;
	const void *filter;
	size_t filter_size;
};

/* Why there is no limit, in errno values; ECANCELED: what reported success has no effect. */
struct file_limit_failure {
	int landlock, listener;
};

enum file_limit_means { FILE_LIMIT_NONE, FILE_LIMIT_LANDLOCK, FILE_LIMIT_LISTENER };

/*
 * By Landlock, or else by a listener, which is sent to the host with a REPORT_LISTENER over `socket`; either way the limit is
 * tried out. With NONE, *ret_failure says why neither could be had.
 */
enum file_limit_means file_limit_set(const struct file_limit *limit, int socket,
                                     struct file_limit_failure *ret_failure);

#endif
