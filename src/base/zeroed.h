/*
 * Zeroed memory for what is small and short-lived. glibc's calloc() passes by the cache of its thread; malloc() does not.
 */
#ifndef CALLGATE_BASE_ZEROED_H
#define CALLGATE_BASE_ZEROED_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Like calloc(): count * size zeroed bytes, given back with free(); NULL when memory is out or the product overflows. */
static inline void *zeroed_array(size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	void *memory = malloc(bytes ? bytes : 1);
	__asm__("" : "+r"(memory)); /* else compilers make a calloc() of it */
	return memory ? memset(memory, 0, bytes) : NULL;
}

#endif
