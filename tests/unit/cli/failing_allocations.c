/*
 * Preloaded: the allocation of a number, counted from 0 as the program starts, fails, and with FAIL_ALWAYS those after
 * it; the file FAIL_REACHED is made then. Programs that the program executes have all of theirs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);

static long fail_at = -1, allocations;
static bool always;
static const char *reached;

__attribute__((constructor)) static void start(void)
{
	const char *number = getenv("FAIL_AT");

	fail_at = number ? atol(number) : -1;
	always = getenv("FAIL_ALWAYS");
	reached = getenv("FAIL_REACHED");
	unsetenv("LD_PRELOAD");
}

static bool may_allocate(void)
{
	long number = __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);

	if (fail_at < 0 || number < fail_at || (number > fail_at && !always))
		return true;
	if (number == fail_at && reached)
		close(open(reached, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
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
	return may_allocate() ? __libc_realloc(at, size) : NULL;
}
