/* What the descriptors say about each architecture. */
#include "arch/arch.h"
#include "support/run.h"

#include <elf.h>
#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

/* What the descriptors must say, from the tokens that <seccomp.h> publishes and from <linux/audit.h>. */
static const struct expected {
	const char *name;
	uint32_t token;
	uint32_t base;
	int32_t socketcall_nr; /* -1: not multiplexed */
	const char *oci_name;
} expected[] = {
    {"x86", AUDIT_ARCH_I386, 0, 102, "SCMP_ARCH_X86"},
    {"x86_64", AUDIT_ARCH_X86_64, 0, -1, "SCMP_ARCH_X86_64"},
    {"x32", EM_X86_64 | __AUDIT_ARCH_LE, 0x40000000, -1, "SCMP_ARCH_X32"},
    {"arm", AUDIT_ARCH_ARM, 0, -1, "SCMP_ARCH_ARM"},
    {"aarch64", AUDIT_ARCH_AARCH64, 0, -1, "SCMP_ARCH_AARCH64"},
    {"loongarch64", AUDIT_ARCH_LOONGARCH64, 0, -1, "SCMP_ARCH_LOONGARCH64"},
    {"m68k", AUDIT_ARCH_M68K, 0, 102, "SCMP_ARCH_M68K"},
    {"mips", AUDIT_ARCH_MIPS, 4000, 4102, "SCMP_ARCH_MIPS"},
    {"mipsel", AUDIT_ARCH_MIPSEL, 4000, 4102, "SCMP_ARCH_MIPSEL"},
    {"mips64", AUDIT_ARCH_MIPS64, 5000, -1, "SCMP_ARCH_MIPS64"},
    {"mipsel64", AUDIT_ARCH_MIPSEL64, 5000, -1, "SCMP_ARCH_MIPSEL64"},
    {"mips64n32", AUDIT_ARCH_MIPS64N32, 6000, -1, "SCMP_ARCH_MIPS64N32"},
    {"mipsel64n32", AUDIT_ARCH_MIPSEL64N32, 6000, -1, "SCMP_ARCH_MIPSEL64N32"},
    {"parisc", AUDIT_ARCH_PARISC, 0, -1, "SCMP_ARCH_PARISC"},
    {"parisc64", AUDIT_ARCH_PARISC64, 0, -1, "SCMP_ARCH_PARISC64"},
    {"ppc", AUDIT_ARCH_PPC, 0, 102, "SCMP_ARCH_PPC"},
    {"ppc64", AUDIT_ARCH_PPC64, 0, 102, "SCMP_ARCH_PPC64"},
    {"ppc64le", AUDIT_ARCH_PPC64LE, 0, 102, "SCMP_ARCH_PPC64LE"},
    {"riscv64", AUDIT_ARCH_RISCV64, 0, -1, "SCMP_ARCH_RISCV64"},
    {"s390", AUDIT_ARCH_S390, 0, 102, "SCMP_ARCH_S390"},
    {"s390x", AUDIT_ARCH_S390X, 0, 102, "SCMP_ARCH_S390X"},
    {"sheb", AUDIT_ARCH_SH, 0, 102, "SCMP_ARCH_SHEB"},
    {"sh", AUDIT_ARCH_SHEL, 0, 102, "SCMP_ARCH_SH"},
};
#define EXPECTED_COUNT (sizeof(expected) / sizeof(expected[0]))

START_TEST(every_architecture_is_there_once)
{
	ck_assert_uint_ge(arch_count(), EXPECTED_COUNT);
	for (size_t i = 0; i < arch_count(); i++) {
		const struct callgate_arch *arch = callgate_arch_at(i);

		ck_assert_ptr_eq(callgate_arch_find_name(arch->name), arch);
		ck_assert_ptr_eq(callgate_arch_find(arch->token), arch);
		ck_assert_ptr_eq(callgate_arch_find_name(arch->name), arch);
		ck_assert_ptr_eq(callgate_arch_find_name(arch->oci_name), arch);
	}
}
END_TEST

START_TEST(descriptor_says_what_is_published)
{
	const struct expected *want = &expected[_i];
	const struct callgate_arch *arch = callgate_arch_find_name(want->name);
	bool n32 = (want->token & __AUDIT_ARCH_CONVENTION_MIPS64_N32) != 0;
	bool is_64 = (want->token & __AUDIT_ARCH_64BIT) != 0;

	ck_assert_ptr_nonnull(arch);
	ck_assert_uint_eq(arch->token, want->token);
	ck_assert_uint_eq(arch->audit, strcmp(want->name, "x32") == 0 ? AUDIT_ARCH_X86_64 : want->token);
	ck_assert_uint_eq(arch->nr_base, want->base);
	ck_assert_uint_eq(arch->word_bits, is_64 && !n32 ? 64 : 32);
	ck_assert_int_eq(arch->big_endian, (want->token & __AUDIT_ARCH_LE) == 0);
	ck_assert_int_eq(arch->multiplexed, want->socketcall_nr != -1);
	ck_assert_int_eq(arch->socketcall_nr, want->socketcall_nr);
	ck_assert_int_eq(arch->ipc_nr, want->socketcall_nr == -1 ? -1 : want->socketcall_nr + 15);
	ck_assert_str_eq(arch->oci_name, want->oci_name);
}
END_TEST

START_TEST(number_ranges_divide_each_audit_value)
{
	for (size_t i = 0; i < arch_count(); i++) {
		const struct callgate_arch *arch = callgate_arch_at(i);

		ck_assert_uint_eq(arch->nr_first, strcmp(arch->name, "x32") == 0 ? 0x40000000U : 0);
		ck_assert_uint_eq(arch->nr_last, strcmp(arch->name, "x86_64") == 0 ? 0x3fffffffU : 0xffffffffU);
	}
}
END_TEST

START_TEST(native_is_what_the_compiler_targets)
{
#if defined(__x86_64__) && !defined(__ILP32__)
	ck_assert_str_eq(arch_native()->name, "x86_64");
#elif defined(__i386__)
	ck_assert_str_eq(arch_native()->name, "x86");
#elif defined(__aarch64__)
	ck_assert_str_eq(arch_native()->name, "aarch64");
#endif
	ck_assert_ptr_eq(callgate_arch_find(0), arch_native());
	ck_assert_int_eq(arch_native()->big_endian, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}
END_TEST

START_TEST(unknown_architectures_are_null)
{
	ck_assert_ptr_null(callgate_arch_find_name(NULL));
	ck_assert_ptr_null(callgate_arch_find_name(""));
	ck_assert_ptr_null(callgate_arch_find_name("X86"));
	ck_assert_ptr_null(callgate_arch_find_name("x86 "));
	ck_assert_ptr_null(callgate_arch_find_name(NULL));
	ck_assert_ptr_null(callgate_arch_find_name(""));
	ck_assert_ptr_null(callgate_arch_find_name("SCMP_ARCH_NATIVE"));
	ck_assert_ptr_null(callgate_arch_find(1));
	ck_assert_ptr_null(callgate_arch_find(UINT32_MAX));
	ck_assert_ptr_null(callgate_arch_find(EM_X86_64));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("arch/descriptors");

	tcase_add_test(tests, every_architecture_is_there_once);
	tcase_add_loop_test(tests, descriptor_says_what_is_published, 0, (int)EXPECTED_COUNT);
	tcase_add_test(tests, number_ranges_divide_each_audit_value);
	tcase_add_test(tests, native_is_what_the_compiler_targets);
	tcase_add_test(tests, unknown_architectures_are_null);

	return test_run(tests);
}
