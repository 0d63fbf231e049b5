/* 32-bit x86, which multiplexes, as the native architecture: both ways to a call, and 32-bit words, in the kernel. */
#include <errno.h>
#include <fcntl.h>
#include <linux/net.h>
#include <sys/ipc.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>

#include "child.h"
#include "support/run.h"

enum { IPC_SHMGET = 23, IPC_SEMGET = 2 };

static scmp_filter_ctx new_context(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	CHILD_CHECK(ctx != NULL);
	CHILD_EQUAL(seccomp_arch_native(), SCMP_ARCH_X86);
	CHILD_EQUAL(seccomp_arch_exist(ctx, SCMP_ARCH_X86), 0);
	return ctx;
}

static void load(scmp_filter_ctx ctx)
{
	CHILD_CHECK(seccomp_load(ctx) == 0, "%s", callgate_diagnosis(ctx));
	seccomp_release(ctx);
}

static int result_of(long result)
{
	return result < 0 ? errno : 0;
}

static int by_socketcall(int call, long a, long b, long c)
{
	long args[] = {a, b, c};

	return result_of(syscall(SYS_socketcall, call, args));
}

static void sockets(void *argument)
{
	scmp_filter_ctx ctx = new_context();

	(void)argument;
	CHILD_EQUAL(SCMP_SYS(socket), SYS_socket);
	CHILD_EQUAL(seccomp_syscall_resolve_name("socket"), -101);
	CHILD_EQUAL(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(111), SCMP_SYS(socket), 0), 0);
	CHILD_EQUAL(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(112), seccomp_syscall_resolve_name("send"), 0), 0);
	load(ctx);
	CHILD_EQUAL(by_socketcall(SYS_SOCKET, AF_UNIX, SOCK_STREAM, 0), 111);
	CHILD_EQUAL(result_of(syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0)), 111);
	CHILD_EQUAL(by_socketcall(SYS_SEND, -1, 0, 0), 112);
	CHILD_EQUAL(by_socketcall(SYS_LISTEN, -1, 0, 0), EBADF);
	CHILD_EQUAL(result_of(syscall(SYS_listen, -1, 0)), EBADF);
}

/* A comparison of argument 0 is the direct call's alone: through socketcall the rule is for every family. */
static void compared_sockets(void *argument)
{
	scmp_filter_ctx ctx = new_context();

	(void)argument;
	CHILD_EQUAL(
	    seccomp_rule_add_exact(ctx, SCMP_ACT_ERRNO(111), SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_INET)),
	    -EINVAL);
	CHILD_EQUAL(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(111), SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_INET)), 0);
	CHILD_SAYS(callgate_diagnosis(ctx), "note: rule 2: through socketcall on x86");
	load(ctx);
	CHILD_EQUAL(result_of(syscall(SYS_socket, AF_INET, SOCK_STREAM, 0)), 111);
	CHILD_EQUAL(result_of(syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0)), 0);
	CHILD_EQUAL(by_socketcall(SYS_SOCKET, AF_INET, SOCK_STREAM, 0), 111);
	CHILD_EQUAL(by_socketcall(SYS_SOCKET, AF_UNIX, SOCK_STREAM, 0), 111);
}

/* The kernel reads the low half of ipc's call number; its upper half is a version. */
static void shared_memory(void *argument)
{
	scmp_filter_ctx ctx = new_context();

	(void)argument;
	CHILD_EQUAL(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(111), SCMP_SYS(shmget), 0), 0);
	load(ctx);
	CHILD_EQUAL(result_of(syscall(SYS_ipc, IPC_SHMGET, 77, 4096, 0, 0, 0)), 111);
	CHILD_EQUAL(result_of(syscall(SYS_ipc, IPC_SHMGET | 0x10000, 77, 4096, 0, 0, 0)), 111);
	CHILD_EQUAL(result_of(syscall(SYS_shmget, 77, 4096, 0)), 111);
	CHILD_EQUAL(result_of(syscall(SYS_ipc, IPC_SEMGET, 77, -1, 0, 0, 0)), EINVAL);
}

/* What a negative int becomes in either macro is cut to the word that there is. */
static void words(void *argument)
{
	scmp_filter_ctx ctx = new_context();

	(void)argument;
	CHILD_EQUAL(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(111), SCMP_SYS(close), 1,
	                             SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)AT_FDCWD)),
	            0);
	CHILD_EQUAL(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(112), SCMP_SYS(dup), 1, SCMP_A0_32(SCMP_CMP_EQ, AT_FDCWD)), 0);
	CHILD_EQUAL(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(113), SCMP_SYS(fsync), 1, SCMP_A0(SCMP_CMP_GT, 0x1fffffff0)),
	            0);
	load(ctx);
	CHILD_EQUAL(result_of(syscall(SYS_close, AT_FDCWD)), 111);
	CHILD_EQUAL(result_of(syscall(SYS_close, AT_FDCWD - 1)), EBADF);
	CHILD_EQUAL(result_of(syscall(SYS_dup, AT_FDCWD)), 112);
	CHILD_EQUAL(result_of(syscall(SYS_dup, AT_FDCWD + 1)), EBADF);
	CHILD_EQUAL(result_of(syscall(SYS_fsync, -1)), 113);
	CHILD_EQUAL(result_of(syscall(SYS_fsync, 0xfffffff0)), EBADF);
}

/* Without the architecture of the wide kernel, its calls are foreign. */
static void foreign(void *argument)
{
	scmp_filter_ctx ctx = new_context();
	size_t alone = 0, both = 0;

	(void)argument;
	CHILD_EQUAL(seccomp_export_bpf_mem(ctx, NULL, &alone), 0);
	CHILD_EQUAL(seccomp_arch_add(ctx, SCMP_ARCH_X86_64), 0);
	CHILD_EQUAL(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(111), SCMP_SYS(getppid), 0), 0);
	CHILD_EQUAL(seccomp_export_bpf_mem(ctx, NULL, &both), 0);
	CHILD_CHECK(both > alone);
	load(ctx);
	CHILD_EQUAL(result_of(syscall(SYS_getppid)), 111);
}

static child_body *const bodies[] = {sockets, compared_sockets, shared_memory, words, foreign};

START_TEST(in_the_kernel)
{
	child_run(bodies[_i], NULL);
}
END_TEST

int main(void)
{
	if (child_cannot_load())
		return 77;
	TCase *tests = tcase_create("multiplexed");
	tcase_add_loop_test(tests, in_the_kernel, 0, sizeof(bodies) / sizeof(bodies[0]));
	return test_run(tests);
}
