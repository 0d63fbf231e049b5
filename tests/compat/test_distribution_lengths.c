/*
 * The length of programs of one call's rules that share nothing, beside the distribution's libseccomp in the same run:
 * at most equal.
 */
#include <callgate/prove.h>

#include "distribution.h"
#include "support/random.h"
#include "support/run.h"
#include "support/unrelated_rules.h"

/* With more rules of NE libseccomp takes from seconds to minutes. */
enum { CALL = 2, RULES_MOST = 96, NOT_EQUAL_MOST = 40, INSTRUCTION = 8 };

static const int counts[] = {2, 3, 5, 6, 8, 10, 16, 24, 40, 48, 64, RULES_MOST};

static void add(struct library *library, unsigned count, const struct scmp_arg_cmp *conditions)
{
	int result = library->rule_add_array(library->ctx, SCMP_ACT_ALLOW, CALL, count, conditions);

	ck_assert_msg(result == 0 || result == -EEXIST, "a rule: %d", result);
}

static void compare(struct random *random, enum unrelated_kind kind, int count)
{
	ours.ctx = ours.init(SCMP_ACT_KILL);
	theirs.ctx = theirs.init(SCMP_ACT_KILL);
	/* What the prover can do with such rules is another question. */
	ck_assert_int_eq(callgate_proof_set(ours.ctx, CALLGATE_PROOF_OFF_FOR_TIMING), 0);
	for (int i = 0; i < count; i++) {
		struct scmp_arg_cmp conditions[3];
		unsigned used = unrelated_rule(random, kind, conditions);
		add(&ours, used, conditions);
		add(&theirs, used, conditions);
	}
	read_export(&ours, ours.export_bpf);
	read_export(&theirs, theirs.export_bpf);
	printf("%s, %d rules: %zu instructions, libseccomp: %zu\n", unrelated_names[kind], count,
	       ours.length / INSTRUCTION, theirs.length / INSTRUCTION);
	ck_assert_uint_gt(ours.length, 0);
	ck_assert_uint_le(ours.length, theirs.length);
	ours.release(ours.ctx);
	theirs.release(theirs.ctx);
}

START_TEST(no_program_is_longer)
{
	/* For some lists of NE the other library takes more than minutes: there, the list is always the same. */
	struct random random =
	    _i == UNRELATED_NOT_EQUAL_2_OF_6 ? (struct random){1} : random_start(unrelated_names[_i]);

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (_i != UNRELATED_NOT_EQUAL_2_OF_6 || counts[i] <= NOT_EQUAL_MOST)
			compare(&random, (enum unrelated_kind)_i, counts[i]);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("lengths");

	open_theirs();
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, no_program_is_longer, 0, UNRELATED_NAMED);
	return test_run(tcase);
}
