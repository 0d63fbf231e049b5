/* Mutants: each differs from its filter at one place, and says where. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include <callgate/simulate.h>
#include <callgate/coverage.h>
#include <callgate/testing.h>

#include "support/context.h"
#include "support/run.h"

static uint32_t verdict_of(struct callgate_simulator *simulator, uint32_t arch, int nr, uint64_t a0, uint64_t a1)
{
	struct callgate_call call = {.arch = arch, .nr = nr, .args = {a0, a1}};
	struct callgate_verdict verdict;

	ck_assert_int_eq(callgate_simulator_run(simulator, &call, &verdict), 0);
	return verdict.action;
}

/*
 * Calls of context_with_socket()'s context whose verdicts tell all its mutants from it; which mutant differs at which
 * call.
 */
static const struct {
	const char *mutant;
	struct {
		uint32_t arch;
		int nr;
		uint64_t a0, a1;
	} call;
} mutants[] = {
    {"default action: allows instead of ERRNO(EPERM)", {SCMP_ARCH_X86_64, 5, 0, 0}},
    {"action for other architectures: allows instead of KILL", {SCMP_ARCH_MIPS, 4003, 0, 0}},
    {"rule 1, read: the rule is dropped", {SCMP_ARCH_AARCH64, 63, 0, 0}},
    {"rule 3, socket: the rule is dropped", {SCMP_ARCH_AARCH64, 198, 1, 0}},
    {"rule 3, socket: argument 0 == 0x1 is not looked at", {SCMP_ARCH_X86_64, 41, 8, 0}},
    {"rule 3, socket: argument 0 == 0x1 is compared without its lowest bit", {SCMP_ARCH_X86_64, 41, 0, 0}},
    {"rule 3, socket: argument 0 == 0x1 is compared without its highest bit",
     {SCMP_ARCH_X86_64, 41, 0x8000000000000001, 0}},
    {"rule 3, socket: argument 1 < 0x100000000 is not looked at", {SCMP_ARCH_X86_64, 41, 1, 0x100000001}},
    {"rule 3, socket: argument 1 < 0x100000000 holds for one value more", {SCMP_ARCH_X86_64, 41, 1, 0x100000000}},
};

START_TEST(every_mutant)
{
	scmp_filter_ctx ctx = context_with_socket();
	struct callgate_simulator *simulator = NULL, *mutant;
	const size_t count = sizeof(mutants) / sizeof(mutants[0]);
	char *text;
	uint32_t rule;

	ck_assert_int_eq(callgate_simulator_new(ctx, &simulator), 0);
	for (size_t i = 0; i < count; i++) {
		ck_assert_int_eq(callgate_simulator_mutate(simulator, i, &mutant, &rule, &text), 0);
		ck_assert_str_eq(text, mutants[i].mutant);
		for (size_t j = 0; j < count; j++) {
			uint32_t arch = mutants[j].call.arch;
			int nr = mutants[j].call.nr;
			uint64_t a0 = mutants[j].call.a0, a1 = mutants[j].call.a1;
			bool differs = verdict_of(simulator, arch, nr, a0, a1) != verdict_of(mutant, arch, nr, a0, a1);
			if (i == j)
				ck_assert_msg(differs, "%s", text);
		}
		free(text);
		callgate_simulator_free(mutant);
	}
	ck_assert_int_eq(callgate_simulator_mutate(simulator, count, &mutant, &rule, &text), -ENOENT);
	ck_assert_int_eq(callgate_simulator_mutate(NULL, 0, &mutant, NULL, NULL), -EINVAL);
	ck_assert_int_eq(callgate_simulator_mutate(simulator, 0, NULL, NULL, NULL), -EINVAL);
	callgate_simulator_free(simulator);
	seccomp_release(ctx);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("testing mutate");

	tcase_add_test(tcase, every_mutant);
	return test_run(tcase);
}
