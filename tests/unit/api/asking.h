/*
 * Contexts for tests: made, asked, and read as text.
 */
#ifndef CALLGATE_TESTS_ASKING_H
#define CALLGATE_TESTS_ASKING_H

#include <check.h>
#include <sys/mman.h>
#include <unistd.h>

#include <seccomp.h>
#include <callgate/simulate.h>

#define E(number) SCMP_ACT_ERRNO(number)
#define DEFAULT   E(1)

enum { TEXT = 1 << 16 };

static inline scmp_filter_ctx make(uint32_t first, uint32_t second)
{
	scmp_filter_ctx ctx = seccomp_init(DEFAULT);

	ck_assert_ptr_nonnull(ctx);
	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), 0);
	ck_assert_int_eq(seccomp_arch_add(ctx, first), 0);
	if (second)
		ck_assert_int_eq(seccomp_arch_add(ctx, second), 0);
	return ctx;
}

static inline uint32_t ask(scmp_filter_ctx ctx, uint32_t arch, int nr)
{
	struct callgate_call call = {.arch = arch, .nr = nr};
	struct callgate_verdict verdict;

	ck_assert_int_eq(callgate_simulate(ctx, &call, &verdict), 0);
	return verdict.action;
}

/* The pseudo code, in a buffer that the next call uses again. */
static inline const char *text_of(scmp_filter_ctx ctx)
{
	static char text[TEXT];
	int fd = memfd_create("pfc", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(seccomp_export_pfc(ctx, fd), 0);
	ssize_t length = pread(fd, text, sizeof(text) - 1, 0);
	ck_assert_int_gt(length, 0);
	text[length] = '\0';
	close(fd);
	return text;
}

#endif
