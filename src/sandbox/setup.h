/*
 * What the library sends to callgate-plugin-host, over the same socket as the requests.
 */
#ifndef CALLGATE_WORKER_SETUP_H
#define CALLGATE_WORKER_SETUP_H

#include <stdint.h>

/* The descriptors of the plugin's process. The two are the same socket, so that a filter can tell reading from writing. */
enum { PLUGIN_REQUEST_FD = 3, PLUGIN_RESPONSE_FD = 4, PLUGIN_LIFELINE_FD = 5 };

enum { SETUP_MAGIC = 0x63677031, REQUEST_MAGIC = 0x63677132 };

/* Followed by the path with its NUL, the loading filter and the serving filter. Without filters: strict mode. */
struct setup {
	uint32_t magic;
	uint32_t path_size, loading_size, serving_size;
	uint64_t request_limit, response_limit, arena_size, memory;
	uint32_t cpu_seconds;
	uint32_t die_with_thread;
};

/* Followed by `size` bytes. Answered by a struct report with the same sequence number. */
struct request {
	uint32_t magic;
	uint32_t unused;
	uint64_t sequence;
	uint64_t size, capacity;
};

#endif
