/* <callgate/arch.h>: what it says about every architecture, and whose a call is. */
#include <callgate/arch.h>
#include <callgate/syscall.h>

#include <linux/audit.h>

#include <check.h>
#include <seccomp.h>

#include "support/run.h"

START_TEST(all_names_find_the_architecture)
{
	const struct callgate_arch *arch;
	size_t count = 0;

	for (; (arch = callgate_arch_at(count)); count++) {
		ck_assert_ptr_eq(callgate_arch_find(arch->token), arch);
		ck_assert_ptr_eq(callgate_arch_find_name(arch->name), arch);
		ck_assert_ptr_eq(callgate_arch_find_name(arch->oci_name), arch);
		ck_assert_ptr_eq(callgate_arch_find_name(arch->docker_name), arch);
		ck_assert_uint_eq(seccomp_arch_resolve_name(arch->name), arch->token);
		ck_assert_ptr_nonnull(callgate_arch_find_name(arch->constants));
	}
	ck_assert_uint_ge(count, 23);
	ck_assert_ptr_null(callgate_arch_at(count + 1));
	ck_assert_ptr_null(callgate_arch_at(SIZE_MAX));
	ck_assert_uint_eq(callgate_arch_find(0)->token, seccomp_arch_native());
	ck_assert_uint_eq(callgate_arch_find_name("amd64")->token, SCMP_ARCH_X86_64);
	ck_assert_uint_eq(callgate_arch_find_name("mips64p32le")->token, SCMP_ARCH_MIPSEL64N32);
	ck_assert_ptr_null(callgate_arch_find_name(NULL));
	ck_assert_ptr_null(callgate_arch_find_name("-"));
	ck_assert_ptr_null(callgate_arch_find_name("AMD64"));
	ck_assert_ptr_null(callgate_arch_find(1));
	ck_assert_str_eq(callgate_arch_closest_name("x86-64"), "x86_64");
	ck_assert_str_eq(callgate_arch_closest_name("SCMP_ARCH_X86_46"), "SCMP_ARCH_X86_64");
	ck_assert_ptr_null(callgate_arch_closest_name("vax"));
	ck_assert_ptr_null(callgate_arch_closest_name(NULL));
}
END_TEST

/* The bits of AUDIT_ARCH_* say some facts a second time. */
START_TEST(facts_agree_with_the_bits_of_tokens)
{
	const struct callgate_arch *arch;

	for (size_t i = 0; (arch = callgate_arch_at(i)); i++) {
		bool wide = arch->token & __AUDIT_ARCH_64BIT, n32 = arch->token & __AUDIT_ARCH_CONVENTION_MIPS64_N32;
		bool x32 = arch->token == SCMP_ARCH_X32, is_mips = (arch->token & 0xffff) == 8;

		ck_assert_uint_eq(arch->audit, x32 ? SCMP_ARCH_X86_64 : arch->token);
		ck_assert_uint_eq(arch->word_bits, wide && !n32 ? 64 : 32);
		ck_assert_uint_eq(arch->register_bits, wide || x32 ? 64 : 32);
		ck_assert_int_eq(arch->big_endian, !(arch->token & __AUDIT_ARCH_LE));
		ck_assert_uint_eq(arch->enosys, is_mips ? 89 : (arch->token & 0xffff) == 15 ? 251 : 38);
		ck_assert_int_eq(arch->multiplexed, arch->socketcall_nr != -1);
		ck_assert_int_eq(arch->multiplexed, arch->ipc_nr != -1);
		ck_assert_int_eq(arch->strict_sigreturn == NULL, x32);
	}
}
END_TEST

static const struct {
	uint32_t arch;
	uint32_t nr;
	uint32_t token; /* 0: unknown */
} calls[] = {
    {SCMP_ARCH_X86_64, 0, SCMP_ARCH_X86_64},
    {SCMP_ARCH_X86_64, 0x3fffffff, SCMP_ARCH_X86_64},
    {SCMP_ARCH_X86_64, 0x40000000, SCMP_ARCH_X32},
    {SCMP_ARCH_X86_64, 0x7fffffff, SCMP_ARCH_X32},
    {SCMP_ARCH_X86_64, 0x80000000, SCMP_ARCH_X32},
    {SCMP_ARCH_X86_64, 0x80000001, SCMP_ARCH_X32},
    {SCMP_ARCH_X86_64, 0xfffffffe, SCMP_ARCH_X32},
    {SCMP_ARCH_X86_64, 0xffffffff, SCMP_ARCH_X86_64},
    {SCMP_ARCH_X32, 1, SCMP_ARCH_X86_64}, /* a token stands for its audit value */
    {SCMP_ARCH_X32, 0x40000001, SCMP_ARCH_X32},
    {SCMP_ARCH_X32, 0x80000001, SCMP_ARCH_X32},
    {SCMP_ARCH_X86, 0x80000001, SCMP_ARCH_X86},
    {SCMP_ARCH_S390X, 0xffffffff, SCMP_ARCH_S390X},
    {SCMP_ARCH_AARCH64, 0x40000001, SCMP_ARCH_AARCH64},
    {1, 0, 0},
    {UINT32_MAX, UINT32_MAX, 0},
};

START_TEST(numbers_tell_x32_from_x86_64)
{
	const struct callgate_arch *arch = callgate_arch_of_call(calls[_i].arch, (int32_t)calls[_i].nr);

	ck_assert_uint_eq(arch ? arch->token : 0, calls[_i].token);
	if (arch)
		ck_assert(callgate_arch_has_number(arch->token, (int32_t)calls[_i].nr));
	if (calls[_i].arch == SCMP_ARCH_X86_64)
		ck_assert_int_eq(callgate_arch_has_number(SCMP_ARCH_X32, (int32_t)calls[_i].nr),
		                 calls[_i].nr >= 0x40000000);
}
END_TEST

START_TEST(has_number_knows_tokens_alone)
{
	ck_assert(callgate_arch_has_number(0, 1));
	ck_assert(callgate_arch_has_number(SCMP_ARCH_X86_64, -1));
	ck_assert(!callgate_arch_has_number(SCMP_ARCH_X86_64, -2));
	ck_assert(!callgate_arch_has_number(1, 1));
}
END_TEST

static const struct {
	uint32_t machine;
	uint32_t archs[3];
} machines[] = {
    {SCMP_ARCH_X86_64, {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32}},
    {SCMP_ARCH_X32, {SCMP_ARCH_X32, SCMP_ARCH_X86_64, SCMP_ARCH_X86}},
    {SCMP_ARCH_X86, {SCMP_ARCH_X86}},
    {SCMP_ARCH_AARCH64, {SCMP_ARCH_AARCH64, SCMP_ARCH_ARM}},
    {SCMP_ARCH_S390X, {SCMP_ARCH_S390X, SCMP_ARCH_S390}},
    {SCMP_ARCH_MIPSEL64, {SCMP_ARCH_MIPSEL64, SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL64N32}},
    {SCMP_ARCH_PPC64LE, {SCMP_ARCH_PPC64LE}},
    {SCMP_ARCH_RISCV64, {SCMP_ARCH_RISCV64}},
    {1, {0}},
};

START_TEST(machines_run_architectures)
{
	for (size_t i = 0; i < 3; i++) {
		const struct callgate_arch *arch = callgate_machine_arch_at(machines[_i].machine, i);
		ck_assert_uint_eq(arch ? arch->token : 0, machines[_i].archs[i]);
	}
	ck_assert_ptr_null(callgate_machine_arch_at(machines[_i].machine, 3));
	ck_assert_ptr_null(callgate_machine_arch_at(machines[_i].machine, SIZE_MAX));
}
END_TEST

/*
 * Of two architectures one machine has, either both have the same byte order or the table is wrong; and they know each
 * other.
 */
START_TEST(machines_have_one_byte_order)
{
	const struct callgate_arch *machine, *arch;

	for (size_t i = 0; (machine = callgate_arch_at(i)); i++)
		for (size_t j = 0; (arch = callgate_machine_arch_at(machine->token, j)); j++)
			ck_assert_int_eq(arch->big_endian, machine->big_endian);
}
END_TEST

START_TEST(nothing_is_known_of_other_tokens)
{
	const uint32_t other = 0xdeadbeef;

	ck_assert_int_eq(callgate_syscall_number(other, "read"), __NR_SCMP_ERROR);
	ck_assert_ptr_null(callgate_syscall_name(other, 0));
	ck_assert_int_eq(callgate_syscall_newest(other), -1);
	ck_assert_uint_eq(callgate_argument_bits(other, "read", 0), 64);
	ck_assert_uint_eq(callgate_argument_bits(other, "read", 5), 64);
	ck_assert_uint_eq(callgate_argument_bits(other, "read", 6), 0);
	ck_assert_int_eq(seccomp_syscall_resolve_name_arch(other, "read"), __NR_SCMP_ERROR);
	ck_assert_int_eq(seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, NULL), __NR_SCMP_ERROR);
	ck_assert_int_eq(callgate_syscall_number(SCMP_ARCH_X86_64, NULL), __NR_SCMP_ERROR);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("api/arch");

	tcase_add_test(tests, all_names_find_the_architecture);
	tcase_add_test(tests, facts_agree_with_the_bits_of_tokens);
	tcase_add_loop_test(tests, numbers_tell_x32_from_x86_64, 0, (int)(sizeof(calls) / sizeof(calls[0])));
	tcase_add_test(tests, has_number_knows_tokens_alone);
	tcase_add_loop_test(tests, machines_run_architectures, 0, (int)(sizeof(machines) / sizeof(machines[0])));
	tcase_add_test(tests, machines_have_one_byte_order);
	tcase_add_test(tests, nothing_is_known_of_other_tokens);
	return test_run(tests);
}
