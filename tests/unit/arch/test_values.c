/* What SCMP_SYS() gives a program that is compiled here, against what the library says. */
#include "arch/arch.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#define _SECCOMP_H
#include <asm/unistd.h>
#include <seccomp-syscalls.h>

#include "support/run.h"

static const struct {
	const char *name;
	int snr;
} compiled[] = {
#define CALL(name) {#name, __SNR_##name},
#include "names.inc"
#undef CALL
};
#define COMPILED_COUNT (sizeof(compiled) / sizeof(compiled[0]))

START_TEST(every_name_is_in_the_header)
{
	ck_assert_ptr_null(arch_syscall_name_at(COMPILED_COUNT));
	for (size_t i = 0; i < COMPILED_COUNT; i++)
		ck_assert_str_eq(compiled[i].name, arch_syscall_name_at(i));
}
END_TEST

/* A real number is the table's. A pseudo number is the name's own, and only where this architecture lacks the call. */
START_TEST(values_are_those_of_the_library)
{
	const struct callgate_arch *lacking = NULL;
	size_t real = 0;

	for (size_t i = 0; i < COMPILED_COUNT; i++) {
		const char *name = compiled[i].name;
		int32_t pseudo = 0;

		for (size_t a = 0; a < arch_count() && pseudo >= 0; a++) {
			lacking = callgate_arch_at(a);
			pseudo = arch_syscall_number(lacking, name);
		}
		if (arch_syscall_direct_number(arch_native(), name) < 0)
			ck_assert_msg(compiled[i].snr == pseudo, "%s is %d, not %d", name, compiled[i].snr, pseudo);
		else
			ck_assert_msg(compiled[i].snr == arch_syscall_direct_number(arch_native(), name),
			              "%s is %d, not %d", name, compiled[i].snr,
			              arch_syscall_direct_number(arch_native(), name));
		real += compiled[i].snr >= 0;
	}
	ck_assert_uint_ge(real, 250);
}
END_TEST

START_TEST(new_calls_have_numbers_even_with_old_kernel_headers)
{
	ck_assert_int_eq(__SNR_mseal, arch_syscall_number(arch_native(), "mseal"));
	ck_assert_int_eq(__SNR_fchmodat2, arch_syscall_number(arch_native(), "fchmodat2"));
	ck_assert_int_eq(__SNR_file_setattr, arch_syscall_number(arch_native(), "file_setattr"));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("arch/values");

	tcase_add_test(tests, every_name_is_in_the_header);
	tcase_add_test(tests, values_are_those_of_the_library);
	tcase_add_test(tests, new_calls_have_numbers_even_with_old_kernel_headers);

	return test_run(tests);
}
