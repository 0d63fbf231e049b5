#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Each chunk is twice as large as the one before, up to CHUNK_MOST. */
enum { CHUNK_FIRST = 1024, CHUNK_MOST = 8 * 1024 };

struct arena_chunk {
	struct arena_chunk *newer;
	size_t capacity;
	alignas(max_align_t) unsigned char bytes[];
};

static void use_chunk(struct arena *arena, struct arena_chunk *chunk, size_t capacity)
{
	chunk->newer = NULL;
	chunk->capacity = capacity;
	*(arena->newest ? &arena->newest->newer : &arena->oldest) = chunk;
	arena->newest = chunk;
	arena->next = chunk->bytes;
	arena->end = chunk->bytes + chunk->capacity;
}

static bool add_chunk(struct arena *arena, size_t size)
{
	size_t usual = arena->newest ? 2 * arena->newest->capacity : CHUNK_FIRST;
	size_t capacity = usual < CHUNK_MOST ? usual : CHUNK_MOST;

	if (capacity < size)
		capacity = size;
	struct arena_chunk *chunk = malloc(sizeof(*chunk) + capacity);
	if (!chunk)
		return false;
	use_chunk(arena, chunk, capacity);
	return true;
}

void arena_start(struct arena *arena, struct arena_room *room)
{
	struct arena_chunk *chunk = (struct arena_chunk *)(void *)room->bytes;

	static_assert(sizeof(room->bytes) > sizeof(*chunk), "the caller's memory holds a chunk");
	*arena = (struct arena){.is_lent = true};
	use_chunk(arena, chunk, sizeof(room->bytes) - sizeof(*chunk));
}

/* What an object of this size takes, or 0 where there can be none. */
static inline size_t room_of(size_t size)
{
	size_t align = alignof(max_align_t);

	if (size > PTRDIFF_MAX - CHUNK_MOST)
		return 0;
	return size ? (size + align - 1) / align * align : align;
}

static void *take_from_new_chunk(struct arena *arena, size_t room)
{
	if (!room || !add_chunk(arena, room))
		return NULL;
	arena->next += room;
	return arena->newest->bytes;
}

void *arena_take(struct arena *arena, size_t size)
{
	size_t room = room_of(size);
	unsigned char *at = arena->next;

	if (!room || (size_t)(arena->end - at) < room)
		return take_from_new_chunk(arena, room);
	arena->next = at + room;
	assert((uintptr_t)at % alignof(max_align_t) == 0);
	return at;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	void *at = arena_take(arena, size);

	return at ? memset(at, 0, size) : NULL;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return arena_alloc(arena, bytes);
}

bool arena_owns(const struct arena *arena, const void *memory)
{
	const unsigned char *at = memory;
	const struct arena_chunk *chunk = arena->oldest;

	while (chunk && (at < chunk->bytes || at >= chunk->bytes + chunk->capacity))
		chunk = chunk->newer;
	return chunk != NULL;
}

/*
 * From the oldest chunk on: what is freed last is at the end of the heap, which malloc() then gives back to the system
 * at once.
 */
void arena_finish(struct arena *arena)
{
	struct arena_chunk *chunk = arena->oldest;

	while (chunk) {
		struct arena_chunk *newer = chunk->newer;
		if (chunk != arena->oldest || !arena->is_lent)
			free(chunk);
		chunk = newer;
	}
	*arena = (struct arena){0};
}
