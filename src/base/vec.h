/*
 * A growable array of any type: VEC(struct rule) rules; zeroed means empty.
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

/* Makes room for `more` items behind the present ones; false when memory is out, and nothing has changed. */
#define vec_reserve(vec, more)                       \
	((vec)->capacity - (vec)->count >= (more) || \
	 vec_grow((void **)&(vec)->items, sizeof(*(vec)->items), (vec)->count, &(vec)->capacity, (more)))

/* Appends one item (evaluated once); false when memory is out, and nothing has changed. */
#define vec_push(vec, item) (vec_reserve((vec), 1) ? ((vec)->items[(vec)->count++] = (item), true) : false)

/*
 * The same for a vec that lives in an arena: it is never finished, and never used without the arena, in which what it has outgrown
 * stays allocated.
 */
#define vec_reserve_in(vec, arena, more)                                                                     \
	((vec)->capacity - (vec)->count >= (more) ||                                                         \
	 vec_grow_in((arena), (void **)&(vec)->items, sizeof(*(vec)->items), (vec)->count, &(vec)->capacity, \
	             (more)))
#define vec_push_in(vec, arena, item) \
	(vec_reserve_in((vec), (arena), 1) ? ((vec)->items[(vec)->count++] = (item), true) : false)

/* Frees the array; the vec is empty again. */
#define vec_finish(vec) vec_release((void **)&(vec)->items, &(vec)->count, &(vec)->capacity)

bool vec_grow(void **items, size_t size, size_t count, size_t *capacity, size_t more);
bool vec_grow_in(struct arena *arena, void **items, size_t size, size_t count, size_t *capacity, size_t more);
void vec_release(void **items, size_t *count, size_t *capacity);

#endif
