/*
 * Growable arrays of any type: VEC(struct rule) rules lives on the heap, ARENA_VEC(struct rule) rules in an arena;
 * zeroed means empty. What is for the one does not compile with the other.
 *
 * vec_reserve() is the only operation that can fail; after it has made room, vec_push() can't.
 */
#ifndef CALLGATE_BASE_VEC_H
#define CALLGATE_BASE_VEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

#define VEC(type)                       \
	struct {                        \
		type *items;            \
		size_t count, capacity; \
	}

/* Makes room for `more` items after the present ones; false when memory is out, and nothing has changed. */
#define vec_reserve(vec, more)                       \
	((vec)->capacity - (vec)->count >= (more) || \
	 vec_grow(NULL, (void **)&(vec)->items, sizeof(*(vec)->items), (vec)->count, &(vec)->capacity, (more)))

/* Appends one item (evaluated once); false when memory is out, and nothing has changed. */
#define vec_push(vec, item) (vec_reserve((vec), 1) ? ((vec)->items[(vec)->count++] = (item), true) : false)

/*
 * An arena vec is never finished, and always used with the arena that it began with, in which what it has outgrown
 * stays allocated.
 */
#define ARENA_VEC(type)                       \
	struct {                              \
		type *items;                  \
		size_t count, arena_capacity; \
	}
#define vec_reserve_in(vec, arena, more)                                                                        \
	((vec)->arena_capacity - (vec)->count >= (more) ||                                                      \
	 vec_grow((arena), (void **)&(vec)->items, sizeof(*(vec)->items), (vec)->count, &(vec)->arena_capacity, \
	          (more)))
#define vec_push_in(vec, arena, item) \
	(vec_reserve_in((vec), (arena), 1) ? ((vec)->items[(vec)->count++] = (item), true) : false)

/* Frees the array of a VEC, which is empty then. */
#define vec_finish(vec) vec_release((void **)&(vec)->items, &(vec)->count, &(vec)->capacity)

/* On the heap where the arena is NULL. */
bool vec_grow(struct arena *arena, void **items, size_t size, size_t count, size_t *capacity, size_t more);
void vec_release(void **items, size_t *count, size_t *capacity);

#endif
