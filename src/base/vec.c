#include "base/vec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A capacity for `more` items after the present ones, and its bytes; false when there is no such number. */
static bool find_room(size_t size, size_t count, size_t capacity, size_t more, size_t *ret_room, size_t *ret_bytes)
{
	size_t needed, room = capacity ? capacity : 4;

	assert(count <= capacity);
	if (__builtin_add_overflow(count, more, &needed))
		return false;
	while (room < needed)
		if (__builtin_mul_overflow(room, 2, &room))
			return false;
	*ret_room = room;
	return !__builtin_mul_overflow(room, size, ret_bytes);
}

bool vec_grow(struct arena *arena, void **items, size_t size, size_t count, size_t *capacity, size_t more)
{
	size_t room, bytes;

	if (!find_room(size, count, *capacity, more, &room, &bytes))
		return false;
	if (room == *capacity)
		return true;
	assert(!arena || !*items || arena_owns(arena, *items));
	void *grown = arena ? arena_take(arena, bytes) : realloc(*items, bytes);
	if (!grown)
		return false;
	if (arena && count)
		memcpy(grown, *items, count * size);
	*items = grown;
	*capacity = room;
	return true;
}

void vec_release(void **items, size_t *count, size_t *capacity)
{
	free(*items);
	*items = NULL;
	*count = *capacity = 0;
}
