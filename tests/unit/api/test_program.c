/* <callgate/program.h>: from bytes, a descriptor, a context; and back. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/filter.h>

#include <callgate/diagnosis.h>
#include <callgate/program.h>

#include "support/run.h"

static const struct sock_filter allow[2] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static int file_with(const void *bytes, size_t size)
{
	int fd = memfd_create("program", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_uint_eq((size_t)write(fd, bytes, size), size);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

START_TEST(from_bytes)
{
	struct callgate_program *program = NULL;
	static const struct sock_filter many[CALLGATE_PROGRAM_MAX + 1];

	ck_assert_int_eq(callgate_program_new(allow, sizeof(allow), 0, &program), 0);
	ck_assert_uint_eq(callgate_program_length(program), 2);
	ck_assert_mem_eq(callgate_program_bytes(program), allow, sizeof(allow));
	ck_assert_int_eq(callgate_program_check(program), 0);
	ck_assert_uint_eq(callgate_program_ebpf_length(program), 3 + 1 + 2);
	char *text = callgate_program_disassemble(program);
	ck_assert_ptr_nonnull(strstr(text, "A = nr"));
	ck_assert_ptr_nonnull(strstr(text, "return ALLOW"));
	free(text);
	callgate_program_free(program);
	program = NULL;
	ck_assert_int_eq(callgate_program_new(NULL, 8, 0, &program), -EINVAL);
	ck_assert_int_eq(callgate_program_new(allow, 8, 12345, &program), -EINVAL);
	ck_assert_int_eq(callgate_program_new(allow, 7, 0, &program), -EINVAL);
	ck_assert_ptr_nonnull(strstr(callgate_diagnosis(NULL), "multiple of 8"));
	ck_assert_int_eq(callgate_program_new(allow, 0, 0, &program), -EINVAL);
	ck_assert_int_eq(callgate_program_new(many, sizeof(many), 0, &program), -E2BIG);
	ck_assert_ptr_null(program);
	callgate_program_free(NULL);
	ck_assert_uint_eq(callgate_program_length(NULL), 0);
	ck_assert_uint_eq(callgate_program_ebpf_length(NULL), 0);
	ck_assert_int_eq(callgate_program_check(NULL), -EINVAL);
}
END_TEST

START_TEST(from_a_descriptor)
{
	struct callgate_program *program = NULL;
	static const struct sock_filter many[CALLGATE_PROGRAM_MAX + 5];
	int fd = file_with(allow, sizeof(allow)), big = file_with(many, sizeof(many)), pipes[2];

	ck_assert_int_eq(callgate_program_read(fd, 0, &program), 0);
	ck_assert_mem_eq(callgate_program_bytes(program), allow, sizeof(allow));
	callgate_program_free(program);
	program = NULL;
	ck_assert_int_eq(callgate_program_read(fd, 0, &program), -EINVAL); /* at its end now */
	ck_assert_int_eq(callgate_program_read(big, 0, &program), -E2BIG);
	ck_assert_int_eq(callgate_program_read(-1, 0, &program), -EBADF);
	ck_assert_ptr_null(program);
	/* bytes that come in pieces */
	ck_assert_int_eq(pipe(pipes), 0);
	if (fork() == 0) {
		for (size_t i = 0; i < sizeof(allow); i++)
			if (write(pipes[1], (const char *)allow + i, 1) != 1)
				_exit(1);
		_exit(0);
	}
	close(pipes[1]);
	ck_assert_int_eq(callgate_program_read(pipes[0], 0, &program), 0);
	ck_assert_uint_eq(callgate_program_length(program), 2);
	callgate_program_free(program);
}
END_TEST

START_TEST(from_a_context)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	struct callgate_program *program = NULL;
	int fd = memfd_create("export", MFD_CLOEXEC);
	char exported[4096];

	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(1), SCMP_SYS(chmod), 0), 0);
	ck_assert_int_eq(callgate_program_compile(ctx, &program), 0);
	ck_assert_int_eq(seccomp_export_bpf(ctx, fd), 0);
	ssize_t size = pread(fd, exported, sizeof(exported), 0);
	ck_assert_uint_eq((size_t)size, callgate_program_length(program) * 8);
	ck_assert_mem_eq(exported, callgate_program_bytes(program), (size_t)size);
	ck_assert_int_eq(callgate_program_compile(NULL, &program), -EINVAL);
	ck_assert_int_eq(callgate_program_compile(ctx, NULL), -EINVAL);
	seccomp_release(ctx);
	ck_assert_int_eq(callgate_program_check(program), 0); /* outlives its context */
	callgate_program_free(program);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("api program");

	tcase_add_test(tcase, from_bytes);
	tcase_add_test(tcase, from_a_descriptor);
	tcase_add_test(tcase, from_a_context);
	return test_run(tcase);
}
