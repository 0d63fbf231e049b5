/* Rules for which the proof's budget does not do: refused, unless the caller asks for a program all the same. */
#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

#include <callgate/diagnosis.h>
#include <callgate/prove.h>

#include "support/random.h"
#include "support/run.h"

enum { RULES = 200, ARGUMENTS = 3, CALL = 16 };

/* Equality, order and single bits of three arguments, all mixed, and nothing that rules share. */
static scmp_filter_ctx context(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	struct random random = {1};

	for (uint32_t i = 0; i < RULES; i++) {
		struct scmp_arg_cmp args[ARGUMENTS];
		for (unsigned arg = 0; arg < ARGUMENTS; arg++) {
			const uint64_t value = random_next(&random) % 1000, bit = UINT64_C(1) << value % 10;
			const uint64_t kind = random_next(&random) % 3;
			args[arg] = kind == 0   ? SCMP_CMP64(arg, SCMP_CMP_EQ, value)
			            : kind == 1 ? SCMP_CMP64(arg, SCMP_CMP_GE, value)
			                        : SCMP_CMP64(arg, SCMP_CMP_MASKED_EQ, bit, value & bit);
		}
		const int result = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(1), CALL, ARGUMENTS, args);
		ck_assert_msg(result == 0, "rule %u: %d", i, result);
	}
	return ctx;
}

START_TEST(what_is_not_proved)
{
	scmp_filter_ctx ctx = context();
	size_t size = 0;

	ck_assert_int_eq(seccomp_load(ctx), -EFAULT);
	ck_assert_msg(
	    strstr(callgate_diagnosis(ctx), ": the budget of 1048576 nodes of its decision diagrams is used up"), "%s",
	    callgate_diagnosis(ctx));
	ck_assert_int_le(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 0); /* none; or no answer, under qemu-user */
	ck_assert_int_eq(callgate_proof_set(ctx, CALLGATE_PROOF_ATTEMPTED), 0);
	ck_assert_int_eq(seccomp_export_bpf_mem(ctx, NULL, &size), 0);
	ck_assert_uint_gt(size, 0);
	ck_assert_str_eq(callgate_diagnosis(ctx), "");
	seccomp_release(ctx);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("api-unproved");

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, what_is_not_proved);
	return test_run(tcase);
}
