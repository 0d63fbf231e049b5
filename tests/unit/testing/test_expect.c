/*
 * <callgate/testing.h> inside libcheck: the assertions that load nothing, each once true and once false, and the
 * tables.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int failures;
static char last[1024];

static void note(const char *text)
{
	failures++;
	snprintf(last, sizeof(last), "%s", text);
}

#define CALLGATE_FAIL(file, line, text) note(text)
#include <callgate/prove.h>
#include <callgate/simulate.h>
#include <callgate/syscall.h>
#include <callgate/testing.h>

#include "support/simulated.h"

#define HOLDS(assertion)                                     \
	do {                                                 \
		failures = 0;                                \
		ck_assert_msg((assertion) == 1, "%s", last); \
		ck_assert_int_eq(failures, 0);               \
	} while (0)
#define FAILS(words, assertion)                                         \
	do {                                                            \
		failures = 0;                                           \
		ck_assert_int_eq(assertion, 0);                         \
		ck_assert_int_eq(failures, 1);                          \
		ck_assert_str_eq(last, callgate_failure());             \
		ck_assert_msg(strstr(last, words) != NULL, "%s", last); \
	} while (0)

static scmp_filter_ctx make(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	ck_assert_ptr_nonnull(ctx);
	if (seccomp_arch_native() != SCMP_ARCH_X86_64) {
		ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), 0);
		ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_X86_64), 0);
	}
	ck_assert_int_eq(seccomp_arch_add(ctx, SCMP_ARCH_X86), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
	                                  SCMP_A2_64(SCMP_CMP_MASKED_EQ, O_ACCMODE, O_RDONLY)),
	                 0);
	ck_assert_int_eq(
	    seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(fchmodat), 1, SCMP_A0_32(SCMP_CMP_EQ, AT_FDCWD)), 0);
	return ctx;
}

START_TEST(calls)
{
	scmp_filter_ctx ctx = make();
	const uint32_t x86_64 = SCMP_ARCH_X86_64, x86 = SCMP_ARCH_X86;

	HOLDS(callgate_expect_on(x86_64, ctx, "read", SCMP_ACT_ALLOW));
	HOLDS(callgate_expect_on(x86_64, ctx, "read", SCMP_ACT_ALLOW, 0, CALLGATE_ANY, 1u, 2L, 'c', UINT64_MAX));
	HOLDS(callgate_expect_on(x86, ctx, "write", SCMP_ACT_ERRNO(EPERM)));
	HOLDS(callgate_expect_on(x86_64, ctx, "openat", SCMP_ACT_ALLOW, AT_FDCWD, CALLGATE_ANY, O_RDONLY | O_CLOEXEC));
	HOLDS(callgate_expect_on(x86_64, ctx, "openat", SCMP_ACT_ALLOW, CALLGATE_ANY, CALLGATE_ANY,
	                         CALLGATE_BITS(O_ACCMODE, O_RDONLY)));
	FAILS("expected ALLOW, but openat(",
	      callgate_expect_on(x86_64, ctx, "openat", SCMP_ACT_ALLOW, AT_FDCWD, CALLGATE_ANY, O_RDWR));
	FAILS("callgate_expect_on(x86_64, ctx, \"openat\", SCMP_ACT_ALLOW, AT_FDCWD, CALLGATE_ANY, "
	      "O_RDWR | O_TRUNC): "
	      "expected ALLOW, but openat(",
	      callgate_expect_on(x86_64, ctx, "openat", SCMP_ACT_ALLOW, AT_FDCWD, CALLGATE_ANY, O_RDWR | O_TRUNC));
	FAILS("ERRNO(EPERM), the default: no rule matches",
	      callgate_expect_on(x86_64, ctx, "openat", SCMP_ACT_ALLOW, AT_FDCWD));
	FAILS("rule 1 (whatever the arguments)", callgate_expect_on(x86, ctx, "read", SCMP_ACT_ERRNO(EPERM), 7));
	FAILS("rule 2 (if argument 2 & 0x3 == 0x0)",
	      callgate_expect_on(x86_64, ctx, "openat", SCMP_ACT_ERRNO(EPERM), AT_FDCWD, 5, 0));
	FAILS("not for this architecture", callgate_expect_on(SCMP_ARCH_ARM, ctx, "read", SCMP_ACT_ALLOW));
	FAILS("did you mean \"openat\"", callgate_expect_on(x86_64, ctx, "opneat", SCMP_ACT_ALLOW));
	FAILS("does not have the call", callgate_expect_on(x86_64, ctx, "mmap2", SCMP_ACT_ALLOW));
	FAILS("", callgate_expect_on(x86_64, NULL, "read", SCMP_ACT_ALLOW));
	seccomp_release(ctx);
}
END_TEST

/* A negative int may come with zeros or ones above it; this rule knows only the zeros. */
START_TEST(negative_numbers)
{
	scmp_filter_ctx ctx = make();

	FAILS("0xffffffffffffff9c", callgate_expect_on(SCMP_ARCH_X86_64, ctx, "fchmodat", SCMP_ACT_ALLOW, AT_FDCWD));
	HOLDS(callgate_expect_on(SCMP_ARCH_X86_64, ctx, "fchmodat", SCMP_ACT_ALLOW, (unsigned)AT_FDCWD));
	HOLDS(callgate_expect_on(SCMP_ARCH_X86, ctx, "fchmodat", SCMP_ACT_ALLOW, AT_FDCWD));
	seccomp_release(ctx);
}
END_TEST

START_TEST(whole_sets)
{
	scmp_filter_ctx ctx = make();

	HOLDS(callgate_expect_only_on(SCMP_ARCH_X86_64, ctx, "read openat, fchmodat"));
	HOLDS(callgate_expect_only_on(SCMP_ARCH_X86_64, ctx, "@file"));
	FAILS("nothing else to be allowed, but fchmodat(",
	      callgate_expect_only_on(SCMP_ARCH_X86_64, ctx, "read openat"));
	FAILS("on x86: ALLOW, rule 1", callgate_expect_only_on(SCMP_ARCH_X86, ctx, "openat fchmodat"));
	FAILS("did you mean \"read\"", callgate_expect_only_on(SCMP_ARCH_X86, ctx, "raed"));
	FAILS("there is no set \"@nothing\"", callgate_expect_only_on(SCMP_ARCH_X86, ctx, "@nothing"));
	seccomp_release(ctx);
}
END_TEST

START_TEST(weaker_and_stronger)
{
	scmp_filter_ctx weak = make(), strong = make();

	ck_assert_int_eq(seccomp_rule_add(weak, SCMP_ACT_ALLOW, SCMP_SYS(mount), 1, SCMP_A3_64(SCMP_CMP_EQ, 77)), 0);
	HOLDS(callgate_expect_no_weaker(strong, weak));
	HOLDS(callgate_expect_no_weaker(strong, strong));
	FAILS("but mount(", callgate_expect_no_weaker(weak, strong));
	FAILS("0x4d", callgate_expect_no_weaker(weak, strong));
	FAILS("", callgate_expect_no_weaker(weak, NULL));
	seccomp_release(weak);
	seccomp_release(strong);
}
END_TEST

/*
 * Numbers are unsigned: those from 0x40000000 on are x32's, and the kernel takes the upper half of them for negative.
 */
START_TEST(a_number_is_no_call_for_everyone)
{
	struct sock_filter insns[] = {
	    {0x20, 0, 0, 4},          {0x15, 0, 3, SCMP_ARCH_X86_64},      {0x20, 0, 0, 0},
	    {0x15, 0, 1, 0x80000001}, {0x06, 0, 0, SCMP_ACT_ERRNO(EPERM)}, {0x06, 0, 0, SCMP_ACT_ALLOW},
	};
	const struct callgate_call call = {.arch = SCMP_ARCH_X86_64, .nr = (int32_t)0x80000001};
	struct callgate_program *programs[2];
	struct callgate_comparison *comparison;
	struct callgate_simulator *simulator;

	simulated_byte_order(SCMP_ARCH_X86_64, insns, sizeof(insns) / sizeof(insns[0]));
	ck_assert_int_eq(callgate_program_new(insns, sizeof(insns), SCMP_ARCH_X86_64, &programs[0]), 0);
	ck_assert_int_eq(callgate_program_new(&insns[5], sizeof(insns[5]), SCMP_ARCH_X86_64, &programs[1]), 0);
	const struct callgate_program *const lists[] = {programs[0], programs[1]};
	struct callgate_filter sides[] = {{.programs = &lists[0], .program_count = 1},
	                                  {.programs = &lists[1], .program_count = 1}};
	ck_assert_int_eq(callgate_compare(&sides[0], &sides[1], 100, &comparison), 0);
	ck_assert_uint_eq(comparison->count, 1);
	ck_assert_str_eq(comparison->differences[0].text,
	                 "call number 0x80000001(*, *, *, *, *, *) on x32, which is no system "
	                 "call: A gives ERRNO(EPERM), B allows");
	ck_assert_int_eq(callgate_simulator_new_program(programs[0], &simulator), 0);
	char *text = callgate_explain(simulator, &call);
	ck_assert_msg(text && strncmp(text, "call number 0x80000001(", 23) == 0 &&
	                  strstr(text, " on x32, which is no system call: ERRNO(EPERM)"),
	              "%s", text);
	free(text);
	callgate_simulator_free(simulator);
	callgate_comparison_free(comparison);
	for (int i = 0; i < 2; i++)
		callgate_program_free(programs[i]);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("testing expect");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, calls);
	tcase_add_test(tcase, negative_numbers);
	tcase_add_test(tcase, whole_sets);
	tcase_add_test(tcase, weaker_and_stronger);
	tcase_add_test(tcase, a_number_is_no_call_for_everyone);
	return simulated_run(tcase);
}
