/* Mistakes of other generators of filters that were published: the kernel sees none of them. */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <callgate/diagnosis.h>

#include "child.h"
#include "support/published_mistakes.h"
#include "support/run.h"

/* All calls of a row, by their numbers; none of them does anything, whatever its arguments are. */
static void make_calls(const struct mistake *mistake, const int *numbers)
{
	for (int i = 0; i < MISTAKE_CALLS && mistake->calls[i].call; i++) {
		const uint64_t *args = mistake->calls[i].args;
		errno = 0;
		long result = syscall(numbers[i], args[0], args[1], args[2]);
		int expected = (int)(mistake->calls[i].expected & SECCOMP_RET_DATA);
		CHILD_CHECK(result == -1 && errno == expected, "%s: call %d: %d, not %d", mistake->name, i, errno,
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
		numbers[i] = seccomp_syscall_resolve_name(trial->mistake->calls[i].call);
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

int main(void)
{
	TCase *tcase = tcase_create("published mistakes");

	if (child_cannot_load())
		return 77;
	tcase_add_loop_test(tcase, generators, 0, MISTAKES);
	return test_run(tcase);
}
