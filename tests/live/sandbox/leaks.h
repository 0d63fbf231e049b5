/*
 * What may not grow: processes of ours, open descriptors, bytes.
 */
#ifndef TESTS_LEAKS_H
#define TESTS_LEAKS_H

#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A sanitizer maps and hands out memory as it likes, and counts better. */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__) || __has_feature(thread_sanitizer) || \
    __has_feature(address_sanitizer)
enum { LEAKS_EXACT = 0 };
#else
enum { LEAKS_EXACT = 1 };
#endif

struct leaks {
	int fds;
	int mappings;
	size_t bytes; /* handed out by malloc */
};

static inline int leaks_count_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	int lines = 0, c;

	if (!file)
		abort();
	while ((c = getc(file)) != EOF)
		lines += c == '\n';
	fclose(file);
	return lines;
}

static inline struct leaks leaks_now(void)
{
	struct leaks leaks = {0};
	DIR *directory = opendir("/proc/self/fd");

	if (!directory)
		abort();
	while (readdir(directory))
		leaks.fds++;
	closedir(directory);
	leaks.mappings = leaks_count_lines("/proc/self/maps");
	leaks.bytes = mallinfo2().uordblks + mallinfo2().hblkhd;
	return leaks;
}

/* Has this process any child, of whatever kind, dead or alive? */
static inline int leaks_any_child(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 || errno != ECHILD;
}

/*
 * Uses so much of the main stack that it need not grow later. Under valgrind it grows by a handler of SIGSEGV, which
 * can't run while all signals are blocked, as they are around the making of a child: where a page ended just there, the
 * test was killed.
 */
static inline void leaks_grow_stack(void)
{
	volatile char used[1 << 19];

	for (size_t i = 0; i < sizeof(used); i += 1024)
		used[sizeof(used) - 1 - i] = 0;
}

#endif
