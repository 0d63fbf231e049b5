/*
 * A region of memory that is released as a whole: one per compile, one per proof.
 */
#ifndef CALLGATE_BASE_ARENA_H
#define CALLGATE_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_chunk;

/*
 * All bytes ever handed out stay valid and in place until arena_finish(). A zeroed struct is an empty arena. Whoever
 * has the struct finishes the arena; functions that get a pointer to one only take from it.
 */
struct arena {
	struct arena_chunk *oldest, *newest;
	unsigned char *next, *end; /* what is left of the newest chunk */
	bool is_lent;              /* the oldest chunk is the caller's own */
};

/* Makes an empty arena that takes memory of the caller's first, which has to outlive it: most arenas need no more. */
enum { ARENA_ROOM = 8 * 1024 };
struct arena_room {
	_Alignas(max_align_t) unsigned char bytes[ARENA_ROOM];
};
void arena_start(struct arena *arena, struct arena_room *room);

/* `size` zeroed bytes aligned for any object, or NULL when memory is out; size 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);

/* Allocates bytes that are not zeroed, for callers that write them before they read them. */
void *arena_take(struct arena *arena, size_t size);

/* Zeroed ones again, count * size of them; NULL also where that product overflows. */
void *arena_alloc_array(struct arena *arena, size_t count, size_t size);

/* Did the arena hand out the memory? For assertions: the time it takes grows with the arena. */
bool arena_owns(const struct arena *arena, const void *memory);

/* Gives everything back. The arena is empty and usable again. */
void arena_finish(struct arena *arena);

#define ARENA_NEW(arena, type)          ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_alloc_array((arena), (count), sizeof(type)))

#endif
