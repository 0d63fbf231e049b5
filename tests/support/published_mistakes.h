/*
 * support/published_mistakes.h - rules, and what they mean for a call, where generators of filters have been wrong:
 * each row is a mistake that was made somewhere and published. For a test of the simulator and the prover, and one of
 * the kernel. SPDX-License-Identifier: MIT
 */
#ifndef SUPPORT_PUBLISHED_MISTAKES_H
#define SUPPORT_PUBLISHED_MISTAKES_H

#include <stdint.h>

#include <seccomp.h>

#define MISTAKE_E(data) SCMP_ACT_ERRNO(data)
#define MISTAKE_D       MISTAKE_E(99) /* the default action of all rows */
#define MISTAKE_B       MISTAKE_E(98) /* and what other architectures get */

/* A harmless call that looks at its first argument alone, and another one; by name, as every architecture has its
 * number. */
#define MISTAKE_CALL  "sched_get_priority_max"
#define MISTAKE_OTHER "sched_get_priority_min"

enum { MISTAKE_RULES = 4, MISTAKE_CALLS = 12, MISTAKE_SYSLOG_X86 = 103, MISTAKE_IPC_X86 = 117 };

/* A call by its number, on the row's architecture (0) or another one. */
#define MISTAKE_NUMBER ""

struct mistake {
	const char *name;
	uint32_t arch, second; /* 0: no second one */
	struct {
		const char *call;
		uint32_t action;
		unsigned count;
		struct scmp_arg_cmp conditions[3];
	} rules[MISTAKE_RULES];
	struct {
		const char *call;
		uint32_t expected;
		uint64_t args[3];
		int32_t number;
		uint32_t arch;
	} calls[MISTAKE_CALLS];
};

#define MISTAKE_A(arg, op, ...)                   \
	{                                         \
		(arg), SCMP_CMP_##op, __VA_ARGS__ \
	}

static const struct mistake mistakes[] = {
    {"64-bit order as two tests of 32 bits",
     SCMP_ARCH_X86_64,
     0,
     {{MISTAKE_CALL, MISTAKE_E(1), 1, {MISTAKE_A(0, GT, 0x100000005)}}},
     {{MISTAKE_CALL, MISTAKE_E(1), {0x200000000}},
      {MISTAKE_CALL, MISTAKE_D, {6}},
      {MISTAKE_CALL, MISTAKE_D, {0x100000005}},
      {MISTAKE_CALL, MISTAKE_E(1), {0x100000006}},
      {MISTAKE_CALL, MISTAKE_D, {0xffffffff}},
      {MISTAKE_CALL, MISTAKE_E(1), {UINT64_MAX}}}},
    {"two bounds with the same upper half",
     SCMP_ARCH_X86_64,
     0,
     {{MISTAKE_CALL, MISTAKE_E(1), 1, {MISTAKE_A(0, LT, 0x100000002)}},
      {MISTAKE_CALL, MISTAKE_E(1), 1, {MISTAKE_A(0, LT, 0x100000005)}}},
     {{MISTAKE_CALL, MISTAKE_E(1), {0}},
      {MISTAKE_CALL, MISTAKE_E(1), {0x100000001}},
      {MISTAKE_CALL, MISTAKE_E(1), {0x100000002}},
      {MISTAKE_CALL, MISTAKE_E(1), {0x100000004}},
      {MISTAKE_CALL, MISTAKE_D, {0x100000005}},
      {MISTAKE_CALL, MISTAKE_D, {0x100000006}},
      {MISTAKE_CALL, MISTAKE_D, {0x200000000}}}},
    {"a strict and a weak bound with the same upper half",
     SCMP_ARCH_X86_64,
     0,
     {{MISTAKE_CALL, MISTAKE_E(1), 1, {MISTAKE_A(0, LE, 0x100000002)}},
      {MISTAKE_CALL, MISTAKE_E(2), 1, {MISTAKE_A(0, LT, 0x100000005)}}},
     {{MISTAKE_CALL, MISTAKE_E(1), {0x100000002}},
      {MISTAKE_CALL, MISTAKE_E(2), {0x100000003}},
      {MISTAKE_CALL, MISTAKE_E(2), {0x100000004}},
      {MISTAKE_CALL, MISTAKE_D, {0x100000005}}}},
    {"blocks that differ only in where they lead",
     SCMP_ARCH_X86_64,
     0,
     {{MISTAKE_CALL, MISTAKE_E(1), 2, {MISTAKE_A(0, EQ, 5), MISTAKE_A(1, EQ, 6)}},
      {MISTAKE_CALL, MISTAKE_E(2), 2, {MISTAKE_A(0, EQ, 5), MISTAKE_A(1, EQ, 7)}},
      {MISTAKE_OTHER, MISTAKE_E(3), 2, {MISTAKE_A(0, EQ, 5), MISTAKE_A(1, EQ, 6)}}},
     {{MISTAKE_CALL, MISTAKE_E(1), {5, 6}},
      {MISTAKE_CALL, MISTAKE_E(2), {5, 7}},
      {MISTAKE_CALL, MISTAKE_D, {5, 8}},
      {MISTAKE_CALL, MISTAKE_D, {6, 6}},
      {MISTAKE_OTHER, MISTAKE_E(3), {5, 6}},
      {MISTAKE_OTHER, MISTAKE_D, {5, 7}},
      {MISTAKE_OTHER, MISTAKE_D, {6, 6}}}},
    {"the accumulator holds another word",
     SCMP_ARCH_X86_64,
     0,
     {{MISTAKE_CALL, MISTAKE_E(1), 1, {MISTAKE_A(0, EQ, 7)}},
      {MISTAKE_CALL, MISTAKE_E(2), 1, {MISTAKE_A(0, EQ, 0x700000007)}},
      {MISTAKE_CALL, MISTAKE_E(3), 1, {MISTAKE_A(0, MASKED_EQ, 0xf0, 0x20)}},
      {MISTAKE_OTHER, MISTAKE_E(4), 1, {MISTAKE_A(1, MASKED_EQ, 0xf00000000, 0x200000000)}}},
     {{MISTAKE_CALL, MISTAKE_E(1), {7}},
      {MISTAKE_CALL, MISTAKE_E(2), {0x700000007}},
      {MISTAKE_CALL, MISTAKE_D, {0x700000000}},
      {MISTAKE_CALL, MISTAKE_E(3), {0x700000020}},
      {MISTAKE_CALL, MISTAKE_E(3), {0x2f}},
      {MISTAKE_OTHER, MISTAKE_E(4), {0x20, 0x200000000}},
      {MISTAKE_OTHER, MISTAKE_D, {0x20, 0x20}}}},
    {"halves swapped on machines of the other byte order",
     SCMP_ARCH_S390X,
     0,
     {{MISTAKE_CALL, MISTAKE_E(1), 1, {MISTAKE_A(0, EQ, 0x100000002)}}},
     {{MISTAKE_CALL, MISTAKE_E(1), {0x100000002}}, {MISTAKE_CALL, MISTAKE_D, {0x200000001}}}},
    {"the same on mips64",
     SCMP_ARCH_MIPS64,
     0,
     {{MISTAKE_CALL, MISTAKE_E(1), 1, {MISTAKE_A(1, LT, 0x100000002)}}},
     {{MISTAKE_CALL, MISTAKE_E(1), {0, 0x100000001}},
      {MISTAKE_CALL, MISTAKE_D, {0, 0x200000000}},
      {MISTAKE_CALL, MISTAKE_D, {0, 0x100000002}}}},
    {"conditions of one rule joined by or",
     SCMP_ARCH_X86_64,
     0,
     {{MISTAKE_CALL, MISTAKE_E(1), 2, {MISTAKE_A(0, EQ, 1), MISTAKE_A(1, EQ, 2)}}},
     {{MISTAKE_CALL, MISTAKE_E(1), {1, 2}}, {MISTAKE_CALL, MISTAKE_D, {1, 9}}, {MISTAKE_CALL, MISTAKE_D, {9, 2}}}},
    {"negative numbers of 32 bits, compared with 64",
     SCMP_ARCH_X86_64,
     0,
     {{MISTAKE_CALL, MISTAKE_E(1), 1, {MISTAKE_A(0, EQ, 0xffffff9c)}},
      {MISTAKE_OTHER, MISTAKE_E(2), 1, {MISTAKE_A(0, MASKED_EQ, 0xffffffff, 0xffffff9c)}}},
     {{MISTAKE_CALL, MISTAKE_E(1), {0xffffff9c}},
      {MISTAKE_CALL, MISTAKE_D, {UINT64_C(0xffffffffffffff9c)}},
      {MISTAKE_OTHER, MISTAKE_E(2), {0xffffff9c}},
      {MISTAKE_OTHER, MISTAKE_E(2), {UINT64_C(0xffffffffffffff9c)}}}},
    {"only the low half of a value is compared",
     SCMP_ARCH_X86_64,
     0,
     {{MISTAKE_CALL, MISTAKE_E(1), 1, {MISTAKE_A(1, EQ, 0x1000)}}},
     {{MISTAKE_CALL, MISTAKE_E(1), {0, 0x1000}}, {MISTAKE_CALL, MISTAKE_D, {0, 0x100001000}}}},
    {"a value beside its mask",
     SCMP_ARCH_X86_64,
     0,
     {{MISTAKE_CALL, MISTAKE_E(1), 1, {MISTAKE_A(0, MASKED_EQ, 0xf0, 0xff)}}},
     {{MISTAKE_CALL, MISTAKE_E(1), {0xf0}}, {MISTAKE_CALL, MISTAKE_E(1), {0xff}}, {MISTAKE_CALL, MISTAKE_D, {0xef}}}},
    {"a request of which the kernel reads 32 bits",
     SCMP_ARCH_X86_64,
     0,
     {{"ioctl", MISTAKE_E(1), 1, {MISTAKE_A(1, MASKED_EQ, 0xffffffff, 0x5412)}}},
     {{"ioctl", MISTAKE_E(1), {0, 0x5412}},
      {"ioctl", MISTAKE_E(1), {0, 0x100005412}},
      {"ioctl", MISTAKE_D, {0, 0x5413}},
      {"ioctl", MISTAKE_D, {0, 0x541200000000}}}},
    {"families beside those that are denied",
     SCMP_ARCH_X86_64,
     0,
     {{"socket", MISTAKE_E(1), 1, {MISTAKE_A(0, MASKED_EQ, 0xffffffff, 38)}},
      {"socket", MISTAKE_E(2), 1, {MISTAKE_A(0, MASKED_EQ, 0xffffffff, 40)}}},
     {{"socket", MISTAKE_E(1), {38}},
      {"socket", MISTAKE_E(1), {0x100000026}},
      {"socket", MISTAKE_E(2), {40}},
      {"socket", MISTAKE_D, {37}},
      {"socket", MISTAKE_D, {39}},
      {"socket", MISTAKE_D, {41}}}},
    {"flags in the argument of another architecture",
     SCMP_ARCH_S390X,
     0,
     {{"clone", MISTAKE_E(1), 1, {MISTAKE_A(1, MASKED_EQ, 0x10000000, 0x10000000)}}},
     {{"clone", MISTAKE_E(1), {0, 0x10000011}}, {"clone", MISTAKE_D, {0x10000000}}}},
    {"the number of a skipped call, and those of x32 and x86",
     SCMP_ARCH_X86_64,
     0,
     {{"ptrace", MISTAKE_E(1), 0, {{0}}}, {"syslog", MISTAKE_E(2), 0, {{0}}}},
     {{"ptrace", MISTAKE_E(1), {0}},
      {"syslog", MISTAKE_E(2), {0}},
      {MISTAKE_NUMBER, MISTAKE_D, {0}, -1, 0},
      {MISTAKE_NUMBER, MISTAKE_B, {0}, 0x40000065, 0},
      {MISTAKE_NUMBER, MISTAKE_B, {0}, 0x40000000 + 521, 0},
      {MISTAKE_NUMBER, MISTAKE_B, {0}, MISTAKE_SYSLOG_X86, SCMP_ARCH_X86}}},
    {"a number that two architectures share",
     SCMP_ARCH_X86_64,
     SCMP_ARCH_X86,
     {{"syslog", MISTAKE_E(1), 0, {{0}}}, {MISTAKE_CALL, MISTAKE_E(2), 1, {MISTAKE_A(0, EQ, 1)}}},
     {{"syslog", MISTAKE_E(1), {0}},
      {MISTAKE_NUMBER, MISTAKE_E(1), {0}, MISTAKE_SYSLOG_X86, SCMP_ARCH_X86},
      {MISTAKE_NUMBER, MISTAKE_D, {0}, MISTAKE_SYSLOG_X86 + 8, SCMP_ARCH_X86}}},
    {"the version in the first argument of ipc(2)",
     SCMP_ARCH_X86_64,
     SCMP_ARCH_X86,
     {{"shmat", MISTAKE_E(1), 0, {{0}}}},
     {{"shmat", MISTAKE_E(1), {0}},
      {MISTAKE_NUMBER, MISTAKE_E(1), {0x15}, MISTAKE_IPC_X86, SCMP_ARCH_X86},
      {MISTAKE_NUMBER, MISTAKE_E(1), {0x00010015}, MISTAKE_IPC_X86, SCMP_ARCH_X86},
      {MISTAKE_NUMBER, MISTAKE_D, {0x00010017}, MISTAKE_IPC_X86, SCMP_ARCH_X86}}},
};
enum { MISTAKES = sizeof(mistakes) / sizeof(mistakes[0]) };

/* How many rules or calls a row has. */
static inline int mistake_rules(const struct mistake *mistake)
{
	int count = 0;

	while (count < MISTAKE_RULES && mistake->rules[count].call)
		count++;
	return count;
}

/* The number of a row's call. */
static inline int mistake_number(const struct mistake *mistake, int call)
{
	return *mistake->calls[call].call ? seccomp_syscall_resolve_name_arch(mistake->arch, mistake->calls[call].call)
	                                  : mistake->calls[call].number;
}

/* The second architecture, and what others get; then adds the rules in the order of a permutation, of which there are
 * count!. 0 or a negative number. */
static inline int mistake_add_rules(scmp_filter_ctx ctx, const struct mistake *mistake, int permutation)
{
	int left[MISTAKE_RULES] = {0, 1, 2, 3};
	int result = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, MISTAKE_B);

	if (result == 0 && mistake->second)
		result = seccomp_arch_add(ctx, mistake->second);
	for (int count = mistake_rules(mistake); count > 0 && result == 0; permutation /= count--) {
		int at = permutation % count, rule = left[at];
		for (int i = at; i + 1 < count; i++)
			left[i] = left[i + 1];
		result = seccomp_rule_add_array(ctx, mistake->rules[rule].action,
		                                seccomp_syscall_resolve_name(mistake->rules[rule].call),
		                                mistake->rules[rule].count, mistake->rules[rule].conditions);
	}
	return result;
}

static inline int mistake_permutations(const struct mistake *mistake)
{
	int product = 1;

	for (int i = mistake_rules(mistake); i > 1; i--)
		product *= i;
	return product;
}

#endif
