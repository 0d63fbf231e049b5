/*
 * Preloaded: after the tool has looked at the path of its output, and before it opens it, somebody puts a link in its
 * place.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statfs.h>
#include <unistd.h>

/* The second question about the file system is the first thing after the look. */
int fstatfs(int fd, struct statfs *status)
{
	static int calls;
	int (*real)(int, struct statfs *);

	*(void **)&real = dlsym(RTLD_NEXT, "fstatfs");
	if (++calls == 2 &&
	    (unlink(getenv("SWAP_FILE")) < 0 || symlink(getenv("SWAP_TARGET"), getenv("SWAP_FILE")) < 0))
		perror("swap");
	return real(fd, status);
}
