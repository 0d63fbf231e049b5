/*
 * A compiler that is deliberately wrong about a comparison (wrong_comparison.h): every wrong program is told from its
 * rules.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <callgate/diagnosis.h>
#include <callgate/prove.h>

#include <callgate/action.h>
#include "bpf/simulate.h"
#include "compile/compile.h"
#include "query/proof.h"
#include "support/random_policy.h"
#include "support/run.h"

enum { CALLS = 300 };

static uint32_t verdict(const struct compile_output *output, const struct seccomp_data *call)
{
	uint32_t result = bpf_simulate(output->programs[output->count - 1], call, NULL);

	for (size_t i = output->count - 1; i-- > 0;)
		result = callgate_action_strictest(result, bpf_simulate(output->programs[i], call, NULL));
	return result;
}

/* Is the program wrong, as far as can be found by trying? */
static bool tried_wrong(struct random *random, const struct policy *policy, const struct compile_output *output)
{
	for (int i = 0; i < CALLS; i++) {
		struct seccomp_data call = random_call(random, policy);
		if (policy_eval(policy, &call, NULL) != verdict(output, &call))
			return true;
	}
	return false;
}

START_TEST(a_wrong_compiler_is_caught)
{
	struct random random = random_start("a_wrong_compiler_is_caught");
	unsigned long wrong = 0, equal = 0, tried = 0;

	for (unsigned long i = random_runs(3000); i > 0; i--) {
		struct arena arena = {0};
		struct compile_output output = {0};
		struct prove_result result;
		struct diag diag = {""};
		const struct policy *policy = random_policy(&random, &arena, 3, 8);
		ck_assert_ptr_nonnull(policy);
		ck_assert_int_eq(compile_policy(policy, false, &diag, &output), 0);
		ck_assert_int_eq(proof_policy(policy, output.programs, output.count, NULL, &diag, &result), 0);
		bool found = tried_wrong(&random, policy, &output);
		ck_assert(result.outcome == PROVE_DIFFERENT || result.outcome == PROVE_EQUAL);
		ck_assert(!found || result.outcome == PROVE_DIFFERENT);
		if (result.outcome == PROVE_DIFFERENT)
			ck_assert_uint_ne(policy_eval(policy, &result.witness.call, NULL),
			                  verdict(&output, &result.witness.call));
		wrong += result.outcome == PROVE_DIFFERENT;
		equal += result.outcome == PROVE_EQUAL;
		tried += found;
		compile_output_finish(&output);
		arena_finish(&arena);
	}
	printf("%lu wrong programs caught, of which trying %d calls finds %lu; %lu programs without the "
	       "comparison\n",
	       wrong, CALLS, tried, equal);
	ck_assert_uint_gt(tried, 0);
}
END_TEST

static scmp_filter_ctx context(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(1));
	const struct scmp_arg_cmp comparisons[] = {
	    SCMP_A0(SCMP_CMP_GE, 5),
	    SCMP_A0(SCMP_CMP_EQ, 7),
	    SCMP_A1(SCMP_CMP_MASKED_EQ, 6, 0),
	};

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, 100 + 7 * i, 1, comparisons[i]), 0);
	return ctx;
}

static void check_refused(scmp_filter_ctx ctx, int result)
{
	const char *why = callgate_diagnosis(ctx);

	ck_assert_int_eq(result, -EFAULT);
	ck_assert_msg(strstr(why, ": the rules say ") && strstr(why, ", the program gives "), "%s", why);
}

/* Every function by which a program could leave the context. */
static void check_nothing_is_handed_out(scmp_filter_ctx ctx)
{
	int fd = memfd_create("program", MFD_CLOEXEC);
	struct callgate_program *program = NULL;
	unsigned char bytes[4096], untouched[sizeof(bytes)];
	size_t size = sizeof(bytes);

	memset(bytes, 0xa5, sizeof(bytes));
	memcpy(untouched, bytes, sizeof(bytes));
	check_refused(ctx, seccomp_precompute(ctx));
	check_refused(ctx, seccomp_export_bpf(ctx, fd));
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), 0);
	check_refused(ctx, seccomp_export_bpf_mem(ctx, bytes, &size));
	ck_assert_uint_eq(size, sizeof(bytes));
	ck_assert_int_eq(memcmp(bytes, untouched, sizeof(bytes)), 0);
	check_refused(ctx, seccomp_export_bpf_mem(ctx, NULL, &size));
	ck_assert_uint_eq(size, sizeof(bytes));
	check_refused(ctx, callgate_program_compile(ctx, &program));
	ck_assert_ptr_null(program);
	check_refused(ctx, seccomp_load(ctx));
	ck_assert_int_le(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 0); /* none; or no answer, under qemu-user */
	ck_assert_int_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	close(fd);
}

START_TEST(a_wrong_program_is_not_handed_out)
{
	scmp_filter_ctx ctx = context();
	size_t size = 0;

	check_nothing_is_handed_out(ctx);
	ck_assert_int_eq(callgate_proof_set(ctx, CALLGATE_PROOF_ATTEMPTED), 0);
	check_nothing_is_handed_out(ctx);
	/*
	 * The compiler makes one, though. What it made for a measurement is not there any more when the proof is asked
	 * for.
	 */
	ck_assert_int_eq(callgate_proof_set(ctx, CALLGATE_PROOF_OFF_FOR_TIMING), 0);
	ck_assert_int_eq(seccomp_export_bpf_mem(ctx, NULL, &size), 0);
	ck_assert_uint_gt(size, 0);
	ck_assert_int_eq(callgate_proof_set(ctx, CALLGATE_PROOF_REQUIRED), 0);
	check_nothing_is_handed_out(ctx);
	seccomp_release(ctx);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("wrong-compiler");

	tcase_set_timeout(tcase, 900);
	tcase_add_test(tcase, a_wrong_compiler_is_caught);
	tcase_add_test(tcase, a_wrong_program_is_not_handed_out);
	return test_run(tcase);
}
