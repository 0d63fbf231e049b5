/* support/context.h - small contexts to ask questions about. SPDX-License-Identifier: MIT */
#ifndef SUPPORT_CONTEXT_H
#define SUPPORT_CONTEXT_H

#include <check.h>
#include <seccomp.h>

/* A context with just these architectures, as CONTEXT(SCMP_ACT_KILL, SCMP_ARCH_X86_64, SCMP_ARCH_X86). */
#define CONTEXT(action, ...) context_new((action), (const uint32_t[]){__VA_ARGS__, 0})

static inline scmp_filter_ctx context_new(uint32_t action, const uint32_t *archs)
{
	scmp_filter_ctx ctx = seccomp_init(action);

	ck_assert_ptr_nonnull(ctx);
	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), 0);
	for (; *archs; archs++)
		ck_assert_int_eq(seccomp_arch_add(ctx, *archs), 0);
	return ctx;
}

/* A rule with up to two conditions. */
static inline void context_add(scmp_filter_ctx ctx, uint32_t action, const char *name, unsigned count,
                               struct scmp_arg_cmp first, struct scmp_arg_cmp second)
{
	const struct scmp_arg_cmp conditions[] = {first, second};

	ck_assert_int_eq(seccomp_rule_add_array(ctx, action, seccomp_syscall_resolve_name(name), count, conditions), 0);
}

static inline void context_add_call(scmp_filter_ctx ctx, uint32_t action, const char *name)
{
	const struct scmp_arg_cmp none = {0};

	context_add(ctx, action, name, 0, none, none);
}

/* read, and some socket() by rule 3: a failed call, here the second one, counts too. */
static inline scmp_filter_ctx context_with_socket(void)
{
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ERRNO(1), SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64);

	context_add_call(ctx, SCMP_ACT_ALLOW, "read");
	ck_assert_int_lt(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), 1, SCMP_A0_64(99, 1)), 0);
	context_add(ctx, SCMP_ACT_ALLOW, "socket", 2, SCMP_A0_64(SCMP_CMP_EQ, 1), SCMP_A1_64(SCMP_CMP_LT, 0x100000000));
	return ctx;
}

#endif
