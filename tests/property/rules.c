/* Random calls of the interface: a context does what the naive model of the contract does, and means what it means. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>

#include "api/context.h"
#include "rule_model.h"
#include "support/random_policy.h"
#include "support/run.h"

static const uint32_t actions[] = {SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(1), SCMP_ACT_ERRNO(2), SCMP_ACT_TRAP,
                                   SCMP_ACT_TRACE(7)};

static uint64_t random_datum(struct random *random)
{
	static const uint64_t edges[] = {0xffffffff, 0x100000000, 0x100000005, UINT64_MAX, 0x80000000, 0xffff, 21};

	if (random_below(random, 4))
		return random_below(random, 6);
	return edges[random_below(random, sizeof(edges) / sizeof(edges[0]))];
}

static unsigned random_args(struct random *random, struct scmp_arg_cmp args[6])
{
	unsigned count = random_below(random, 4);

	for (unsigned i = 0; i < count; i++)
		args[i] = (struct scmp_arg_cmp){
		    .arg = random_below(random, 4),
		    .op = (enum scmp_compare)(1 + random_below(random, 7)),
		    .datum_a = random_datum(random),
		    .datum_b = random_datum(random),
		};
	return count;
}

/* Few calls, so that rules meet: common ones, multiplexed ones, absent ones, and numbers that are none. */
static int random_number(struct random *random)
{
	static const char *const names[] = {"read",   "open",       "socket", "accept4", "shmat",
	                                    "msgctl", "socketcall", "ipc",    "send"};

	switch (random_below(random, 16)) {
	case 0:
		return -1;
	case 1:
		return -(int)random_below(random, 300);
	case 2:
		return 1000;
	case 3:
		return (int)(0x40000000 + random_below(random, 3));
	default:
		return seccomp_syscall_resolve_name(names[random_below(random, sizeof(names) / sizeof(names[0]))]);
	}
}

static uint32_t random_token(struct random *random)
{
	static const uint32_t tokens[] = {SCMP_ARCH_X86_64,    SCMP_ARCH_X86,     SCMP_ARCH_X32,   SCMP_ARCH_AARCH64,
	                                  SCMP_ARCH_MIPSEL,    SCMP_ARCH_PPC64LE, SCMP_ARCH_S390X, SCMP_ARCH_MIPS,
	                                  SCMP_ARCH_MIPS64N32, SCMP_ARCH_PARISC};

	return tokens[random_below(random, sizeof(tokens) / sizeof(tokens[0]))];
}

static void change_rules(struct random *random, struct model *model, scmp_filter_ctx ctx)
{
	struct scmp_arg_cmp args[6];
	unsigned count = random_args(random, args);
	uint32_t action = actions[random_below(random, sizeof(actions) / sizeof(actions[0]))];
	int nr = random_number(random);
	bool exact = random_below(random, 6) == 0;
	int expected = model_rule_add(model, exact, action, nr, count, args);
	int actual = exact ? seccomp_rule_add_exact_array(ctx, action, nr, count, args)
	                   : seccomp_rule_add_array(ctx, action, nr, count, args);

	ck_assert_msg(actual == expected, "rule_add%s(0x%08x, %d, %u) gave %d instead of %d: %s", exact ? "_exact" : "",
	              action, nr, count, actual, expected, callgate_diagnosis(ctx));
	const char *text = callgate_diagnosis(ctx);
	bool is_note =
	    strncmp(text, "note: ", strlen("note: ")) == 0 || strncmp(text, "warning: ", strlen("warning: ")) == 0;
	ck_assert_msg(actual == 0 ? is_note || !text[0] : text[0] && !is_note, "result %d: %s", actual, text);
}

static void change_archs(struct random *random, struct model *model, scmp_filter_ctx ctx)
{
	uint32_t token = random_token(random);

	if (random_below(random, 3) && model->now.count < MODEL_ARCHS)
		ck_assert_int_eq(seccomp_arch_add(ctx, token), model_arch_add(model, token));
	else
		ck_assert_int_eq(seccomp_arch_remove(ctx, token), model_arch_remove(model, token));
}

static void change_transactions(struct random *random, struct model *model, scmp_filter_ctx ctx)
{
	if (model->now.count == 0)
		return;
	switch (random_below(random, 3)) {
	case 0:
		if (model->depth == MODEL_DEPTH)
			return;
		ck_assert_int_eq(seccomp_transaction_start(ctx), 0);
		model_start(model);
		break;
	case 1:
		ck_assert_int_eq(seccomp_transaction_commit(ctx), 0);
		model_commit(model);
		break;
	default:
		seccomp_transaction_reject(ctx);
		model_reject(model);
	}
}

static struct seccomp_data random_data(struct random *random, const struct model *model)
{
	const struct model_arch *arch = &model->now.archs[random_below(random, (uint32_t)model->now.count)];
	struct seccomp_data call = {.nr = random_number(random), .arch = arch->token};

	if (arch->token == SCMP_ARCH_X32)
		call.arch = SCMP_ARCH_X86_64;
	if (arch->count && random_below(random, 8))
		call.nr = (int)arch->rules[random_below(random, (uint32_t)arch->count)].nr;
	for (int i = 0; i < 6; i++)
		call.args[i] = random_datum(random) | (random_below(random, 8) ? 0 : UINT64_C(1) << 32);
	if (random_below(random, 20) == 0)
		call.arch ^= 1;
	return call;
}

static void check_meaning(struct random *random, const struct model *model, scmp_filter_ctx ctx)
{
	struct arena arena = {0};
	const struct policy *policy = context_policy(ctx, false, &arena);

	ck_assert_ptr_nonnull(policy);
	ck_assert_uint_eq(policy->arch_count, model->now.count);
	for (int i = 0; i < 60 && model->now.count; i++) {
		struct seccomp_data call = random_data(random, model);
		uint32_t verdict = policy_eval(policy, &call, NULL);
		if (model_allows(model, &call, verdict))
			continue;
		random_policy_print(policy);
		random_call_print(&call);
		ck_abort_msg("0x%08x is not what the rules mean", verdict);
	}
	arena_finish(&arena);
}

static void run_one(struct random *random, struct model *model)
{
	uint32_t default_action = actions[random_below(random, sizeof(actions) / sizeof(actions[0]))];
	scmp_filter_ctx ctx = seccomp_init(default_action);

	ck_assert_ptr_nonnull(ctx);
	model_init(model, default_action);
	model->skip_rules = random_below(random, 3) == 0;
	ck_assert_int_eq(seccomp_attr_set(ctx, SCMP_FLTATR_API_TSKIP, model->skip_rules), 0);
	for (int i = 0; i < 40; i++) {
		uint32_t what = random_below(random, 20);
		if (what == 0)
			change_archs(random, model, ctx);
		else if (what < 4)
			change_transactions(random, model, ctx);
		else if (what == 4 && model->now.count)
			(void)seccomp_syscall_priority(ctx, random_number(random), (uint8_t)what);
		else
			change_rules(random, model, ctx);
		if (random_below(random, 20) == 0)
			check_meaning(random, model, ctx);
	}
	check_meaning(random, model, ctx);
	seccomp_release(ctx);
}

START_TEST(contexts_follow_the_model)
{
	struct random random = random_start("contexts_follow_the_model");
	struct model *model = malloc(sizeof(*model));

	ck_assert_ptr_nonnull(model);
	for (unsigned long i = random_runs(1500); i > 0; i--)
		run_one(&random, model);
	free(model);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("rules");

	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, contexts_follow_the_model);
	return test_run(tcase);
}
