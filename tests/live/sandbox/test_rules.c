/* callgate_strict_rules(): what it adds, what it refuses, and that a refusal changes nothing. */
#include <check.h>
#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>
#include <callgate/strict.h>

#include "confined.h"
#include "support/run.h"

static unsigned allow;

/* Bits of what a program confined by these rules can do; EPERM is the filter's answer for the rest. */
UNCHECKED static void tries_everything(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	struct timespec now;
	int word = 0, can = 0;

	if (!ctx || callgate_strict_rules(ctx, allow) < 0 || seccomp_load(ctx) < 0)
		callgate_strict_exit(255);
	can |= syscall(SYS_clock_gettime, CLOCK_REALTIME, &now) == 0 ? 1 : 0;
	can |= syscall(SYS_futex, &word, FUTEX_WAKE, 1, NULL, NULL, 0) == 0 ? 2 : 0;
	can |= mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED ? 4 : 0;
	can |= mmap(NULL, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED ? 8 : 0;
	can |= mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 0, 0) == MAP_FAILED && errno != EPERM ? 16 : 0;
	can |= syscall(SYS_getrandom, &word, sizeof(word), 0) > 0 ? 32 : 0;
	can |= syscall(SYS_getpid) > 0 ? 64 : 0;
	syscall(SYS_exit_group, 128 | can);
	callgate_strict_exit(can);
}

START_TEST(test_what_the_options_add)
{
	static const struct {
		unsigned allow;
		int can;
	} cases[] = {
	    {0, 0},
	    {CALLGATE_ALLOW_CLOCK, 1},
	    {CALLGATE_ALLOW_FUTEX, 2},
	    {CALLGATE_ALLOW_MEMORY, 4},
	    {CALLGATE_ALLOW_RANDOM, 32},
	    {CALLGATE_ALLOW_EXIT_GROUP, 128},
	    {CALLGATE_ALLOW_CLOCK | CALLGATE_ALLOW_FUTEX | CALLGATE_ALLOW_EXIT_GROUP, 131},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		allow = cases[i].allow;
		int status = confined(tries_everything);
		ck_assert(WIFEXITED(status));
		ck_assert_int_eq(WEXITSTATUS(status), cases[i].can);
	}
}
END_TEST

static size_t exported(scmp_filter_ctx ctx, unsigned char *bytes, size_t room)
{
	ck_assert_int_eq(seccomp_export_bpf_mem(ctx, bytes, &room), 0);
	return room;
}

START_TEST(test_refusals_change_nothing)
{
	unsigned char before[32768], after[32768];
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL);

	ck_assert_int_eq(seccomp_arch_native(), SCMP_ARCH_X86_64);
	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_X86), 0);
	size_t size = exported(ctx, before, sizeof(before));
	ck_assert_int_eq(callgate_strict_rules(ctx, 1U << 30), -EINVAL);
	ck_assert_ptr_nonnull(strstr(callgate_diagnosis(NULL), "0x40000000"));
	ck_assert_int_eq(callgate_strict_rules(ctx, CALLGATE_ALLOW_MEMORY), -EOPNOTSUPP);
	ck_assert_ptr_nonnull(strstr(callgate_diagnosis(NULL), "mmap"));
	ck_assert_uint_eq(exported(ctx, after, sizeof(after)), size);
	ck_assert_mem_eq(before, after, size);
	ck_assert_int_eq(callgate_strict_rules(ctx, CALLGATE_ALLOW_CLOCK), 0);
	seccomp_release(ctx);

	ctx = seccomp_init(SCMP_ACT_ALLOW);
	ck_assert_int_eq(callgate_strict_rules(ctx, 0), -EACCES);
	ck_assert_str_ne(callgate_diagnosis(NULL), "");
	seccomp_release(ctx);
	ck_assert_int_eq(callgate_strict_rules(NULL, 0), -EINVAL);
	ck_assert_ptr_nonnull(strstr(callgate_diagnosis(NULL), "NULL"));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("strict rules");

	tcase_add_test(tests, test_what_the_options_add);
	if (seccomp_arch_native() == SCMP_ARCH_X86_64)
		tcase_add_test(tests, test_refusals_change_nothing);
	return test_run(tests);
}
