/* Every silent case of the interface: the result is 0, and the diagnosis says what the rule does not do. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <seccomp.h>
#include <callgate/diagnosis.h>
#include <callgate/rule.h>

#include "support/context.h"
#include "support/simulated.h"

enum { NR = SCMP_SYS(ioctl) };

#define E(number) SCMP_ACT_ERRNO(number)

struct rule {
	uint32_t action; /* 0: none */
	int nr;
	unsigned count;
	struct scmp_arg_cmp args[2];
};

static const struct {
	struct rule before, after;
	uint32_t arch, other;
	const char *expected;
} cases[] = {
    {{0}, {E(5), NR, 1, {{0, SCMP_CMP_EQ, 1, 0}}}, SCMP_ARCH_X86_64, 0, ""},
    {{E(5), NR, 0, {{0}}},
     {E(6), NR, 1, {{0, SCMP_CMP_EQ, 1, 0}}},
     SCMP_ARCH_X86_64,
     0,
     "note: rule 2 for ioctl (16) on x86_64 can never match: rule 1 already covers it"},
    {{E(5), NR, 0, {{0}}},
     {E(6), NR, 0, {{0}}},
     SCMP_ARCH_X86_64,
     0,
     "note: rule 2 for ioctl (16) on x86_64 can never match: rule 1 already covers it"},
    {{E(5), NR, 1, {{0, SCMP_CMP_EQ, 1, 0}}},
     {E(5), NR, 2, {{0, SCMP_CMP_EQ, 1, 0}, {1, SCMP_CMP_EQ, 1, 0}}},
     SCMP_ARCH_X86_64,
     0,
     "note: rule 2 for ioctl (16) on x86_64 can never match: rule 1 already covers it"},
    {{E(5), NR, 1, {{0, SCMP_CMP_EQ, 1, 0}}},
     {E(5), NR, 1, {{0, SCMP_CMP_EQ, 1, 0}}},
     SCMP_ARCH_X86_64,
     0,
     "note: rule 2 for ioctl (16) on x86_64 changes nothing: rule 1 is the same"},
    {{E(5), NR, 0, {{0}}},
     {E(5), NR, 0, {{0}}},
     SCMP_ARCH_X86_64,
     0,
     "note: rule 2 for ioctl (16) on x86_64 changes nothing: rule 1 is the same"},
    {{E(5), NR, 2, {{0, SCMP_CMP_EQ, 1, 0}, {1, SCMP_CMP_EQ, 1, 0}}},
     {E(5), NR, 1, {{0, SCMP_CMP_EQ, 1, 0}}},
     SCMP_ARCH_X86_64,
     0,
     "note: rule 2 for ioctl (16) on x86_64 makes rule 1 needless: it has the same action"},
    {{E(5), NR, 1, {{0, SCMP_CMP_EQ, 1, 0}}},
     {E(6), NR, 0, {{0}}},
     SCMP_ARCH_X86_64,
     0,
     "note: rule 2 for ioctl (16) on x86_64 has no comparisons and takes the place of all rules that have, "
     "such as "
     "rule 1"},
    {{E(5), NR, 1, {{0, SCMP_CMP_EQ, 1, 0}}},
     {E(5), NR, 0, {{0}}},
     SCMP_ARCH_X86_64,
     0,
     "note: rule 2 for ioctl (16) on x86_64 makes rule 1 needless: it has the same action"},
    {{0},
     {E(5), NR, 1, {{2, SCMP_CMP_MASKED_EQ, 0, 1}}},
     SCMP_ARCH_X86_64,
     0,
     "note: rule 1: the mask for argument 2 has no bits on x86_64: nothing is compared"},
    {{0},
     {E(5), NR, 1, {{2, SCMP_CMP_MASKED_EQ, 0xf00000000, 0x100000000}}},
     SCMP_ARCH_X86_64,
     SCMP_ARCH_X86,
     "note: rule 1: the mask for argument 2 has no bits on x86: nothing is compared"},
    {{0},
     {E(5), NR, 1, {{2, SCMP_CMP_MASKED_EQ, 0xf0, 0xff}}},
     SCMP_ARCH_X86_64,
     0,
     "note: rule 1: the value for argument 2 has bits outside of its mask 0xf0: they are not compared"},
    {{0},
     {E(5), NR, 1, {{2, SCMP_CMP_MASKED_EQ, 0x1000000f0, 0x10}}},
     SCMP_ARCH_X86_64,
     SCMP_ARCH_X86,
     "note: rule 1: argument 2 is compared with the low 32 bits alone on x86, where 0x1000000f0 is 0xf0"},
    {{0},
     {E(5), NR, 1, {{0, SCMP_CMP_GT, 0x100000005, 0}}},
     SCMP_ARCH_X86_64,
     SCMP_ARCH_X32,
     "note: rule 1: argument 0 is compared with the low 32 bits alone on x32, where 0x100000005 is 0x5"},
    {{0}, {E(5), NR, 1, {{0, SCMP_CMP_GT, 0x100000005, 0}}}, SCMP_ARCH_X86_64, 0, ""},
    {{0},
     {E(5), SCMP_SYS(open), 0, {{0}}},
     SCMP_ARCH_X86_64,
     SCMP_ARCH_AARCH64,
     "note: rule 1 has no effect on aarch64: there is no system call open there"},
    {{0},
     {E(5), SCMP_SYS(arch_prctl), 0, {{0}}},
     SCMP_ARCH_X86_64,
     SCMP_ARCH_MIPSEL,
     "note: rule 1 has no effect on mipsel: there is no system call arch_prctl there"},
    {{0},
     {E(5), SCMP_SYS(socket), 1, {{0, SCMP_CMP_EQ, 2, 0}}},
     SCMP_ARCH_X86_64,
     SCMP_ARCH_X86,
     "note: rule 1: through socketcall on x86 a comparison of argument 0 is dropped and those of others do "
     "not see "
     "the call's own arguments"},
    {{0}, {E(5), SCMP_SYS(socket), 0, {{0}}}, SCMP_ARCH_X86_64, SCMP_ARCH_X86, ""},
    /* the more important one of two */
    {{E(5), NR, 1, {{0, SCMP_CMP_EQ, 5, 0}}},
     {E(6), NR, 2, {{0, SCMP_CMP_EQ, 0x100000005, 0}, {1, SCMP_CMP_EQ, 1, 0}}},
     SCMP_ARCH_X86_64,
     SCMP_ARCH_X86,
     "note: rule 2 for ioctl (54) on x86 can never match: rule 1 already covers it"},
};

static int add(scmp_filter_ctx ctx, const struct rule *rule)
{
	return seccomp_rule_add_array(ctx, rule->action, rule->nr, rule->count, rule->args);
}

START_TEST(rules)
{
	scmp_filter_ctx ctx = CONTEXT(E(1), cases[_i].arch, cases[_i].other);

	if (cases[_i].before.action)
		ck_assert_int_eq(add(ctx, &cases[_i].before), 0);
	ck_assert_int_eq(add(ctx, &cases[_i].after), 0);
	ck_assert_str_eq(callgate_diagnosis(ctx), cases[_i].expected);
	ck_assert_str_eq(callgate_diagnosis(ctx), cases[_i].expected);
	ck_assert_int_eq(seccomp_arch_exist(ctx, cases[_i].arch), 0);
	ck_assert_str_eq(callgate_diagnosis(ctx), "");
	seccomp_release(ctx);
}
END_TEST

#define WIDE_32 "warning: rule 1: the kernel reads only 32 bits of argument "
#define BY_MASK "; SCMP_CMP_MASKED_EQ with 0xffffffff compares what is read"
#define BY_HALF "; CALLGATE_LOW_HALF (callgate_rule_add()) compares what is read"

/* What a rule does that compares bits which the kernel does not read; and comparisons with the answer given. */
enum { NAMELESS = 4242 };

static const struct {
	uint32_t default_action, action;
	int nr;
	unsigned count;
	struct scmp_arg_cmp args[2];
	const char *expected;
} widths[] = {
    /* A rule that denies is evaded by a value that it does not match. */
    {SCMP_ACT_ALLOW,
     E(1),
     SCMP_SYS(socket),
     1,
     {{0, SCMP_CMP_EQ, 0x28, 0}},
     WIDE_32 "0: on x86_64 socket(0x100000028) does what socket(0x28) does, and is not matched" BY_MASK},
    {SCMP_ACT_ALLOW,
     E(1),
     NR,
     1,
     {{1, SCMP_CMP_EQ, 0x5412, 0}},
     WIDE_32 "1: on x86_64 ioctl(*, 0x100005412) does what ioctl(*, 0x5412) does, and is not matched" BY_MASK},
    {SCMP_ACT_ALLOW,
     E(1),
     NR,
     1,
     {{1, SCMP_CMP_LE, 5, 0}},
     WIDE_32 "1: on x86_64 ioctl(*, 0x100000005) does what ioctl(*, 0x5) does, and is not matched" BY_HALF},
    {SCMP_ACT_ALLOW,
     E(1),
     NR,
     1,
     {{1, SCMP_CMP_LT, 5, 0}},
     WIDE_32 "1: on x86_64 ioctl(*, 0x100000004) does what ioctl(*, 0x4) does, and is not matched" BY_HALF},
    {SCMP_ACT_ALLOW,
     E(1),
     NR,
     1,
     {{1, SCMP_CMP_MASKED_EQ, UINT64_MAX, 5}},
     WIDE_32 "1: on x86_64 ioctl(*, 0x100000005) does what ioctl(*, 0x5) does, and is not matched" BY_MASK},
    {SCMP_ACT_ALLOW,
     E(1),
     NR,
     1,
     {{1, SCMP_CMP_MASKED_EQ, 0x8000000000000001, 1}},
     WIDE_32 "1: on x86_64 ioctl(*, 0x8000000000000001) does what ioctl(*, 0x1) does, and is not matched" BY_MASK},
    {SCMP_ACT_ALLOW,
     E(1),
     NR,
     1,
     {{1, SCMP_CMP_LE, 0x100000005, 0}},
     WIDE_32 "1: on x86_64 ioctl(*, 0xfffffffe00000005) does what ioctl(*, 0x100000005) does, and is not "
             "matched" BY_HALF},
    {SCMP_ACT_ALLOW,
     SCMP_ACT_LOG,
     SCMP_SYS(socket),
     1,
     {{0, SCMP_CMP_EQ, 2, 0}},
     WIDE_32 "0: on x86_64 socket(0x100000002) does what socket(0x2) does, and is not matched" BY_MASK},
    {SCMP_ACT_ALLOW,
     E(1),
     SCMP_SYS(chmod),
     1,
     {{1, SCMP_CMP_EQ, 0x1ff, 0}},
     "warning: rule 1: the kernel reads only 16 bits of argument 1: on x86_64 chmod(*, 0x101ff) does what "
     "chmod(*, 0x1ff) does, and is not matched; SCMP_CMP_MASKED_EQ with 0xffff compares what is read"},
    {SCMP_ACT_ALLOW,
     E(1),
     SCMP_SYS(socketpair),
     2,
     {{0, SCMP_CMP_MASKED_EQ, UINT32_MAX, 1}, {2, SCMP_CMP_EQ, 6, 0}},
     WIDE_32 "2: on x86_64 socketpair(*, *, 0x100000006) does what socketpair(*, *, 0x6) does, and is not "
             "matched" BY_MASK},
    /* A rule that allows lets a value pass that it leaves out. */
    {E(1),
     SCMP_ACT_ALLOW,
     SCMP_SYS(socket),
     1,
     {{0, SCMP_CMP_NE, 0x28, 0}},
     WIDE_32 "0: on x86_64 socket(0x100000028) does what socket(0x28) does, and is matched" BY_HALF},
    {E(1),
     SCMP_ACT_ALLOW,
     SCMP_SYS(socket),
     1,
     {{0, SCMP_CMP_GT, 0x28, 0}},
     WIDE_32 "0: on x86_64 socket(0x100000028) does what socket(0x28) does, and is matched" BY_HALF},
    {E(1),
     SCMP_ACT_ALLOW,
     SCMP_SYS(socket),
     1,
     {{0, SCMP_CMP_GE, 0x29, 0}},
     WIDE_32 "0: on x86_64 socket(0x100000028) does what socket(0x28) does, and is matched" BY_HALF},
    /* A negative int has two spellings. */
    {E(1),
     SCMP_ACT_ALLOW,
     SCMP_SYS(openat),
     1,
     {{0, SCMP_CMP_EQ, 0xffffff9c, 0}},
     WIDE_32 "0: on x86_64 openat(0xffffffffffffff9c) does what openat(0xffffff9c) does, and is not matched" BY_MASK},
    {E(1),
     SCMP_ACT_ALLOW,
     SCMP_SYS(openat),
     1,
     {{0, SCMP_CMP_EQ, 0xffffffffffffff9c, 0}},
     WIDE_32 "0: on x86_64 openat(0xffffff9c) does what openat(0xffffffffffffff9c) does, and is not matched" BY_MASK},
    {SCMP_ACT_ALLOW,
     E(1),
     SCMP_SYS(openat),
     1,
     {{0, SCMP_CMP_NE, 0xffffff9c, 0}},
     WIDE_32 "0: on x86_64 openat(0xffffffffffffff9c) does what openat(0xffffff9c) does, and is matched" BY_HALF},
    /* What nobody gains by, and what the kernel reads whole. */
    {E(1), SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, {{0, SCMP_CMP_EQ, 0x28, 0}}, ""},
    {E(1), SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, {{0, SCMP_CMP_LE, 0x28, 0}}, ""},
    {SCMP_ACT_ALLOW, E(1), SCMP_SYS(socket), 1, {{0, SCMP_CMP_GE, 0x28, 0}}, ""},
    {SCMP_ACT_ALLOW, E(1), SCMP_SYS(socket), 1, {{0, SCMP_CMP_NE, 0x28, 0}}, ""},
    {SCMP_ACT_ALLOW, E(1), SCMP_SYS(socket), 1, {{0, SCMP_CMP_MASKED_EQ, UINT32_MAX, 0x28}}, ""},
    {SCMP_ACT_ALLOW, E(1), SCMP_SYS(chmod), 1, {{1, SCMP_CMP_MASKED_EQ, 0xfff, 0}}, ""},
    {SCMP_ACT_ALLOW, E(1), SCMP_SYS(read), 1, {{2, SCMP_CMP_LE, 5, 0}}, ""},
    {SCMP_ACT_ALLOW, E(1), NAMELESS, 1, {{0, SCMP_CMP_EQ, 5, 0}}, ""},
    /* Comparisons that don't depend on the call. */
    {SCMP_ACT_ALLOW,
     E(1),
     SCMP_SYS(read),
     1,
     {{2, SCMP_CMP_LT, 0, 0}},
     "note: rule 1 for read (0) on x86_64: no value satisfies the comparisons of argument 2"},
    {SCMP_ACT_ALLOW,
     E(1),
     SCMP_SYS(read),
     1,
     {{2, SCMP_CMP_GT, UINT64_MAX, 0}},
     "note: rule 1 for read (0) on x86_64: no value satisfies the comparisons of argument 2"},
    {SCMP_ACT_ALLOW,
     E(1),
     SCMP_SYS(read),
     1,
     {{2, SCMP_CMP_GE, 0, 0}},
     "note: rule 1 for read (0) on x86_64: every value of argument 2 satisfies the comparison"},
    {SCMP_ACT_ALLOW,
     E(1),
     SCMP_SYS(read),
     1,
     {{2, SCMP_CMP_LE, UINT64_MAX, 0}},
     "note: rule 1 for read (0) on x86_64: every value of argument 2 satisfies the comparison"},
};

START_TEST(unread_bits)
{
	scmp_filter_ctx ctx = CONTEXT(widths[_i].default_action, SCMP_ARCH_X86_64, 0);

	/* A number without a name is known on its own architecture only. */
	if (widths[_i].nr == NAMELESS && seccomp_arch_native() != SCMP_ARCH_X86_64) {
		seccomp_release(ctx);
		return;
	}
	ck_assert_int_eq(
	    seccomp_rule_add_array(ctx, widths[_i].action, widths[_i].nr, widths[_i].count, widths[_i].args), 0);
	ck_assert_str_eq(callgate_diagnosis(ctx), widths[_i].expected);
	seccomp_release(ctx);
}
END_TEST

/* Several comparisons of one argument count together, and one of the low half looks at what is read. */
START_TEST(ranges)
{
	static const struct {
		uint32_t default_action, action;
		struct scmp_arg_cmp args[2];
		const char *expected;
	} pairs[] = {
	    {SCMP_ACT_ALLOW,
	     E(1),
	     {{1, SCMP_CMP_GE, 3, 0}, {1, SCMP_CMP_LE, 9, 0}},
	     WIDE_32 "1: on x86_64 ioctl(*, 0x100000009) does what ioctl(*, 0x9) does, and is not matched" BY_HALF},
	    {E(1), SCMP_ACT_ALLOW, {{1, SCMP_CMP_GE, 3, 0}, {1, SCMP_CMP_LE, 9, 0}}, ""},
	    {SCMP_ACT_ALLOW,
	     E(1),
	     {{1 | CALLGATE_LOW_HALF, SCMP_CMP_GE, 3, 0}, {1 | CALLGATE_LOW_HALF, SCMP_CMP_LE, 9, 0}},
	     ""},
	    {SCMP_ACT_ALLOW,
	     E(1),
	     {{2, SCMP_CMP_GE, 9, 0}, {2, SCMP_CMP_LE, 3, 0}},
	     "note: rule 1 for ioctl (16) on x86_64: no value satisfies the comparisons of argument 2"},
	    {SCMP_ACT_ALLOW, E(1), {{2, SCMP_CMP_GT, 9, 0}, {2, SCMP_CMP_LT, 11, 0}}, ""},
	    {SCMP_ACT_ALLOW,
	     E(1),
	     {{2, SCMP_CMP_EQ, 9, 0}, {2, SCMP_CMP_NE, 9, 0}},
	     "note: rule 1 for ioctl (16) on x86_64: no value satisfies the comparisons of argument 2"},
	};
	scmp_filter_ctx ctx = CONTEXT(pairs[_i].default_action, SCMP_ARCH_X86_64, 0);

	ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_X86_64, pairs[_i].action, 16, 2, pairs[_i].args), 0);
	ck_assert_str_eq(callgate_diagnosis(ctx), pairs[_i].expected);
	seccomp_release(ctx);
}
END_TEST

/*
 * The witness is one of an architecture with wide arguments, whichever the context has. Of several notes, the graver.
 */
START_TEST(wide_architectures)
{
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ALLOW, SCMP_ARCH_X86, SCMP_ARCH_AARCH64);

	ck_assert_int_eq(seccomp_rule_add(ctx, E(1), SCMP_SYS(close), 1, SCMP_A0(SCMP_CMP_EQ, 5)), 0);
	ck_assert_str_eq(callgate_diagnosis(ctx), WIDE_32
	                 "0: on aarch64 close(0x100000005) does what close(0x5) does, and is not matched" BY_MASK);
	ck_assert_int_eq(seccomp_arch_remove(ctx, SCMP_ARCH_AARCH64), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(1), SCMP_SYS(dup), 1, SCMP_A0(SCMP_CMP_EQ, 5)), 0);
	ck_assert_str_eq(callgate_diagnosis(ctx), "");
	seccomp_release(ctx);
	ctx = CONTEXT(SCMP_ACT_ALLOW, SCMP_ARCH_S390X, 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(1), SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_EQ, 5)), 0);
	ck_assert_str_eq(callgate_diagnosis(ctx), "");
	ck_assert_int_eq(seccomp_rule_add(ctx, E(1), SCMP_SYS(clone), 1, SCMP_A1(SCMP_CMP_EQ, 5)), 0);
	ck_assert_ptr_nonnull(strstr(callgate_diagnosis(ctx), "on s390x clone(*, 0x100000005) does"));
	seccomp_release(ctx);
}
END_TEST

START_TEST(errors_are_no_notes)
{
	scmp_filter_ctx ctx = CONTEXT(E(1), SCMP_ARCH_X86_64, SCMP_ARCH_X86);

	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), NR, 1, SCMP_A0(SCMP_CMP_EQ, 5)), 0);
	/* cut on x86, where it then contradicts rule 1 */
	ck_assert_int_lt(seccomp_rule_add(ctx, E(6), NR, 1, SCMP_A0(SCMP_CMP_EQ, 0x100000005)), 0);
	ck_assert_str_eq(callgate_diagnosis(ctx),
	                 "rule 2 (ERRNO(ENXIO)) for ioctl (54) on x86 contradicts rule 1: the same calls, "
	                 "another action");
	seccomp_release(ctx);
}
END_TEST

START_TEST(errors_name_the_action)
{
	static const struct {
		uint32_t action;
		const char *text;
	} defaults[] = {
	    {SCMP_ACT_TRACE(7), "action TRACE(7) is the default action already: the rule would change nothing"},
	    {SCMP_ACT_NOTIFY, "action NOTIFY is the default action already: the rule would change nothing"},
	};

	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		scmp_filter_ctx ctx = seccomp_init(defaults[i].action);
		ck_assert_ptr_nonnull(ctx);
		ck_assert_int_eq(seccomp_rule_add(ctx, defaults[i].action, NR, 0), -EACCES);
		ck_assert_str_eq(callgate_diagnosis(ctx), defaults[i].text);
		seccomp_release(ctx);
	}
}
END_TEST

START_TEST(direct_rules)
{
	static const struct scmp_arg_cmp range[] = {{0, SCMP_CMP_GE, 5, 0}, {0, SCMP_CMP_LT, 0x100000000, 0}};
	scmp_filter_ctx ctx = CONTEXT(E(1), SCMP_ARCH_X86, 0);

	ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_X86, E(5), 54, 2, range), 0);
	ck_assert_str_eq(callgate_diagnosis(ctx), "note: rule 1: argument 0 is compared with the low 32 bits alone on "
	                                          "x86, where 0x100000000 is 0x0");
	ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_X86, E(6), 3, 0, NULL), 0);
	ck_assert_str_eq(callgate_diagnosis(ctx), "");
	ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_X86, E(5), 3, 2, range), 0);
	ck_assert_str_eq(callgate_diagnosis(ctx),
	                 "note: rule 3 for read (3) on x86 can never match: rule 2 already covers it");
	seccomp_release(ctx);
}
END_TEST

START_TEST(others)
{
	scmp_filter_ctx ctx = CONTEXT(E(1), SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64);

	ck_assert_int_eq(seccomp_syscall_priority(ctx, SCMP_SYS(open), 5), 0);
	ck_assert_str_eq(callgate_diagnosis(ctx),
	                 "note: the priority has no effect on aarch64: there is no system call open there");
	ck_assert_int_eq(seccomp_syscall_priority(ctx, SCMP_SYS(openat), 5), 0);
	ck_assert_str_eq(callgate_diagnosis(ctx), "");
	ck_assert_int_eq(seccomp_api_set(7), 0);
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_NOTIFY), 0);
	ck_assert_ptr_nonnull(
	    strstr(callgate_diagnosis(ctx), "note: NOTIFY for other architectures asks for no listener"));
	seccomp_release(ctx);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("notes");

	tcase_add_loop_test(tests, rules, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_loop_test(tests, unread_bits, 0, sizeof(widths) / sizeof(widths[0]));
	tcase_add_loop_test(tests, ranges, 0, 6);
	tcase_add_test(tests, wide_architectures);
	tcase_add_test(tests, errors_are_no_notes);
	tcase_add_test(tests, errors_name_the_action);
	tcase_add_test(tests, direct_rules);
	tcase_add_test(tests, others);
	return simulated_run(tests);
}
