/*
 * For live tests of what confines the caller for good: run it in a child, and look at how the child ended.
 */
#ifndef TESTS_CONFINED_H
#define TESTS_CONFINED_H

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* For functions that end in a call that does not return: a sanitizer makes system calls before it. */
#define UNCHECKED __attribute__((no_sanitize("address", "thread", "undefined")))

/* The child's wait status. The child ends with exit status 99 if `body` returns. */
static inline int confined(void (*body)(void))
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		body();
		_exit(99);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		abort();
	return status;
}

#endif
