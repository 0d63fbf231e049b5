/*
 * support/allocations.h - an allocator whose n-th allocation fails, in place of the C library's; for the one source
 * file of a test.
 */
#ifndef SUPPORT_ALLOCATIONS_H
#define SUPPORT_ALLOCATIONS_H

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);
void __libc_free(void *at);

/* The allocation that fails, counted from 0; negative: none. */
static long fail_at = -1, allocations;
static bool failed;
static long live; /* not freed */

static bool may_allocate(void)
{
	if (fail_at < 0 || allocations++ != fail_at) {
		live++;
		return true;
	}
	failed = true;
	errno = ENOMEM;
	return false;
}

void *malloc(size_t size)
{
	return may_allocate() ? __libc_malloc(size) : NULL;
}

void *calloc(size_t count, size_t size)
{
	return may_allocate() ? __libc_calloc(count, size) : NULL;
}

void *realloc(void *at, size_t size)
{
	if (!may_allocate())
		return NULL;
	live -= at != NULL;
	return __libc_realloc(at, size);
}

void free(void *at)
{
	live -= at != NULL;
	__libc_free(at);
}

static inline void start_failing(long allocation)
{
	allocations = 0;
	failed = false;
	fail_at = allocation;
}

#endif
