/*
 * Whichever piece of an arena is missing while a policy is made, compiled and proved, once or from then on: an error,
 * never another program. A failing malloc() alone would not do: an arena asks it seldom.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/prove.h>
#include <callgate/rule.h>

#include "compile/compile.h"
#include "query/proof.h"
#include "support/context.h"
#include "support/random_policy.h"
#include "support/run.h"

void *__real_arena_alloc(struct arena *arena, size_t size);
void *__real_arena_take(struct arena *arena, size_t size);
void *__real_arena_alloc_array(struct arena *arena, size_t count, size_t size);
void *__wrap_arena_alloc(struct arena *arena, size_t size);
void *__wrap_arena_take(struct arena *arena, size_t size);
void *__wrap_arena_alloc_array(struct arena *arena, size_t count, size_t size);

/* The piece that is missing, from 1, or 0; and all after it. */
static size_t missing, pieces;
static bool and_all_after;

static bool is_missing(void)
{
	pieces++;
	return missing && (pieces == missing || (and_all_after && pieces > missing));
}

void *__wrap_arena_alloc(struct arena *arena, size_t size)
{
	return is_missing() ? NULL : __real_arena_alloc(arena, size);
}

void *__wrap_arena_take(struct arena *arena, size_t size)
{
	return is_missing() ? NULL : __real_arena_take(arena, size);
}

void *__wrap_arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
	return is_missing() ? NULL : __real_arena_alloc_array(arena, count, size);
}

/* What is tried, on something that is made before: 0, or -ENOMEM and nothing is left. */
typedef int trial(void *argument);

enum { PLACES_MOST = 300 };

/* Every piece is missing once; of very many, an even sample. */
static void miss_each(trial *try_it, void *argument)
{
	missing = pieces = 0;
	ck_assert_int_eq(try_it(argument), 0);
	size_t count = pieces, step = 1 + count / PLACES_MOST;

	for (int all = 0; all < 2; all++)
		for (size_t place = 1; place <= count; place += step) {
			and_all_after = all;
			missing = place;
			pieces = 0;
			int result = try_it(argument);
			missing = 0;
			ck_assert_msg(result == 0 || result == -ENOMEM, "piece %zu of %zu: %d", place, count, result);
		}
}

/* ---- policies ---- */

struct subject {
	const struct policy *policy;
	struct compile_output whole; /* what nothing was missing for */
};

/* Without memory for it a program may be longer; it is that of the rules all the same. */
static void check_program(const struct policy *policy, const struct compile_output *output)
{
	struct prove_result result;
	struct diag diag = {""};
	size_t wanted = missing;

	missing = 0;
	ck_assert_int_eq(proof_policy(policy, output->programs, output->count, NULL, &diag, &result), 0);
	ck_assert_msg(result.outcome == PROVE_EQUAL, "%s", diag.text);
	missing = wanted;
}

static int compile_it(void *argument)
{
	struct subject *subject = argument;
	struct compile_output output = {0};
	struct diag diag = {""};
	int result = compile_policy(subject->policy, false, &diag, &output);

	if (result == 0)
		check_program(subject->policy, &output);
	else
		ck_assert(output.count == 0 && diag.text[0]);
	compile_output_finish(&output);
	return result;
}

static int prove_it(void *argument)
{
	struct subject *subject = argument;
	struct prove_result result = {0};
	struct diag diag = {""};
	int failed = proof_policy(subject->policy, subject->whole.programs, subject->whole.count, NULL, &diag, &result);

	ck_assert(failed < 0 || result.outcome != PROVE_DIFFERENT);
	if (failed == 0 && result.outcome == PROVE_UNPROVED)
		return result.failure.error == -ENOMEM ? -ENOMEM : -EIO;
	return failed;
}

START_TEST(policies)
{
	struct random random = random_start("pieces");

	for (int i = 0; i < 12; i++) {
		struct arena arena = {0};
		struct subject subject = {i % 3 ? random_policy(&random, &arena, 5, 5)
		                                : random_long_policy(&random, &arena, 1 + random_below(&random, 12)),
		                          {0}};
		struct diag diag = {""};
		ck_assert_ptr_nonnull(subject.policy);
		ck_assert_int_eq(compile_policy(subject.policy, false, &diag, &subject.whole), 0);
		miss_each(compile_it, &subject);
		miss_each(prove_it, &subject);
		compile_output_finish(&subject.whole);
		arena_finish(&arena);
	}
}
END_TEST

/* ---- contexts ---- */

static scmp_filter_ctx make(enum callgate_order order)
{
	scmp_filter_ctx ctx = CONTEXT(SCMP_ACT_ERRNO(1), SCMP_ARCH_X86_64, SCMP_ARCH_X86);

	ck_assert_int_eq(callgate_order_set(ctx, order), 0);
	ck_assert_int_eq(callgate_rule_unknown(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ERRNO(38)), 0);
	for (int nr = 3; nr < 40; nr++) {
		const struct scmp_arg_cmp condition = {1, SCMP_CMP_GT, (scmp_datum_t)nr, 0};
		ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_X86_64, SCMP_ACT_ALLOW, nr, 1, &condition), 0);
		ck_assert_int_eq(callgate_rule_add(ctx, SCMP_ARCH_X86, SCMP_ACT_ALLOW, nr, 1, &condition), 0);
	}
	context_add_call(ctx, SCMP_ACT_TRAP, "socket");
	return ctx;
}

/* All of it in a context of its own, which is released whatever comes of it. */
static int build(void *argument)
{
	const enum callgate_order *order = argument;
	const struct callgate_expression some =
	    CALLGATE_ALL_OF(CALLGATE_ANY_OF(CALLGATE_VALUES(0, 32, 1, 2, 3), CALLGATE_NOT(CALLGATE_RANGE(1, 64, 4, 9))),
	                    CALLGATE_NOT(CALLGATE_ALL_OF(CALLGATE_VALUES(2, 64, 7), CALLGATE_RANGE(3, 32, 1, 5))));
	size_t wanted = missing, size;

	missing = 0;
	scmp_filter_ctx ctx = make(*order);
	pieces = 0;
	missing = wanted;
	int result =
	    callgate_rule_match(ctx, CALLGATE_EVERY_ARCH, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name("prctl"), &some);
	if (result == 0)
		result = callgate_rule_match(ctx, SCMP_ARCH_X86, SCMP_ACT_ALLOW, 54, &some);
	if (result == 0)
		result = seccomp_precompute(ctx);
	if (result == 0)
		result = seccomp_export_bpf_mem(ctx, NULL, &size);
	ck_assert(result == 0 || *callgate_diagnosis(ctx));
	seccomp_release(ctx);
	return result;
}

START_TEST(contexts)
{
	enum callgate_order order = (enum callgate_order)_i;

	miss_each(build, &order);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("pieces");

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, policies);
	tcase_add_loop_test(tcase, contexts, CALLGATE_ORDER_CONFLICTS, CALLGATE_ORDER_STRICTEST + 1);
	return test_run(tcase);
}
