/* Mistakes of other generators of filters that were published: the kernel sees none of them. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <callgate/diagnosis.h>
#include <callgate/rule.h>
#include <callgate/syscall.h>

#include "child.h"
#include "support/published_mistakes.h"
#include "support/run.h"

/* Can a program of 64 bits make calls of 32-bit x86 here? */
static bool has_x86;

/* A call with the other architecture's instruction. -errno. */
static long call_x86(int number, uint64_t first)
{
	long result = -ENOSYS;

#ifdef __x86_64__
	__asm__ volatile("int $0x80"
	                 : "=a"(result)
	                 : "a"((long)number), "b"(first), "c"(0L), "d"(0L), "S"(0L), "D"(0L)
	                 : "memory", "r8", "r9", "r10", "r11");
#else
	(void)number, (void)first;
#endif
	return result;
}

/* Where the kernel lacks that, the instruction is none. */
static bool can_call_x86(void)
{
	enum { GETPID_X86 = 20 };
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(call_x86(GETPID_X86, 0) == getpid() ? 0 : 1);
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/* All calls of a row, by their numbers; none of them does anything, whatever its arguments are. */
static void make_calls(const struct mistake *mistake, const int *numbers)
{
	for (int i = 0; i < MISTAKE_CALLS && mistake->calls[i].call; i++) {
		const uint64_t *args = mistake->calls[i].args;
		bool is_x86 = mistake->calls[i].arch != 0;
		if (is_x86 && !has_x86)
			continue;
		errno = 0;
		long result = is_x86 ? call_x86(numbers[i], args[0]) : syscall(numbers[i], args[0], args[1], args[2]);
		int error = is_x86 ? (int)-result : errno;
		int expected = (int)(mistake->calls[i].expected & SECCOMP_RET_DATA);
		CHILD_CHECK(result < 0 && error == expected, "%s: call %d: %d, not %d", mistake->name, i, error,
		            expected);
	}
}

struct trial {
	const struct mistake *mistake;
	int permutation;
	uint32_t optimize;
};

static void try_it(void *argument)
{
	const struct trial *trial = argument;
	scmp_filter_ctx ctx = seccomp_init(MISTAKE_D);
	int numbers[MISTAKE_CALLS];

	CHILD_CHECK(ctx != NULL);
	for (int i = 0; i < MISTAKE_CALLS && trial->mistake->calls[i].call; i++)
		numbers[i] = mistake_number(trial->mistake, i);
	CHILD_EQUAL(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SYS_exit_group, 0), 0); /* what the child ends with */
	CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, trial->optimize), 0);
	CHILD_EQUAL(mistake_add_rules(ctx, trial->mistake, trial->permutation), 0);
	CHILD_CHECK(seccomp_load(ctx) == 0, "%s", callgate_diagnosis(ctx));
	make_calls(trial->mistake, numbers);
	/* Before a function that does not return, a sanitizer makes calls of its own. */
	syscall(SYS_exit_group, 0);
}

START_TEST(generators)
{
	const struct mistake *mistake = &mistakes[_i];

	if (mistake->arch != seccomp_arch_native())
		return;
	for (int permutation = 0; permutation < mistake_permutations(mistake); permutation++)
		for (uint32_t optimize = 1; optimize <= 2; optimize++) {
			struct trial trial = {mistake, permutation, optimize};
			child_run(try_it, &trial);
		}
}
END_TEST

/* What is newer than all known calls gets the answer for it, and what is known and has no rule the default. */
static void try_newer_calls(void *argument)
{
	const uint32_t *optimize = argument;
	scmp_filter_ctx ctx = seccomp_init(MISTAKE_D);
	int newest = callgate_syscall_newest(SCMP_ARCH_NATIVE);

	CHILD_CHECK(ctx != NULL);
	CHILD_EQUAL(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, *optimize), 0);
	CHILD_EQUAL(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SYS_exit_group, 0), 0);
	CHILD_EQUAL(callgate_rule_unknown(ctx, SCMP_ARCH_NATIVE, MISTAKE_E(97)), 0);
	CHILD_CHECK(seccomp_load(ctx) == 0, "%s", callgate_diagnosis(ctx));
	for (int nr = newest - 1; nr < newest + 3; nr++) {
		errno = 0;
		long result = syscall(nr, 0, 0, 0);
		CHILD_CHECK(result == -1 && errno == (nr > newest ? 97 : 99), "call %d: %d", nr, errno);
	}
	syscall(SYS_exit_group, 0);
}

START_TEST(newer_calls)
{
	uint32_t optimize = (uint32_t)_i;

	child_run(try_newer_calls, &optimize);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("published mistakes");

	if (child_cannot_load())
		return 77;
	has_x86 = can_call_x86();
	if (!has_x86)
		printf("calls of 32-bit x86: skipped, as they can't be made here\n");
	tcase_add_loop_test(tcase, generators, 0, MISTAKES);
	tcase_add_loop_test(tcase, newer_calls, 1, 3);
	return test_run(tcase);
}
