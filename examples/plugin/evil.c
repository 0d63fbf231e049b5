/*
 * A plugin that attacks its host: when it is called, from a constructor, or from an IFUNC resolver, which runs before
 * any constructor and before the plugin's own relocations are done. Nothing in it uses the C library.
 *
 * Built with -DFROM_CONSTRUCTOR="name" or -DFROM_IFUNC="name" it makes that attack while it is loaded. Otherwise the
 * request names the attack; "kill" may be followed by a space and a process.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <callgate/plugin_side.h>

#if defined(__x86_64__)
static inline __attribute__((always_inline)) long sys(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
	                 : "=a"(result)
	                 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
	                 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
static inline __attribute__((always_inline)) long sys(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
}
#else
#error "the evil plugin speaks x86_64 and aarch64"
#endif
#define CALL(nr, a, b, c) sys((nr), (long)(a), (long)(b), (long)(c), 0, 0, 0)

static inline __attribute__((always_inline)) int same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* The parent's number from the fourth field of /proc/self/stat; a process that can't be, if that can't be read. */
static inline __attribute__((always_inline)) long parent(void)
{
	char text[64];
	long number = 0, fd = CALL(SYS_openat, AT_FDCWD, "/proc/self/stat", O_RDONLY);
	long count = fd < 0 ? 0 : CALL(SYS_read, fd, text, sizeof(text)), at = 0;

	for (int spaces = 0; at < count && spaces < 3; at++)
		spaces += text[at] == ' ';
	for (; at < count && text[at] >= '0' && text[at] <= '9'; at++)
		number = number * 10 + text[at] - '0';
	return number ? number : 1L << 30;
}

static inline __attribute__((always_inline)) void bomb(void)
{
	for (;;) {
		long at = sys(SYS_mmap, 0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		for (long i = 0; i < 1 << 20; i += 4096)
			((volatile char *)at)[i] = 1; /* where mmap gave an error instead, this is the end */
	}
}

static inline __attribute__((always_inline)) void loop(void)
{
	for (;;)
		__asm__ volatile("");
}

static inline __attribute__((always_inline)) void flood(void)
{
	char block[4096];

	for (unsigned i = 0; i < sizeof(block); i++)
		((volatile char *)block)[i] = (char)i;
	for (;;)
		CALL(SYS_write, 4, block, sizeof(block));
}

/* Looks like the frame of an answer, of a kind that there is not, with more bytes than there are. */
static inline __attribute__((always_inline)) void malformed_frame(void)
{
	uint32_t frame[10] = {0x63676d31, 99, 0, 0, 0xffffffff, 0x7fffffff, 0, 0, 1, 0};

	CALL(SYS_write, 4, frame, sizeof(frame));
}

static inline __attribute__((always_inline)) void attack(const char *name, long victim)
{
	if (same(name, "open"))
		CALL(SYS_openat, AT_FDCWD, "/tmp/callgate-evil", O_WRONLY | O_CREAT);
	else if (same(name, "socket"))
		CALL(SYS_socket, AF_INET, SOCK_STREAM, 0);
	else if (same(name, "execve"))
		CALL(SYS_execve, "/bin/true", 0, 0);
	else if (same(name, "fork"))
		CALL(SYS_clone, SIGCHLD, 0, 0);
	else if (same(name, "kill"))
		CALL(SYS_kill, victim ? victim : parent(), SIGKILL, 0);
	else if (same(name, "ptrace"))
		CALL(SYS_ptrace, 16, victim ? victim : parent(), 0);
	else if (same(name, "write"))
		CALL(SYS_write, 5, "x", 1);
	else if (same(name, "loop"))
		loop();
	else if (same(name, "memory"))
		bomb();
	else if (same(name, "flood"))
		flood();
	else if (same(name, "frames"))
		malformed_frame();
}

#ifdef FROM_IFUNC
/* Resolved while the plugin is relocated. */
static int64_t nothing(void)
{
	return 0;
}

__attribute__((used)) static int64_t (*resolve(void))(void)
{
	attack(FROM_IFUNC, 0);
	return nothing;
}

int64_t resolved_early(void) __attribute__((ifunc("resolve"), visibility("default")));
#endif

#ifdef FROM_CONSTRUCTOR
__attribute__((constructor)) static void construct(void)
{
	attack(FROM_CONSTRUCTOR, 0);
}
#endif

int64_t callgate_plugin_serve(struct callgate_plugin_job *job)
{
	const char *request = job->request;
	char name[16] = "";
	long victim = 0;
	size_t at = 0;

	for (; at < job->request_size && at < sizeof(name) - 1 && request[at] != ' '; at++)
		name[at] = request[at];
	for (at++; at < job->request_size && request[at] >= '0' && request[at] <= '9'; at++)
		victim = victim * 10 + request[at] - '0';
	attack(name, victim);
#ifdef FROM_IFUNC
	return resolved_early();
#else
	return 0;
#endif
}
