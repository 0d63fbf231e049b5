#include "kernel_program.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/seccomp.h>

void *kernel_share(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		abort();
	return memory;
}

void kernel_prepare_child(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	signal(SIGILL, SIG_DFL);
}

int kernel_load(const struct sock_filter *insns, size_t count)
{
	struct sock_fprog program = {(unsigned short)count, (struct sock_filter *)(uintptr_t)insns};

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? -errno : 0;
}

void kernel_child_end(void)
{
	__builtin_trap();
}

int kernel_wait(int pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

bool kernel_can_filter(void)
{
	static const struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	int pid = fork();

	if (pid == 0) {
		kernel_prepare_child();
		_exit(kernel_load(allow, 1) ? 1 : 0);
	}
	bool can = pid > 0 && kernel_wait(pid) == 0;
	if (!can)
		printf("skipped: this kernel, or what surrounds this process, loads no seccomp filter\n");
	return can;
}
