/* Rules for which the proof's budget does not do: refused, unless the caller asks for a program all the same. */
#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

#include <callgate/diagnosis.h>
#include <callgate/prove.h>

#include "support/bits.h"
#include "support/random.h"
#include "support/run.h"

enum { RULES = 40, CALL = 16 };

/* Each rule looks at other bits of two arguments, and has an action of its own. */
static scmp_filter_ctx context(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	struct random random = {1};

	for (uint32_t i = 0; i < RULES; i++) {
		struct scmp_arg_cmp args[2];
		for (unsigned arg = 0; arg < 2; arg++) {
			uint64_t mask = bits_two(&random);
			args[arg] = SCMP_CMP64(arg, SCMP_CMP_MASKED_EQ, mask, random_next(&random) & mask);
		}
		ck_assert_int_eq(seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(i + 1), CALL, 2, args), 0);
	}
	return ctx;
}

START_TEST(what_is_not_proved)
{
	scmp_filter_ctx ctx = context();
	size_t size = 0;

	ck_assert_int_eq(seccomp_load(ctx), -EFAULT);
	ck_assert_msg(strstr(callgate_diagnosis(ctx),
	                     ": the budget of 1048576 nodes of its decision diagrams is used up"),
	              "%s", callgate_diagnosis(ctx));
	ck_assert_int_eq(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 0);
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
