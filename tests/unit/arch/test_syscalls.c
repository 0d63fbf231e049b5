/* Names and numbers of system calls: how they resolve, rewrite and translate. */
#include "arch/arch.h"
#include "support/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/syscall.h>
#include <check.h>

static int32_t number(const char *arch, const char *name)
{
	return arch_syscall_number(callgate_arch_find_name(arch), name);
}

static int32_t direct(const char *arch, const char *name)
{
	return arch_syscall_direct_number(callgate_arch_find_name(arch), name);
}

static const char *name(const char *arch, int32_t nr)
{
	return arch_syscall_name(callgate_arch_find_name(arch), nr);
}

static int32_t rewritten(const char *arch, const char *call)
{
	return arch_syscall_rewrite(callgate_arch_find_name(arch), number(arch, call));
}

START_TEST(names_are_sorted_and_resolve_both_ways)
{
	ck_assert_ptr_nonnull(arch_syscall_name_at(507));
	for (size_t i = 1; arch_syscall_name_at(i); i++)
		ck_assert_str_lt(arch_syscall_name_at(i - 1), arch_syscall_name_at(i));
	for (size_t a = 0; a < arch_count(); a++)
		for (size_t i = 0; arch_syscall_name_at(i); i++) {
			const char *call = arch_syscall_name_at(i);
			int32_t nr = arch_syscall_number(callgate_arch_at(a), call);

			ck_assert_msg(nr >= 0 || nr <= -101, "%s: %s is %d", callgate_arch_at(a)->name, call, nr);
			if (nr != -10191) /* two names share this one */
				ck_assert_pstr_eq(arch_syscall_name(callgate_arch_at(a), nr), call);
			nr = arch_syscall_direct_number(callgate_arch_at(a), call);
			if (nr != -1)
				ck_assert_pstr_eq(arch_syscall_name(callgate_arch_at(a), nr), call);
		}
}
END_TEST

START_TEST(known_numbers)
{
	ck_assert_int_eq(number("x86_64", "read"), 0);
	ck_assert_int_eq(number("x86", "read"), 3);
	ck_assert_int_eq(number("x32", "read"), 0x40000000);
	ck_assert_int_eq(number("x32", "ioctl"), 0x40000000 + 514);
	ck_assert_int_eq(number("mips", "read"), 4003);
	ck_assert_int_eq(number("mipsel64", "read"), 5000);
	ck_assert_int_eq(number("mips64n32", "read"), 6000);
	ck_assert_int_eq(number("arm", "set_tls"), 0x0f0005);
	ck_assert_int_eq(number("mips", "mseal"), 4462);
}
END_TEST

START_TEST(unknown_names_are_minus_one)
{
	char text[4096];

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (size_t a = 0; a < arch_count(); a++) {
		static const char *const unknown[] = {"", "rea", "reads", "READ", "read ", "__NR_read", "oldwait4"};

		ck_assert_int_eq(arch_syscall_number(callgate_arch_at(a), NULL), ARCH_NR_ERROR);
		ck_assert_int_eq(arch_syscall_direct_number(callgate_arch_at(a), NULL), -1);
		ck_assert_int_eq(arch_syscall_number(callgate_arch_at(a), text), ARCH_NR_ERROR);
		for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
			ck_assert_int_eq(arch_syscall_number(callgate_arch_at(a), unknown[i]), ARCH_NR_ERROR);
			ck_assert_int_eq(arch_syscall_direct_number(callgate_arch_at(a), unknown[i]), -1);
		}
	}
}
END_TEST

START_TEST(multiplexed_families_resolve_to_pseudo_numbers)
{
	ck_assert_int_eq(number("x86", "socket"), -101);
	ck_assert_int_eq(direct("x86", "socket"), 359);
	ck_assert_pstr_eq(name("x86", 359), "socket");
	ck_assert_pstr_eq(name("x86", -101), "socket");
	ck_assert_int_eq(number("x86", "accept"), -105);
	ck_assert_int_eq(direct("x86", "accept"), -1);
	ck_assert_int_eq(number("s390x", "shmctl"), -224);
	ck_assert_int_eq(direct("s390x", "shmctl"), 396);
	ck_assert_int_eq(number("x86_64", "socket"), 41);
	ck_assert_pstr_eq(name("x86_64", -101), NULL);
	ck_assert_int_eq(number("x86_64", "send"), -109);
	ck_assert_pstr_eq(name("x86_64", -109), "send");
	for (size_t a = 0; a < arch_count(); a++)
		if (callgate_arch_at(a)->multiplexed) {
			ck_assert_int_eq(arch_syscall_number(callgate_arch_at(a), "sendmmsg"), -120);
			ck_assert_int_eq(arch_syscall_number(callgate_arch_at(a), "semop"), -201);
			ck_assert_pstr_eq(arch_syscall_name(callgate_arch_at(a), -120), "sendmmsg");
			ck_assert_pstr_eq(arch_syscall_name(callgate_arch_at(a), -201), "semop");
		}
}
END_TEST

START_TEST(rewrite_opens_the_families)
{
	ck_assert_int_eq(rewritten("x86", "socket"), 102);
	ck_assert_int_eq(rewritten("x86", "sendmmsg"), 102);
	ck_assert_int_eq(rewritten("x86", "semop"), 117);
	ck_assert_int_eq(rewritten("mips", "shmctl"), 4117);
	ck_assert_int_eq(rewritten("mips", "socket"), 4102);
	ck_assert_int_eq(rewritten("x86_64", "send"), -109);
	ck_assert_int_eq(rewritten("x86", "read"), 3);
	ck_assert_int_eq(rewritten("x86", "arm_sync_file_range"), -10084);
	const struct callgate_arch *x86 = callgate_arch_find_name("x86");
	ck_assert_int_eq(arch_syscall_rewrite(x86, -100), -100);
	ck_assert_int_eq(arch_syscall_rewrite(x86, -101), 102);
	ck_assert_int_eq(arch_syscall_rewrite(x86, -120), 102);
	ck_assert_int_eq(arch_syscall_rewrite(x86, -121), -121);
	ck_assert_int_eq(arch_syscall_rewrite(x86, -200), -200);
	ck_assert_int_eq(arch_syscall_rewrite(x86, -201), 117);
	ck_assert_int_eq(arch_syscall_rewrite(x86, -224), 117);
	ck_assert_int_eq(arch_syscall_rewrite(x86, -225), -225);
	ck_assert_int_eq(arch_syscall_rewrite(x86, -1), -1);
	ck_assert_int_eq(arch_syscall_rewrite(x86, INT32_MIN), INT32_MIN);
}
END_TEST

START_TEST(pseudo_names_only_where_the_call_is_absent)
{
	ck_assert_int_eq(number("aarch64", "open"), -10166);
	ck_assert_pstr_eq(name("aarch64", -10166), "open");
	ck_assert_pstr_eq(name("x86", -10166), NULL);
	ck_assert_pstr_eq(name("x86_64", -10166), NULL);
	ck_assert_pstr_eq(name("x86_64", -10060), "socketcall");
	ck_assert_pstr_eq(name("x86", -10060), NULL);
	ck_assert_pstr_eq(name("x86", -10191), "switch_endian");
	ck_assert_pstr_eq(name("ppc64", -10191), NULL);
	ck_assert_int_eq(number("x86", "sys_debug_setcontext"), -10191);
	ck_assert_int_eq(number("x86", "switch_endian"), -10191);
	static const int32_t never[] = {-1,   -2,   -50,    -99,    -100,   -121,   -200,     -205,
	                                -210, -225, -10000, -10085, -10146, -10255, INT32_MIN};
	for (size_t a = 0; a < arch_count(); a++)
		for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
			ck_assert_pstr_eq(arch_syscall_name(callgate_arch_at(a), never[i]), NULL);
}
END_TEST

START_TEST(bases_may_be_left_out)
{
	ck_assert_pstr_eq(name("x32", 0), "read");
	ck_assert_pstr_eq(name("x32", 0x40000000), "read");
	ck_assert_pstr_eq(name("x32", 514), "ioctl");
	ck_assert_pstr_eq(name("x32", 0x40000000 + 514), "ioctl");
	ck_assert_pstr_eq(name("x86_64", 0x40000000), NULL);
	ck_assert_pstr_eq(name("mips", 3), "read");
	ck_assert_pstr_eq(name("mips", 4003), "read");
	ck_assert_pstr_eq(name("mipsel", 8003), NULL);
	ck_assert_pstr_eq(name("mips64", 0), "read");
	ck_assert_pstr_eq(name("mips64", 5000), "read");
	ck_assert_pstr_eq(name("mipsel64n32", 0), "read");
	ck_assert_pstr_eq(name("mipsel64n32", 6000), "read");
	ck_assert_pstr_eq(name("mips64", 6000), NULL);
}
END_TEST

START_TEST(numbers_that_nobody_has)
{
	for (size_t a = 0; a < arch_count(); a++) {
		const struct callgate_arch *arch = callgate_arch_at(a);
		int32_t max = arch_syscall_number_max(arch);

		ck_assert_ptr_nonnull(arch_syscall_name(arch, max));
		ck_assert_ptr_null(arch_syscall_name(arch, max + 1));
		ck_assert_ptr_null(arch_syscall_name(arch, INT32_MAX));
		ck_assert_ptr_null(arch_syscall_name(arch, (int32_t)arch->nr_base + 402 + 998));
	}
	ck_assert_int_eq(arch_syscall_number_max(callgate_arch_find_name("arm")), 0x0f0006);
	ck_assert_int_eq(arch_syscall_number_max(callgate_arch_find_name("x32")), 0x40000000 + 547);
	ck_assert_int_ge(arch_syscall_number_max(callgate_arch_find_name("x86_64")), 471);
	ck_assert_int_ge(arch_syscall_number_max(callgate_arch_find_name("mips")), 4471);
}
END_TEST

START_TEST(native_numbers_are_not_translated)
{
	static const int32_t any[] = {0, 1000, INT32_MAX, -1, -50, -101, -10166, INT32_MIN};

	for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++) {
		int32_t nr = 77;

		ck_assert_int_eq(arch_syscall_translate(arch_native(), any[i], &nr), 0);
		ck_assert_int_eq(nr, any[i]);
	}
}
END_TEST

START_TEST(other_numbers_are_translated_by_name)
{
	const struct callgate_arch *native = arch_native();

	for (size_t a = 0; a < arch_count(); a++)
		for (size_t i = 0; arch_syscall_name_at(i); i++) {
			const char *call = arch_syscall_name_at(i);
			int32_t native_nr = arch_syscall_number(native, call);
			int32_t nr = 77;

			if (native_nr == -10191 || callgate_arch_at(a) == native)
				continue;
			ck_assert_int_eq(arch_syscall_translate(callgate_arch_at(a), native_nr, &nr), 0);
			ck_assert_int_eq(nr, arch_syscall_number(callgate_arch_at(a), call));
		}
}
END_TEST

START_TEST(what_native_cannot_name_is_not_translated)
{
	static const int32_t nameless[] = {1000, INT32_MAX, -2, -99, -100, -121, -10085, INT32_MIN};
	const struct callgate_arch *other =
	    callgate_arch_find_name(strcmp(arch_native()->name, "x86") == 0 ? "x86_64" : "x86");
	int32_t nr = 77;

	for (size_t i = 0; i < sizeof(nameless) / sizeof(nameless[0]); i++) {
		ck_assert_int_eq(arch_syscall_translate(other, nameless[i], &nr), -EFAULT);
		ck_assert_int_eq(nr, 77);
	}
	ck_assert_int_eq(arch_syscall_translate(other, -1, &nr), 0);
	ck_assert_int_eq(nr, -1);
}
END_TEST

#ifdef __x86_64__
START_TEST(pseudo_numbers_translate_where_native_holds_them)
{
	static const struct {
		int32_t nr;
		int32_t on_x86; /* 0: no translation */
	} cases[] = {{-109, -109}, {-10060, 102}, {-101, 0}, {-201, 0}, {-100, 0}, {-10166, 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int32_t nr = 0;
		int result = arch_syscall_translate(callgate_arch_find_name("x86"), cases[i].nr, &nr);

		ck_assert_int_eq(result, cases[i].on_x86 ? 0 : -EFAULT);
		ck_assert_int_eq(nr, cases[i].on_x86);
	}
}
END_TEST
#endif

START_TEST(closest_name_corrects_typing_errors)
{
	char text[4096];

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	ck_assert_pstr_eq(arch_syscall_closest_name("opneat"), "openat");
	ck_assert_pstr_eq(arch_syscall_closest_name("getrandon"), "getrandom");
	ck_assert_pstr_eq(arch_syscall_closest_name("sched_yeld"), "sched_yield");
	ck_assert_pstr_eq(arch_syscall_closest_name("raed"), "read");
	ck_assert_pstr_eq(arch_syscall_closest_name("wriite"), "write");
	ck_assert_pstr_eq(arch_syscall_closest_name("read"), "read");
	ck_assert_pstr_eq(arch_syscall_closest_name("completely_unlike_any"), NULL);
	ck_assert_pstr_eq(arch_syscall_closest_name(text), NULL);
	ck_assert_pstr_eq(arch_syscall_closest_name(""), NULL);
	ck_assert_pstr_eq(arch_syscall_closest_name(NULL), NULL);
}
END_TEST

static void check_since(uint32_t arch, int32_t nr, const char *text, enum scmp_kver kver)
{
	char written[CALLGATE_SINCE_TEXT];

	callgate_syscall_since_text(arch, nr, written);
	ck_assert_str_eq(written, text);
	ck_assert_int_eq(callgate_syscall_kver(arch, nr), kver);
}

START_TEST(versions_that_calls_came_with)
{
	struct callgate_since since = {{9, 9, 9}, {9, 9, 9}};

	check_since(SCMP_ARCH_X86_64, 437, "5.6", SCMP_KV_5_6);
	check_since(SCMP_ARCH_X86_64, 318, "3.17..4.0", SCMP_KV_4_0);
	check_since(SCMP_ARCH_X86_64, 183, "never", SCMP_KV_UNDEF);
	check_since(SCMP_ARCH_X32, 437, "5.6", SCMP_KV_5_6);
	check_since(SCMP_ARCH_X32, 0x40000000 + 437, "5.6", SCMP_KV_5_6);
	check_since(SCMP_ARCH_MIPS, 4435, "5.4", SCMP_KV_5_4);
	check_since(SCMP_ARCH_X86, 359, "4.3", SCMP_KV_4_3);
	check_since(SCMP_ARCH_LOONGARCH64, 437, "5.19", SCMP_KV_5_19);
	check_since(SCMP_ARCH_X86_64, 471, "7.0", SCMP_KV_7_0);
	check_since(SCMP_ARCH_X86_64, 100000, "", __SCMP_KV_NULL);
	check_since(SCMP_ARCH_X86_64, -1, "", __SCMP_KV_NULL);
	check_since(SCMP_ARCH_X86, -101, "", __SCMP_KV_NULL);
	check_since(7, 0, "", __SCMP_KV_NULL);
	ck_assert_int_eq(callgate_syscall_since(7, 0, &since), -EINVAL);
	ck_assert_int_eq(callgate_syscall_since(SCMP_ARCH_X86_64, 100000, &since), -ESRCH);
	ck_assert_int_eq(callgate_syscall_since(SCMP_ARCH_X86_64, INT32_MIN, &since), -ESRCH);
	ck_assert_int_eq(callgate_syscall_since(SCMP_ARCH_X86_64, INT32_MAX, &since), -ESRCH);
	ck_assert_int_eq(callgate_syscall_since(SCMP_ARCH_X86_64, 437, NULL), -EINVAL);
	ck_assert_int_eq(since.by.major, 9);
	callgate_syscall_since_text(SCMP_ARCH_X86_64, 437, NULL);
	ck_assert_int_eq(callgate_syscall_since(SCMP_ARCH_X86_64, 437, &since), 0);
	ck_assert(since.by.major == 5 && since.by.minor == 6 && since.first.minor == 6);
}
END_TEST

START_TEST(every_version_is_in_the_enumeration)
{
	for (size_t a = 0; a < arch_count(); a++)
		for (size_t i = 0; i < arch_syscall_number_count(callgate_arch_at(a)); i++) {
			int32_t nr = arch_syscall_number_at(callgate_arch_at(a), i);
			enum scmp_kver kver = callgate_syscall_kver(callgate_arch_at(a)->token, nr);
			ck_assert(kver > __SCMP_KV_NULL && kver < __SCMP_KV_MAX);
		}
}
END_TEST

/* From many places, up to each number and its neighbours: as many as there are before, as numbers ascend. */
START_TEST(numbers_are_counted_up_to_a_last_one)
{
	for (size_t a = 0; a < arch_count(); a++) {
		const struct callgate_arch *arch = callgate_arch_at(a);
		size_t all = arch_syscall_number_count(arch);
		for (size_t i = 0; i < all; i++)
			for (int near = -1; near <= 1; near++) {
				int64_t last = (int64_t)arch_syscall_number_at(arch, i) + near;
				size_t before = i + (near >= 0);
				if (last < 0)
					continue;
				before += near > 0 && i + 1 < all && arch_syscall_number_at(arch, i + 1) == last;
				for (size_t from = 0; from <= all; from = 3 * from + 1) {
					uint32_t count = 7;
					size_t end = from < before ? before : from;
					ck_assert(arch_syscall_tally(arch, from, (uint32_t)last, &count, NULL) == end);
					ck_assert(count == 7 + end - from);
				}
			}
		uint32_t count = 0, share = 0, parts = 0;
		ck_assert_uint_eq(arch_syscall_tally(arch, 0, UINT32_MAX, &count, &share), all);
		ck_assert_uint_eq(count, all);
		for (size_t i = 0; i < all; i++)
			arch_syscall_tally(arch, i, (uint32_t)arch_syscall_number_at(arch, i), &count, &parts);
		ck_assert_uint_eq(parts, share);
		ck_assert_uint_eq(count, 2 * all);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("arch/syscalls");

	tcase_add_test(tests, names_are_sorted_and_resolve_both_ways);
	tcase_add_test(tests, known_numbers);
	tcase_add_test(tests, unknown_names_are_minus_one);
	tcase_add_test(tests, multiplexed_families_resolve_to_pseudo_numbers);
	tcase_add_test(tests, rewrite_opens_the_families);
	tcase_add_test(tests, pseudo_names_only_where_the_call_is_absent);
	tcase_add_test(tests, bases_may_be_left_out);
	tcase_add_test(tests, numbers_that_nobody_has);
	tcase_add_test(tests, native_numbers_are_not_translated);
	tcase_add_test(tests, other_numbers_are_translated_by_name);
	tcase_add_test(tests, what_native_cannot_name_is_not_translated);
#ifdef __x86_64__
	tcase_add_test(tests, pseudo_numbers_translate_where_native_holds_them);
#endif
	tcase_add_test(tests, versions_that_calls_came_with);
	tcase_add_test(tests, every_version_is_in_the_enumeration);
	tcase_add_test(tests, closest_name_corrects_typing_errors);
	tcase_add_test(tests, numbers_are_counted_up_to_a_last_one);

	return test_run(tests);
}
