/*
 * A plugin that attacks as the text says that is appended to its file: the first line is what to do, the others are
 * names of files. Its constructor, under the loading filter, is where most happens.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <callgate/plugin_side.h>

enum { MOST = 1 << 16 };
static char orders[MOST], results[MOST];

#ifdef __x86_64__
#include <ucontext.h>

/* A return from a signal that never came, to where this is, with all signals blocked. */
static void block_signals(void)
{
	static ucontext_t frame;

	memset(&frame.uc_sigmask, 0xff, sizeof(frame.uc_sigmask));
	frame.uc_mcontext.gregs[REG_CSGSFS] = 0x33 | (greg_t)0x2b << 48;
	frame.uc_mcontext.gregs[REG_EFL] = 0x202;
	__asm__ volatile("movq %%rsp, %0\n\t"
	                 "movq %%rbp, %1\n\t"
	                 "leaq 1f(%%rip), %%rax\n\t"
	                 "movq %%rax, %2\n\t"
	                 "leaq %3, %%rsp\n\t"
	                 "movl $15, %%eax\n\t"
	                 "syscall\n"
	                 "1:"
	                 /* Each has a constant address: there is no register left for one. */
	                 : "=m"(frame.uc_mcontext.gregs[REG_RSP]), "=m"(frame.uc_mcontext.gregs[REG_RBP]),
	                   "=m"(frame.uc_mcontext.gregs[REG_RIP])
	                 : "m"(frame)
	                 : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
	                   "r15", "memory");
}
#else
/* The test allows this call there. */
static void block_signals(void)
{
	uint64_t all = ~UINT64_C(0);

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
}
#endif

static void spin(void)
{
	for (volatile int forever = 1; forever;)
		;
}

static int is_ordered(const char *order)
{
	return strncmp(orders, order, strlen(order)) == 0 && orders[strlen(order)] == '\n';
}

/* The last bytes of this file, behind a line of their own. */
static void read_orders(void)
{
	static char text[MOST];
	Dl_info info;

	if (!dladdr((void *)(uintptr_t)read_orders, &info))
		return;
	int fd = (int)syscall(SYS_openat, AT_FDCWD, info.dli_fname, O_RDONLY);
	off_t size = lseek(fd, 0, SEEK_END), start = size > MOST - 1 ? size - (MOST - 1) : 0;
	ssize_t count = pread(fd, text, MOST - 1, start);
	for (ssize_t i = 0; i + 8 < count; i++)
		if (memcmp(text + i, "\nORDERS\n", 8) == 0)
			strcpy(orders, text + i + 8);
	close(fd);
}

static void open_each(void)
{
	char *rest = orders, *name;

	strtok_r(rest, "\n", &rest);
	while ((name = strtok_r(NULL, "\n", &rest))) {
		size_t length = strlen(results);
		int fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
		snprintf(results + length, sizeof(results) - length, "%d %s\n", fd < 0 ? errno : 0, name);
		if (fd >= 0)
			close(fd);
	}
}

/* struct report: its magic, kind, value, size, detail, architecture, and the sequence number. */
struct report {
	uint32_t magic, kind;
	int64_t value;
	uint64_t size;
	int32_t detail;
	uint32_t arch;
	uint64_t sequence;
};

/* The dynamic linker's words, in the helper's name, of which only some come. */
static void refuse_at_length(void)
{
	struct report report = {0x63676d31, 6, 0, UINT64_C(1) << 40, 0, 0, 0};

	syscall(SYS_write, 4, &report, sizeof(report));
	syscall(SYS_write, 4, "some words", 10);
	spin();
}

__attribute__((constructor)) static void attack(void)
{
	read_orders();
	if (is_ordered("open"))
		open_each();
	if (is_ordered("spin while loading")) {
		block_signals();
		spin();
	}
	if (is_ordered("block"))
		block_signals();
	if (is_ordered("last words"))
		_exit((int)syscall(SYS_write, 2, "last words\n", 11));
	if (is_ordered("refuse at length"))
		refuse_at_length();
	if (is_ordered("close 4 in disguise"))
		syscall(SYS_close, UINT64_C(0x100000004));
}

/* Bytes of an answer, one at a time, without an end. */
static void trickle(const struct callgate_plugin_job *job)
{
	struct report report = {0x63676d31, 1, 0, job->response_capacity, 0, 0, 1};

	syscall(SYS_write, 4, &report, sizeof(report));
	for (;;)
		syscall(SYS_write, 4, "x", 1);
}

int64_t callgate_plugin_serve(struct callgate_plugin_job *job)
{
	if (is_ordered("spin while serving")) {
		block_signals();
		spin();
	}
	if (is_ordered("block"))
		spin();
	if (is_ordered("trickle"))
		trickle(job);
	while (is_ordered("write and write"))
		syscall(SYS_write, 2, results, sizeof(results));
	job->response_size = strlen(results);
	if (job->response_size <= job->response_capacity)
		memcpy(job->response, results, job->response_size);
	return 0;
}
