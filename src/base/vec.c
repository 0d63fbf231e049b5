#include "base/vec.h"

#include <stdlib.h>

bool vec_grow(void **items, size_t size, size_t count, size_t *capacity, size_t more)
{
	size_t needed, bytes, room = *capacity ? *capacity : 4;

	if (__builtin_add_overflow(count, more, &needed))
		return false;
	if (needed <= *capacity)
		return true;
	while (room < needed)
		if (__builtin_mul_overflow(room, 2, &room))
			return false;
	if (__builtin_mul_overflow(room, size, &bytes))
		return false;
	void *grown = realloc(*items, bytes);
	if (!grown)
		return false;
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
