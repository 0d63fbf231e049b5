/*
 * What the library sends to callgate-plugin-host, over the same socket as the requests.
 */
#ifndef CALLGATE_WORKER_SETUP_H
#define CALLGATE_WORKER_SETUP_H

#include <stdint.h>

/*
 * The descriptors of the plugin's process. The first two are the same socket, so that a filter can tell reading from writing. Only
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

#endif
