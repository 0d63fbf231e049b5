/* Architectures of a context, and contexts without one: which go together, what belongs to each, what is refused. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "asking.h"
#include "support/run.h"

static const struct {
	const char *name;
	uint32_t token;
} archs[] = {
    {"x86", SCMP_ARCH_X86},
    {"x86_64", SCMP_ARCH_X86_64},
    {"x32", SCMP_ARCH_X32},
    {"arm", SCMP_ARCH_ARM},
    {"aarch64", SCMP_ARCH_AARCH64},
    {"loongarch64", SCMP_ARCH_LOONGARCH64},
    {"m68k", SCMP_ARCH_M68K},
    {"mips", SCMP_ARCH_MIPS},
    {"mipsel", SCMP_ARCH_MIPSEL},
    {"mips64", SCMP_ARCH_MIPS64},
    {"mipsel64", SCMP_ARCH_MIPSEL64},
    {"mips64n32", SCMP_ARCH_MIPS64N32},
    {"mipsel64n32", SCMP_ARCH_MIPSEL64N32},
    {"parisc", SCMP_ARCH_PARISC},
    {"parisc64", SCMP_ARCH_PARISC64},
    {"ppc", SCMP_ARCH_PPC},
    {"ppc64", SCMP_ARCH_PPC64},
    {"ppc64le", SCMP_ARCH_PPC64LE},
    {"riscv64", SCMP_ARCH_RISCV64},
    {"s390", SCMP_ARCH_S390},
    {"s390x", SCMP_ARCH_S390X},
    {"sheb", SCMP_ARCH_SHEB},
    {"sh", SCMP_ARCH_SH},
};
enum { ARCHS = sizeof(archs) / sizeof(archs[0]) };

static bool is_little(uint32_t token)
{
	return token & 0x40000000;
}

START_TEST(each_beside_each)
{
	uint32_t first = archs[_i / ARCHS].token, second = archs[_i % ARCHS].token;
	int expected = first == second ? -EEXIST : is_little(first) == is_little(second) ? 0 : -EDOM;
	scmp_filter_ctx ctx = make(first, 0);

	ck_assert_uint_eq(seccomp_arch_resolve_name(archs[_i % ARCHS].name), second);
	ck_assert_int_eq(seccomp_arch_exist(ctx, second), first == second ? 0 : -EEXIST);
	ck_assert_int_eq(seccomp_arch_add(ctx, second), expected);
	ck_assert_int_eq(seccomp_arch_exist(ctx, second), expected == -EDOM ? -EEXIST : 0);
	ck_assert_int_eq(seccomp_arch_exist(ctx, first), 0);
	ck_assert_int_eq(seccomp_arch_remove(ctx, first), 0);
	ck_assert_int_eq(seccomp_arch_remove(ctx, first), -EEXIST);
	ck_assert_int_eq(seccomp_arch_exist(ctx, first), -EEXIST);
	seccomp_release(ctx);
}
END_TEST

START_TEST(names_of_no_architecture)
{
	static const char *const names[] = {"",      "X86",   "x86_64 ", " x86",    "i386",
	                                    "amd64", "arm64", "native",  "mips64el"};

	ck_assert_uint_eq(seccomp_arch_resolve_name(NULL), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_uint_eq(seccomp_arch_resolve_name(names[i]), 0);
}
END_TEST

START_TEST(tokens_of_no_architecture)
{
	static const uint32_t tokens[] = {1, 3, 0xffffffff, 0x4000003f, 0x40000016, 0xc0000003};
	scmp_filter_ctx ctx = make(SCMP_ARCH_X86_64, 0);

	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		ck_assert_int_eq(seccomp_arch_exist(ctx, tokens[i]), -EINVAL);
		ck_assert_int_eq(seccomp_arch_add(ctx, tokens[i]), -EINVAL);
		ck_assert_int_eq(seccomp_arch_remove(ctx, tokens[i]), -EINVAL);
		ck_assert_ptr_null(seccomp_syscall_resolve_num_arch(tokens[i], 0));
		ck_assert_int_eq(seccomp_syscall_resolve_name_arch(tokens[i], "read"), __NR_SCMP_ERROR);
		ck_assert_int_eq(seccomp_syscall_resolve_name_rewrite(tokens[i], "read"), __NR_SCMP_ERROR);
	}
	ck_assert_int_eq(seccomp_arch_exist(NULL, SCMP_ARCH_X86), -EINVAL);
	ck_assert_int_eq(seccomp_arch_add(NULL, SCMP_ARCH_X86), -EINVAL);
	ck_assert_int_eq(seccomp_arch_remove(NULL, SCMP_ARCH_X86), -EINVAL);
	seccomp_release(ctx);
}
END_TEST

START_TEST(native_is_zero)
{
	scmp_filter_ctx ctx = seccomp_init(DEFAULT);

	ck_assert_int_eq(seccomp_arch_exist(ctx, SCMP_ARCH_NATIVE), 0);
	ck_assert_int_eq(seccomp_arch_exist(ctx, seccomp_arch_native()), 0);
	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_NATIVE), -EEXIST);
	ck_assert_int_eq(seccomp_arch_add(ctx, seccomp_arch_native()), -EEXIST);
	for (size_t i = 0; i < ARCHS; i++)
		if (archs[i].token != seccomp_arch_native())
			ck_assert_int_eq(seccomp_arch_exist(ctx, archs[i].token), -EEXIST);
	ck_assert_int_eq(seccomp_arch_remove(ctx, seccomp_arch_native()), 0);
	ck_assert_int_eq(seccomp_arch_exist(ctx, SCMP_ARCH_NATIVE), -EEXIST);
	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_NATIVE), 0);
	ck_assert_int_eq(seccomp_arch_exist(ctx, seccomp_arch_native()), 0);
	seccomp_release(ctx);
}
END_TEST

/* Rules are not copied to an architecture that comes later, and are gone with one that goes. */
START_TEST(rules_belong_to_architectures)
{
	scmp_filter_ctx ctx = make(SCMP_ARCH_X86_64, 0);

	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_AARCH64), 0);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_AARCH64, 63), DEFAULT);
	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_X86_64), 0);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, SCMP_SYS(read)), SCMP_ACT_KILL);
	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_X86_64), 0);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, SCMP_SYS(read)), DEFAULT);
	/* numbers stay native ones, whatever architectures there are */
	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_X86_64), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(6), SCMP_SYS(write), 0), 0);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_AARCH64, 64), E(6));
	seccomp_release(ctx);
}
END_TEST

START_TEST(sections_in_order_of_addition)
{
	static const uint32_t tokens[] = {SCMP_ARCH_ARM, SCMP_ARCH_X86, SCMP_ARCH_AARCH64};
	static const char *const heads[] = {"for arch arm (1073741864)", "for arch x86 (1073741827)",
	                                    "for arch aarch64 (3221225655)"};
	scmp_filter_ctx ctx = make(tokens[0], tokens[1]);

	ck_assert_int_eq(seccomp_arch_add(ctx, tokens[2]), 0);
	const char *at = text_of(ctx);
	for (size_t i = 0; i < 3; i++) {
		at = strstr(at, heads[i]);
		ck_assert_ptr_nonnull(at);
	}
	seccomp_release(ctx);
}
END_TEST

/* Without architecture a context is good for being given one, and for being asked, reset and released. */
START_TEST(context_without_architecture)
{
	scmp_filter_ctx ctx = make(SCMP_ARCH_X86_64, 0), other = make(SCMP_ARCH_AARCH64, 0);
	struct scmp_arg_cmp none = {0};
	uint32_t value = 77;
	size_t size = 77;

	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_X86_64), 0);
	ck_assert_int_eq(seccomp_load(ctx), -EINVAL);
	ck_assert_int_eq(seccomp_precompute(ctx), -EINVAL);
	ck_assert_int_eq(seccomp_attr_get(ctx, SCMP_FLTATR_CTL_NNP, &value), -EINVAL);
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0), -EINVAL);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), SCMP_SYS(read), 0), -EINVAL);
	ck_assert_int_eq(seccomp_rule_add_exact(ctx, E(5), SCMP_SYS(read), 0), -EINVAL);
	ck_assert_int_eq(seccomp_rule_add_array(ctx, E(5), SCMP_SYS(read), 0, &none), -EINVAL);
	ck_assert_int_eq(seccomp_rule_add_exact_array(ctx, E(5), SCMP_SYS(read), 0, &none), -EINVAL);
	ck_assert_int_eq(seccomp_syscall_priority(ctx, SCMP_SYS(read), 1), -EINVAL);
	ck_assert_int_eq(seccomp_notify_fd(ctx), -EINVAL);
	ck_assert_int_eq(seccomp_export_bpf_mem(ctx, NULL, &size), -EINVAL);
	ck_assert_int_eq(seccomp_transaction_start(ctx), -EINVAL);
	ck_assert_int_eq(seccomp_transaction_commit(ctx), -EINVAL);
	ck_assert_int_eq(seccomp_merge(ctx, other), -EINVAL);
	ck_assert_int_eq(seccomp_merge(other, ctx), -EINVAL);
	ck_assert_int_eq(seccomp_arch_exist(ctx, SCMP_ARCH_X86), -EEXIST);
	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_X86), -EEXIST);
	/* nor is there a byte order any more */
	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_S390X), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_S390X), 0);
	ck_assert_int_eq(seccomp_reset(ctx, E(2)), 0);
	ck_assert_int_eq(seccomp_arch_exist(ctx, SCMP_ARCH_NATIVE), 0);
	ck_assert_uint_eq(value, 77);
	ck_assert_uint_eq(size, 77);
	seccomp_release(ctx);
	seccomp_release(other);
}
END_TEST

START_TEST(null_contexts)
{
	struct scmp_arg_cmp none = {0};

	ck_assert_int_eq(seccomp_load(NULL), -EINVAL);
	ck_assert_int_eq(seccomp_precompute(NULL), -EINVAL);
	ck_assert_int_eq(seccomp_rule_add(NULL, E(5), SCMP_SYS(read), 0), -EINVAL);
	ck_assert_int_eq(seccomp_rule_add_exact(NULL, E(5), SCMP_SYS(read), 0), -EINVAL);
	ck_assert_int_eq(seccomp_rule_add_array(NULL, E(5), SCMP_SYS(read), 1, &none), -EINVAL);
	ck_assert_int_eq(seccomp_rule_add_exact_array(NULL, E(5), SCMP_SYS(read), 1, &none), -EINVAL);
	ck_assert_int_eq(seccomp_syscall_priority(NULL, SCMP_SYS(read), 1), -EINVAL);
	ck_assert_int_eq(seccomp_notify_fd(NULL), -EINVAL);
	ck_assert_int_eq(seccomp_transaction_start(NULL), -EINVAL);
	ck_assert_int_eq(seccomp_transaction_commit(NULL), -EINVAL);
	ck_assert_int_eq(seccomp_merge(NULL, NULL), -EINVAL);
	seccomp_transaction_reject(NULL);
	seccomp_release(NULL);
	seccomp_notify_free(NULL, NULL);
	ck_assert_int_eq(seccomp_reset(NULL, 0xdeadbeef), 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("architectures");

	tcase_add_loop_test(tests, each_beside_each, 0, ARCHS * ARCHS);
	tcase_add_test(tests, names_of_no_architecture);
	tcase_add_test(tests, tokens_of_no_architecture);
	tcase_add_test(tests, native_is_zero);
	tcase_add_test(tests, rules_belong_to_architectures);
	tcase_add_test(tests, sections_in_order_of_addition);
	tcase_add_test(tests, context_without_architecture);
	tcase_add_test(tests, null_contexts);
	return test_run(tests);
}
