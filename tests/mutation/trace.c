/*
 * For mutate.py alone, which links it into a library compiled with -fsanitize-coverage=trace-pc: says which
 * instructions of the library a test has executed, by a byte each in a file that is mapped. What a process has executed
 * is there however it ends.
 */
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

extern const char __ehdr_start[] __attribute__((visibility("hidden")));
void __sanitizer_cov_trace_pc(void);

static unsigned char *executed;

__attribute__((constructor)) static void trace_begin(void)
{
	int fd = open(TRACE_FILE, O_RDWR | O_CLOEXEC);
	void *place = fd < 0 ? MAP_FAILED : mmap(NULL, TRACE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (place != MAP_FAILED)
		executed = place;
	if (fd >= 0)
		close(fd);
}

void __sanitizer_cov_trace_pc(void)
{
	if (executed)
		executed[(const char *)__builtin_return_address(0) - __ehdr_start] = 1;
}
