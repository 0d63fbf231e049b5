/* callgate/plugin_side.h - what a sandboxed plugin sees. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_PLUGIN_SIDE_H
#define CALLGATE_PLUGIN_SIDE_H

/*
 * A plugin is a shared object that exports one function, callgate_plugin_serve(). This header needs no library, and
 * neither does the plugin: cc -shared -fPIC -o plugin.so plugin.c.
 *
 * By default a plugin can make no system call that matters, not even the one by which malloc() asks for memory: use the
 * arena.
 */
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One request. Its pointers are valid only during the call of callgate_plugin_serve(). */
struct callgate_plugin_job {
	const void *request;
	size_t request_size;
	/* A buffer for the response, of response_capacity bytes. */
	void *response;
	size_t response_capacity;
	/* The size of the response, which the plugin sets; initially 0. A size above the capacity is reported as too
	 * large. */
	size_t response_size;
	/* Memory for callgate_plugin_alloc(), which is not cleared between requests. */
	void *arena;
	size_t arena_size, arena_used;
};

/*
 * The plugin's function, which answers one request. The host gets its return value unchanged, and response_size bytes
 * of response.
 */
__attribute__((visibility("default"))) int64_t callgate_plugin_serve(struct callgate_plugin_job *job);

/*
 * Allocates `size` bytes of the arena, aligned for any object; NULL if the arena is exhausted. The function makes no
 * system call. The whole arena is free again at the next request.
 */
static inline void *callgate_plugin_alloc(struct callgate_plugin_job *job, size_t size)
{
	const size_t align = 16;
	size_t start = (job->arena_used + align - 1) / align * align;

	if (start > job->arena_size || job->arena_size - start < size)
		return NULL;
	job->arena_used = start + size;
	return (char *)job->arena + start;
}

#ifdef __cplusplus
}
#endif

#endif
