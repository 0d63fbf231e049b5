/* What several rules for one call mean together: return values of seccomp_rule_add*() and the verdicts. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <callgate/simulate.h>

#include "support/context.h"
#include "support/run.h"

enum { NR = SCMP_SYS(ioctl), STEPS = 4, QUESTIONS = 8, X32_BIT = 0x40000000 };

#define E(number) SCMP_ACT_ERRNO(number)
#define DEFAULT   E(1)
#define A         SCMP_CMP64

struct step {
	uint32_t action; /* 0 ends the list */
	unsigned count;
	struct scmp_arg_cmp args[3];
	int expected;
};

struct question {
	uint32_t expected; /* 0 ends the list */
	uint64_t args[3];
};

struct scene {
	const char *name;
	struct step steps[STEPS];
	struct question questions[QUESTIONS];
	bool any_order; /* the same verdicts with the steps in reverse */
};

#define EQ(arg, value)                     \
	{                                  \
		arg, SCMP_CMP_EQ, value, 0 \
	}
#define NE(arg, value)                     \
	{                                  \
		arg, SCMP_CMP_NE, value, 0 \
	}
#define LT(arg, value)                     \
	{                                  \
		arg, SCMP_CMP_LT, value, 0 \
	}
#define LE(arg, value)                     \
	{                                  \
		arg, SCMP_CMP_LE, value, 0 \
	}
#define GE(arg, value)                     \
	{                                  \
		arg, SCMP_CMP_GE, value, 0 \
	}
#define GT(arg, value)                     \
	{                                  \
		arg, SCMP_CMP_GT, value, 0 \
	}
#define MASKED(arg, mask, value)                     \
	{                                            \
		arg, SCMP_CMP_MASKED_EQ, mask, value \
	}

static const struct scene scenes[] = {
    {"1: behind a rule without arguments, everything is ignored",
     {{E(5), 0, {{0}}, 0}, {E(6), 1, {EQ(0, 1)}, 0}, {E(5), 1, {EQ(0, 2)}, 0}, {E(7), 0, {{0}}, 0}},
     {{E(5), {0}}, {E(5), {1}}, {E(5), {2}}},
     false},
    {"2: a rule without arguments replaces those with",
     {{E(5), 1, {EQ(0, 1)}, 0}, {E(6), 2, {EQ(0, 2), GT(1, 3)}, 0}, {E(7), 0, {{0}}, 0}},
     {{E(7), {0}}, {E(7), {1}}, {E(7), {2, 4}}},
     false},
    {"2: an empty mask compares nothing",
     {{E(5), 1, {EQ(0, 1)}, 0}, {E(7), 2, {MASKED(0, 0, 9), MASKED(1, 0, 0)}, 0}, {E(6), 1, {EQ(0, 1)}, 0}},
     {{E(7), {0}}, {E(7), {1}}},
     false},
    {"3: the same arguments, the same action",
     {{E(5), 2, {EQ(0, 1), LT(1, 9)}, 0}, {E(5), 2, {LT(1, 9), EQ(0, 1)}, 0}},
     {{E(5), {1, 8}}, {DEFAULT, {1, 9}}, {DEFAULT, {2, 8}}},
     true},
    {"3: the same arguments, another action",
     {{E(5), 2, {EQ(0, 1), LT(1, 9)}, 0}, {E(6), 2, {LT(1, 9), EQ(0, 1)}, -EEXIST}},
     {{E(5), {1, 8}}, {DEFAULT, {1, 9}}},
     false},
    {"3: value bits outside of the mask do not tell rules apart",
     {{E(5), 1, {MASKED(0, 0xf0, 0x13)}, 0}, {E(6), 1, {MASKED(0, 0xf0, 0x1c)}, -EEXIST}},
     {{E(5), {0x10}}, {E(5), {0x1f}}, {DEFAULT, {0x2f}}},
     false},
    {"4: further comparisons of higher arguments are dropped",
     {{E(5), 1, {EQ(0, 1)}, 0},
      {E(6), 2, {EQ(0, 1), EQ(1, 2)}, 0},
      {E(5), 2, {EQ(0, 1), EQ(2, 2)}, 0},
      {E(7), 3, {EQ(0, 1), EQ(1, 2), EQ(2, 3)}, 0}},
     {{E(5), {1}}, {E(5), {1, 2}}, {E(5), {1, 2, 3}}, {DEFAULT, {2, 2, 3}}},
     false},
    {"5: a prefix absorbs rules of its action",
     {{E(5), 2, {EQ(0, 1), EQ(1, 2)}, 0}, {E(5), 1, {EQ(0, 1)}, 0}},
     {{E(5), {1, 2}}, {E(5), {1, 3}}, {DEFAULT, {2, 2}}},
     false},
    {"5: a prefix does not absorb rules of another action",
     {{E(5), 2, {EQ(0, 1), EQ(1, 2)}, 0}, {E(6), 1, {EQ(0, 1)}, -EEXIST}},
     {{E(5), {1, 2}}, {DEFAULT, {1, 3}}},
     false},
    {"5: nor of several",
     {{E(5), 2, {EQ(0, 1), EQ(1, 2)}, 0},
      {E(6), 2, {EQ(0, 1), EQ(1, 3)}, 0},
      {E(5), 1, {EQ(0, 1)}, -EEXIST},
      {E(6), 1, {EQ(0, 1)}, -EEXIST}},
     {{E(5), {1, 2}}, {E(6), {1, 3}}, {DEFAULT, {1, 4}}},
     false},
    {"6: related, but no prefix, one action",
     {{E(5), 1, {EQ(1, 2)}, 0}, {E(5), 2, {EQ(0, 1), GE(1, 2)}, 0}},
     {{E(5), {1, 2}}, {E(5), {7, 2}}, {E(5), {1, 3}}, {DEFAULT, {7, 3}}},
     true},
    {"6: related, but no prefix, two actions",
     {{E(5), 1, {EQ(1, 2)}, 0}, {E(6), 2, {EQ(0, 1), GE(1, 2)}, 0}},
     {{E(5), {1, 2}}, {E(5), {7, 2}}, {E(6), {1, 3}}, {DEFAULT, {7, 3}}},
     true},
    {"7: the highest first argument",
     {{E(5), 2, {EQ(0, 1), EQ(2, 3)}, 0}, {E(6), 1, {EQ(1, 2)}, 0}, {E(7), 1, {GT(2, 2)}, 0}},
     {{E(7), {1, 2, 3}}, {E(6), {1, 2, 0}}, {E(7), {1, 0, 3}}, {DEFAULT, {1, 0, 0}}},
     true},
    {"7: equality, then less, then greater",
     {{E(7), 1, {GT(0, 3)}, 0}, {E(5), 1, {EQ(0, 5)}, 0}, {E(6), 1, {LE(0, 10)}, 0}},
     {{E(5), {5}}, {E(6), {4}}, {E(6), {10}}, {E(7), {11}}, {E(6), {3}}},
     true},
    {"7: greater: the larger first",
     {{E(5), 1, {GT(2, 64)}, 0}, {E(6), 1, {GT(2, 128)}, 0}, {E(7), 1, {GE(2, 256)}, 0}},
     {{DEFAULT, {0, 0, 64}}, {E(5), {0, 0, 128}}, {E(6), {0, 0, 255}}, {E(7), {0, 0, 256}}},
     true},
    {"7: less: the smaller first",
     {{E(5), 1, {LT(0, 10)}, 0}, {E(6), 1, {LE(0, 20)}, 0}, {E(7), 1, {LT(0, 0x100000000)}, 0}},
     {{E(5), {9}}, {E(6), {10}}, {E(6), {20}}, {E(7), {21}}, {DEFAULT, {0x100000000}}},
     true},
    {"7: others: the larger first, by the high word and then the low one",
     {{E(5), 1, {NE(0, 5)}, 0}, {E(6), 1, {NE(0, 0x100000001)}, 0}},
     {{E(6), {5}}, {E(6), {1}}, {E(6), {0x100000005}}, {E(5), {0x100000001}}},
     true},
    {"7: of comparisons for one value, too",
     {{E(5), 1, {MASKED(0, 0xf, 6)}, 0}, {E(6), 1, {EQ(0, 0x26)}, 0}, {E(7), 1, {MASKED(0, 0xff, 0x16)}, 0}},
     {{E(5), {6}}, {E(6), {0x26}}, {E(7), {0x16}}, {E(7), {0x116}}, {DEFAULT, {7}}},
     true},
    {"7: then the next comparison",
     {{E(5), 2, {EQ(0, 1), GT(1, 3)}, 0}, {E(6), 2, {EQ(0, 1), EQ(1, 5)}, 0}, {E(7), 2, {EQ(0, 1), LT(1, 9)}, 0}},
     {{E(6), {1, 5}}, {E(7), {1, 4}}, {E(5), {1, 9}}, {DEFAULT, {2, 5}}},
     true},
    {"7: complements keep their actions",
     {{E(5), 1, {EQ(0, 5)}, 0}, {E(6), 1, {NE(0, 5)}, 0}},
     {{E(5), {5}}, {E(6), {6}}, {E(6), {0x100000005}}},
     true},
    {"7: complements of order keep their actions",
     {{E(5), 1, {LT(1, 5)}, 0}, {E(6), 1, {GE(1, 5)}, 0}},
     {{E(5), {0, 4}}, {E(6), {0, 5}}, {E(6), {0, 0x100000000}}},
     true},
};

static uint32_t ask(scmp_filter_ctx ctx, uint32_t arch, int nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
	struct callgate_call call = {.arch = arch, .nr = nr, .args = {a0, a1, a2}};
	struct callgate_verdict verdict;

	ck_assert_int_eq(callgate_simulate(ctx, &call, &verdict), 0);
	return verdict.action;
}

static void play(const struct scene *scene, bool reverse)
{
	scmp_filter_ctx ctx = CONTEXT(DEFAULT, SCMP_ARCH_X86_64);
	int nr = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, "ioctl");

	for (size_t i = 0; i < STEPS; i++) {
		const struct step *step = &scene->steps[reverse ? STEPS - 1 - i : i];
		if (!step->action)
			continue;
		int result = seccomp_rule_add_array(ctx, step->action, NR, step->count, step->args);
		ck_assert_msg(result == step->expected, "%s: step %zu%s gives %d", scene->name, i,
		              reverse ? " in reverse" : "", result);
	}
	for (const struct question *question = scene->questions; question->expected; question++) {
		const uint64_t *args = question->args;
		uint32_t action = ask(ctx, SCMP_ARCH_X86_64, nr, args[0], args[1], args[2]);
		ck_assert_msg(action == question->expected, "%s: question %td%s gives 0x%x", scene->name,
		              question - scene->questions, reverse ? " in reverse" : "", action);
	}
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, nr + 1, 1, 2, 3), DEFAULT);
	seccomp_release(ctx);
}

START_TEST(rules_of_one_call)
{
	play(&scenes[_i], false);
	if (scenes[_i].any_order)
		play(&scenes[_i], true);
}
END_TEST

/* The same with a narrower word: data are cut, the rest of the argument is not read. */
START_TEST(narrow_words)
{
	static const uint64_t low = 5, high = 0x100000005;
	scmp_filter_ctx ctx = CONTEXT(DEFAULT, SCMP_ARCH_X86);

	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), SCMP_SYS(ioctl), 1, A(0, SCMP_CMP_EQ, high)), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(6), SCMP_SYS(ioctl), 1, A(0, SCMP_CMP_EQ, low)), -EEXIST);
	ck_assert_int_eq(seccomp_rule_add_exact(ctx, E(6), SCMP_SYS(read), 1, A(1, SCMP_CMP_GT, high)), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(7), SCMP_SYS(write), 1, A(2, SCMP_CMP_EQ, low)), 0);
	ck_assert_int_eq(
	    seccomp_rule_add(ctx, E(8), SCMP_SYS(write), 1, A(0, SCMP_CMP_MASKED_EQ, 0xffffffff00000000, 0x100000000)),
	    0);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 54, 5, 0, 0), E(5));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 54, 6, 0, 0), DEFAULT);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 3, 0, 5, 0), DEFAULT);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 3, 0, 6, 0), E(6));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 4, 0, 0, 5), E(8));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 4, 0, 0, 0), E(8));
	seccomp_release(ctx);
}
END_TEST

START_TEST(wide_words)
{
	scmp_filter_ctx ctx = CONTEXT(DEFAULT, SCMP_ARCH_S390X);

	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), NR, 1, SCMP_A0_64(SCMP_CMP_EQ, 0x100000005)), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(6), NR, 1, SCMP_A0_64(SCMP_CMP_EQ, 5)), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(7), NR, 1, SCMP_A0_64(SCMP_CMP_EQ, (scmp_datum_t)-1)), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(8), NR, 1, SCMP_A0_32(SCMP_CMP_EQ, (scmp_datum_t)-1)), 0);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_S390X, 54, 0x100000005, 0, 0), E(5));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_S390X, 54, 5, 0, 0), E(6));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_S390X, 54, 0x500000001, 0, 0), DEFAULT);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_S390X, 54, UINT64_MAX, 0, 0), E(7));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_S390X, 54, UINT32_MAX, 0, 0), E(8));
	seccomp_release(ctx);
}
END_TEST

/* socketcall(2) is 102 on x86 and socket its call 1; the direct socket is 359. */
START_TEST(multiplexed_sockets)
{
	static const uint32_t archs[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86};
	scmp_filter_ctx ctx = CONTEXT(DEFAULT, archs[0], archs[1]);

	ck_assert_int_eq(
	    seccomp_rule_add(ctx, E(5), SCMP_SYS(socket), 2, SCMP_A0(SCMP_CMP_EQ, 16), SCMP_A1(SCMP_CMP_EQ, 3)), 0);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, 41, 16, 3, 0), E(5));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, 41, 1, 3, 0), DEFAULT);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 359, 16, 3, 0), E(5));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 359, 1, 3, 0), DEFAULT);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 102, 1, 3, 0), E(5));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 102, 1, 4, 0), DEFAULT);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 102, 16, 3, 0), DEFAULT);
	/* x86 has no direct send(2), which is its call 9. */
	ck_assert_int_eq(seccomp_rule_add(ctx, E(6), SCMP_SYS(send), 0), 0);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 102, 9, 0, 0), E(6));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 102, 10, 0, 0), DEFAULT);
#ifdef __x86_64__
	/* The native architecture has a number for socket, so that its pseudo number has no name there. */
	ck_assert_int_eq(seccomp_rule_add(ctx, E(6), -101, 0), -EFAULT);
#endif
	seccomp_release(ctx);
}
END_TEST

START_TEST(multiplexed_exactly)
{
	scmp_filter_ctx ctx = CONTEXT(DEFAULT, SCMP_ARCH_X86);

	ck_assert_int_eq(seccomp_rule_add_exact(ctx, E(5), SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, 2)), -EINVAL);
	ck_assert_int_eq(seccomp_rule_add_exact(ctx, E(5), SCMP_SYS(shmat), 1, SCMP_A2(SCMP_CMP_EQ, 2)), -EINVAL);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 102, 1, 0, 0), DEFAULT);
	ck_assert_int_eq(seccomp_rule_add_exact(ctx, E(5), SCMP_SYS(socket), 0), 0);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 102, 1, 0, 0), E(5));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 359, 2, 0, 0), E(5));
	seccomp_release(ctx);
}
END_TEST

/* ipc(2) is 117 on x86 and shmat its call 21 (397 directly), whatever the word's upper half is. */
START_TEST(multiplexed_ipc)
{
	scmp_filter_ctx ctx = CONTEXT(DEFAULT, SCMP_ARCH_X86);

	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), SCMP_SYS(shmat), 1, SCMP_A0(SCMP_CMP_EQ, 77)), 0);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 117, 21, 0, 0), E(5));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 117, 0x10015, 0, 0), E(5));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 117, 0x115, 0, 0), DEFAULT);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 117, 22, 0, 0), DEFAULT);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 397, 77, 0, 0), E(5));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 397, 21, 0, 0), DEFAULT);
	seccomp_release(ctx);
}
END_TEST

START_TEST(skipped_calls)
{
	scmp_filter_ctx ctx = CONTEXT(DEFAULT, SCMP_ARCH_X86_64);

	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), -1, 0), -EINVAL);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, -1, 0, 0, 0), DEFAULT);
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_API_TSKIP, 1), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), -1, 0), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), -2, 0), -EINVAL);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, -1, 0, 0, 0), E(5));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, -2, 0, 0, 0), SCMP_ACT_KILL);
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_API_TSKIP, 0), 0);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, -1, 0, 0, 0), DEFAULT);
	seccomp_release(ctx);
}
END_TEST

/* Both have one architecture number; a bit of the call's number tells them apart. */
START_TEST(crossings)
{
	static const uint32_t both[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X32};
	scmp_filter_ctx wide = CONTEXT(DEFAULT, SCMP_ARCH_X86_64), narrow = CONTEXT(DEFAULT, SCMP_ARCH_X32),
	                ctx = CONTEXT(DEFAULT, both[0], both[1]);

	ck_assert_int_eq(seccomp_rule_add(wide, E(5), SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(seccomp_rule_add(narrow, E(5), SCMP_SYS(read), 0), 0);
	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), SCMP_SYS(read), 1, SCMP_A0_64(SCMP_CMP_EQ, 0x100000001)), 0);
	ck_assert_uint_eq(ask(wide, SCMP_ARCH_X86_64, 0, 0, 0, 0), E(5));
	ck_assert_uint_eq(ask(wide, SCMP_ARCH_X86_64, X32_BIT - 1, 0, 0, 0), DEFAULT);
	ck_assert_uint_eq(ask(wide, SCMP_ARCH_X86_64, X32_BIT, 0, 0, 0), SCMP_ACT_KILL);
	ck_assert_uint_eq(ask(wide, SCMP_ARCH_X86_64, -100, 0, 0, 0), SCMP_ACT_KILL);
	ck_assert_uint_eq(ask(wide, SCMP_ARCH_X86_64, -1, 0, 0, 0), DEFAULT);
	ck_assert_uint_eq(ask(narrow, SCMP_ARCH_X32, X32_BIT, 0, 0, 0), E(5));
	ck_assert_uint_eq(ask(narrow, SCMP_ARCH_X32, X32_BIT + 1, 0, 0, 0), DEFAULT);
	ck_assert_uint_eq(ask(narrow, SCMP_ARCH_X32, 0, 0, 0, 0), SCMP_ACT_KILL);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, 0, 0x100000001, 0, 0), E(5));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, 0, 1, 0, 0), DEFAULT);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X32, X32_BIT, 1, 0, 0), E(5));
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X32, X32_BIT + 1, 1, 0, 0), DEFAULT);
	seccomp_release(wide);
	seccomp_release(narrow);
	seccomp_release(ctx);
}
END_TEST

/* Each call has every later mistake too, so that the answer shows which is looked at first. */
START_TEST(order_of_errors)
{
	static const uint32_t both[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86};
	static const struct scmp_arg_cmp sixth = {6, 99, 0, 0}, unknown = {0, SCMP_CMP_MASKED_EQ + 1, 0, 0};
	static const struct scmp_arg_cmp twice[] = {EQ(3, 1), EQ(3, 2)}, none = {0, 0, 0, 0};
	scmp_filter_ctx ctx = CONTEXT(DEFAULT, both[0], both[1]), one = CONTEXT(DEFAULT, SCMP_ARCH_X86_64);

	ck_assert_int_eq(seccomp_rule_add(NULL, 0xdeadbeef, -2, 7), -EINVAL);
	ck_assert_int_eq(seccomp_rule_add_array(ctx, E(5), NR, 7, NULL), -EINVAL);
	ck_assert_int_eq(seccomp_rule_add_array(ctx, DEFAULT, NR, 1, NULL), -EINVAL);
	ck_assert_int_eq(seccomp_rule_add_array(NULL, DEFAULT, NR, 0, NULL), -EINVAL);
	ck_assert_int_eq(seccomp_rule_add_exact_array(ctx, DEFAULT, -1, 1, &sixth), -EINVAL);
	ck_assert_int_eq(seccomp_rule_add_exact_array(ctx, DEFAULT, -99, 1, &sixth), -EINVAL);
	ck_assert_int_eq(seccomp_rule_add_exact_array(ctx, 0xdeadbeef, NR, 1, &sixth), -EINVAL);
	ck_assert_int_eq(seccomp_rule_add_exact_array(ctx, SCMP_ACT_ALLOW + 1, NR, 1, &sixth), -EINVAL);
	ck_assert_int_eq(seccomp_rule_add_exact_array(ctx, DEFAULT, NR, 1, &sixth), -EACCES);
	ck_assert_int_eq(seccomp_rule_add_array(ctx, DEFAULT, -101, 1, &sixth), -EACCES);
	ck_assert_int_eq(seccomp_rule_add_exact_array(ctx, E(5), NR, 1, &sixth), -EOPNOTSUPP);
	ck_assert_int_eq(seccomp_rule_add_array(ctx, E(5), -101, 1, &sixth), -EINVAL);
	ck_assert_int_eq(seccomp_rule_add_array(ctx, E(5), -101, 2, twice), -EINVAL);
	ck_assert_int_eq(seccomp_rule_add_array(ctx, E(5), -101, 1, &unknown), -EINVAL);
	ck_assert_int_eq(seccomp_rule_add_array(ctx, E(5), -101, 1, &none), -EINVAL);
#ifdef __x86_64__
	ck_assert_int_eq(seccomp_rule_add_array(ctx, E(5), -101, 1, twice), -EFAULT);
	ck_assert_int_eq(seccomp_rule_add_exact_array(one, E(5), -10166, 1, twice), -EDOM);
	ck_assert_int_eq(seccomp_rule_add_array(one, E(5), -10166, 1, twice), 0);
#endif
	ck_assert_int_eq(seccomp_rule_add_exact_array(one, E(5), -10166, 1, &sixth), -EINVAL);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, NR, 1, 1, 1), DEFAULT);
	seccomp_release(ctx);
	seccomp_release(one);
}
END_TEST

/* Where one architecture refuses, no other has taken the rule. */
START_TEST(all_or_nothing)
{
	static const uint32_t both[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86};
	scmp_filter_ctx ctx = CONTEXT(DEFAULT, both[0], both[1]);

	ck_assert_int_eq(seccomp_rule_add(ctx, E(5), NR, 1, SCMP_A0_64(SCMP_CMP_EQ, 5)), 0);
	/* the same as the first on x86 alone */
	ck_assert_int_eq(seccomp_rule_add(ctx, E(6), NR, 1, SCMP_A0_64(SCMP_CMP_EQ, 0x100000005)), -EEXIST);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, NR, 0x100000005, 0, 0), DEFAULT);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86, 54, 5, 0, 0), E(5));
	/* a native number without a name */
	ck_assert_int_eq(seccomp_rule_add(ctx, E(6), 1000, 0), -EFAULT);
	ck_assert_uint_eq(ask(ctx, SCMP_ARCH_X86_64, 1000, 0, 0, 0), DEFAULT);
	seccomp_release(ctx);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("conflicts");

	tcase_add_loop_test(tcase, rules_of_one_call, 0, sizeof(scenes) / sizeof(scenes[0]));
	tcase_add_test(tcase, narrow_words);
	tcase_add_test(tcase, wide_words);
	tcase_add_test(tcase, multiplexed_sockets);
	tcase_add_test(tcase, multiplexed_exactly);
	tcase_add_test(tcase, multiplexed_ipc);
	tcase_add_test(tcase, skipped_calls);
	tcase_add_test(tcase, crossings);
	tcase_add_test(tcase, order_of_errors);
	tcase_add_test(tcase, all_or_nothing);
	return test_run(tcase);
}
