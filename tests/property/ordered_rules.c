/*
 * Rules in an order: a context means what a model says that evaluates expressions as they are written, one rule after
 * the other. The model shares no code with src/policy or src/api.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/diagnosis.h>
#include <callgate/rule.h>
#include <callgate/simulate.h>
#include <callgate/syscall.h>

#include "api/context.h"
#include "support/context.h"
#include "support/random_policy.h"
#include "support/simulated.h"

enum { RULES = 10, NODES = 40, VALUES = 4, SAVED = 4 };

/* ---- the model ---- */

struct model_rule {
	uint32_t arch; /* CALLGATE_EVERY_ARCH for all */
	uint32_t action;
	int nr;
	bool has_expression;
	struct callgate_expression nodes[NODES];
	uint64_t values[NODES][VALUES];
	size_t node_count;
};

struct model {
	uint32_t default_action;
	enum callgate_order order;
	size_t count;
	struct model_rule rules[RULES];
	size_t saved[SAVED], depth;
};

static uint64_t reduced(const struct callgate_expression *e, uint64_t value)
{
	return e->width == CALLGATE_BITS_32 ? (uint32_t)value : value;
}

static bool compares(enum scmp_compare op, uint64_t value, uint64_t a, uint64_t b)
{
	switch (op) {
	case SCMP_CMP_NE:
		return value != a;
	case SCMP_CMP_LT:
		return value < a;
	case SCMP_CMP_LE:
		return value <= a;
	case SCMP_CMP_EQ:
		return value == a;
	case SCMP_CMP_GE:
		return value >= a;
	case SCMP_CMP_GT:
		return value > a;
	default:
		return (value & a) == (b & a);
	}
}

/* A datum on an architecture with 32 bits: a negative number that was extended is cut. */
static uint64_t on_word(uint64_t datum, bool is_wide)
{
	return !is_wide && (int64_t)datum == (int32_t)datum ? (uint32_t)datum : datum;
}

static bool holds(const struct callgate_expression *e, const uint64_t *args, bool is_wide)
{
	uint64_t value = reduced(e, is_wide ? args[e->argument % 6] : (uint32_t)args[e->argument % 6]);
	uint64_t a = on_word(reduced(e, e->datum_a), is_wide), b = on_word(reduced(e, e->datum_b), is_wide);
	bool result = e->kind == CALLGATE_EXPRESSION_ALL;

	switch (e->kind) {
	case CALLGATE_EXPRESSION_COMPARE:
		/* A mask is no number, and what is compared is the value under it. */
		if (e->op == SCMP_CMP_MASKED_EQ)
			return compares(e->op, value, reduced(e, e->datum_a),
			                e->datum_a == UINT64_MAX ? b : reduced(e, e->datum_b));
		return compares(e->op, value, a, b);
	case CALLGATE_EXPRESSION_RANGE:
		return value >= a && value <= b;
	case CALLGATE_EXPRESSION_VALUES:
		for (size_t i = 0; i < e->count; i++)
			result = result || value == on_word(reduced(e, e->values[i]), is_wide);
		return result;
	case CALLGATE_EXPRESSION_NOT:
		return !holds(&e->parts[0], args, is_wide);
	default:
		for (size_t i = 0; i < e->count; i++)
			result = e->kind == CALLGATE_EXPRESSION_ALL ? result && holds(&e->parts[i], args, is_wide)
			                                            : result || holds(&e->parts[i], args, is_wide);
		return result;
	}
}

static int32_t strictness(uint32_t action)
{
	return (int32_t)(action & 0xffff0000u);
}

static uint32_t model_verdict(const struct model *model, uint32_t token, int nr, const uint64_t *args)
{
	bool is_wide = token & 0x80000000u, has = false;
	uint32_t verdict = model->default_action;

	for (size_t i = 0; i < model->count; i++) {
		const struct model_rule *rule = &model->rules[i];
		int own = rule->nr;
		if (rule->arch == CALLGATE_EVERY_ARCH && token != SCMP_ARCH_NATIVE)
			own = callgate_syscall_number(token, callgate_syscall_name(SCMP_ARCH_NATIVE, own));
		if ((rule->arch != CALLGATE_EVERY_ARCH && rule->arch != token) || own != nr)
			continue;
		if (rule->has_expression && !holds(&rule->nodes[0], args, is_wide))
			continue;
		if (has &&
		    (model->order == CALLGATE_ORDER_FIRST_MATCH || strictness(rule->action) >= strictness(verdict)))
			continue;
		verdict = rule->action;
		has = true;
	}
	return verdict;
}

/* ---- random rules ---- */

static const uint32_t actions[] = {SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(1), SCMP_ACT_ERRNO(2), SCMP_ACT_TRAP,
                                   SCMP_ACT_KILL_PROCESS};

static uint64_t random_datum(struct random *random)
{
	static const uint64_t edges[] = {0xffffffff, 0x100000000,        0x100000005, UINT64_MAX,
	                                 0x80000000, 0xffffffffffffff9c, 0xffffff9c,  INT64_MAX};

	if (random_below(random, 3))
		return random_below(random, 8);
	return edges[random_below(random, sizeof(edges) / sizeof(edges[0]))];
}

/* Masks of few bits, so that what is no equality has few alternatives. */
static uint64_t random_mask(struct random *random)
{
	static const uint64_t masks[] = {0, 1, 3, 0x80000000, 0x100000001, 0xc00000000000000, 6, 0x8000000000000000};

	return masks[random_below(random, sizeof(masks) / sizeof(masks[0]))];
}

static void random_leaf(struct random *random, struct model_rule *rule, size_t at)
{
	struct callgate_expression *e = &rule->nodes[at];

	e->kind = (enum callgate_expression_kind)(CALLGATE_EXPRESSION_COMPARE + random_below(random, 3));
	e->argument = random_below(random, 2) * 3;
	e->width = random_below(random, 2) ? CALLGATE_BITS_32 : CALLGATE_BITS_64;
	e->op = (enum scmp_compare)(1 + random_below(random, 7));
	e->datum_a = e->kind == CALLGATE_EXPRESSION_COMPARE && e->op == SCMP_CMP_MASKED_EQ ? random_mask(random)
	                                                                                   : random_datum(random);
	e->datum_b = random_datum(random);
	if (e->kind == CALLGATE_EXPRESSION_VALUES) {
		e->count = random_below(random, VALUES + 1);
		for (size_t i = 0; i < e->count; i++)
			rule->values[at][i] = random_datum(random);
		e->values = rule->values[at];
	}
}

static void random_node(struct random *random, struct model_rule *rule, size_t at, unsigned depth)
{
	struct callgate_expression *e = &rule->nodes[at];
	size_t count = random_below(random, 4);

	*e = (struct callgate_expression){0};
	if (depth == 0 || random_below(random, 3) == 0 || rule->node_count + 3 > NODES) {
		random_leaf(random, rule, at);
		return;
	}
	e->kind = (enum callgate_expression_kind)(CALLGATE_EXPRESSION_ALL + random_below(random, 3));
	e->count = e->kind == CALLGATE_EXPRESSION_NOT ? 1 : count;
	e->parts = &rule->nodes[rule->node_count];
	size_t first = rule->node_count;
	rule->node_count += e->count;
	for (size_t i = 0; i < e->count; i++)
		random_node(random, rule, first + i, depth - 1);
}

static const uint32_t tokens[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X32, SCMP_ARCH_ARM, SCMP_ARCH_AARCH64, 0};
enum { TOKENS = sizeof(tokens) / sizeof(tokens[0]) - 1 };
static const char *const names[] = {"read", "ioctl", "openat"};

static void random_rule(struct random *random, const struct model *model, struct model_rule *rule)
{
	const char *name = names[random_below(random, 3)];

	rule->arch = random_below(random, 2) ? CALLGATE_EVERY_ARCH : tokens[random_below(random, TOKENS)];
	rule->nr = callgate_syscall_number(rule->arch == CALLGATE_EVERY_ARCH ? SCMP_ARCH_NATIVE : rule->arch, name);
	rule->action = random_below(random, 5) ? actions[random_below(random, sizeof(actions) / sizeof(actions[0]))]
	                                       : model->default_action;
	rule->node_count = 1;
	rule->has_expression = random_below(random, 8) != 0;
	if (rule->has_expression)
		random_node(random, rule, 0, 3);
}

static uint64_t random_arg(struct random *random)
{
	return random_datum(random) + (random_below(random, 4) == 0) - (random_below(random, 6) == 0);
}

static void pick_call(struct random *random, struct seccomp_data *call, uint32_t *ret_token)
{
	*ret_token = tokens[random_below(random, TOKENS)];
	*call = (struct seccomp_data){.nr = callgate_syscall_number(*ret_token, names[random_below(random, 3)]),
	                              .arch = callgate_arch_find(*ret_token)->audit};
	for (int i = 0; i < 6; i++)
		call->args[i] = random_arg(random);
}

/* ---- the two side by side ---- */

static void check_meaning(struct random *random, const struct model *model, scmp_filter_ctx ctx)
{
	struct arena arena = {0};
	const struct policy *policy = context_policy(ctx, false, &arena);

	ck_assert_ptr_nonnull(policy);
	for (int i = 0; i < 60; i++) {
		struct seccomp_data call;
		uint64_t args[6];
		uint32_t token;
		pick_call(random, &call, &token);
		for (int j = 0; j < 6; j++)
			args[j] = call.args[j];
		uint32_t expected = model_verdict(model, token, call.nr, args);
		if (policy_eval(policy, &call, NULL) == expected)
			continue;
		random_policy_print(policy);
		random_call_print(&call);
		ck_abort_msg("0x%08x is what the rules mean", expected);
	}
	arena_finish(&arena);
}

/* Adds a rule to both. A rule that the context says can never decide indeed changes nothing that can be seen. */
static void add_rule(struct random *random, struct model *model, scmp_filter_ctx ctx)
{
	struct model_rule *rule = &model->rules[model->count];

	if (model->count == RULES)
		return;
	random_rule(random, model, rule);
	int result =
	    callgate_rule_match(ctx, rule->arch, rule->action, rule->nr, rule->has_expression ? rule->nodes : NULL);
	/* Few are too large. */
	if (result == -EINVAL && strstr(callgate_diagnosis(ctx), "the expression has "))
		return;
	ck_assert_msg(result == 0, "%s", callgate_diagnosis(ctx));
	bool is_dead = strstr(callgate_diagnosis(ctx), "can never decide") != NULL;
	for (int i = 0; is_dead && i < 20; i++) {
		struct seccomp_data call;
		uint64_t args[6];
		uint32_t token;
		pick_call(random, &call, &token);
		for (int j = 0; j < 6; j++)
			args[j] = token & 0x80000000u ? call.args[j] : (uint32_t)call.args[j];
		uint32_t before = model_verdict(model, token, call.nr, args);
		model->count++;
		ck_assert_msg(model_verdict(model, token, call.nr, args) == before, "%s", callgate_diagnosis(ctx));
		model->count--;
	}
	model->count++;
}

static void change(struct random *random, struct model *model, scmp_filter_ctx ctx)
{
	switch (random_below(random, 12)) {
	case 0:
		if (model->depth == SAVED)
			return;
		ck_assert_int_eq(seccomp_transaction_start(ctx), 0);
		model->saved[model->depth++] = model->count;
		return;
	case 1:
		ck_assert_int_eq(seccomp_transaction_commit(ctx), 0);
		model->depth -= model->depth > 0;
		return;
	case 2:
		seccomp_transaction_reject(ctx);
		if (model->depth)
			model->count = model->saved[--model->depth];
		return;
	case 3:
		(void)seccomp_syscall_priority(ctx, SCMP_SYS(ioctl), (uint8_t)random_below(random, 256));
		return;
	default:
		add_rule(random, model, ctx);
	}
}

static void run_one(struct random *random, struct model *model)
{
	*model =
	    (struct model){.default_action = actions[random_below(random, sizeof(actions) / sizeof(actions[0]))],
	                   .order = random_below(random, 2) ? CALLGATE_ORDER_FIRST_MATCH : CALLGATE_ORDER_STRICTEST};
	scmp_filter_ctx ctx = context_new(model->default_action, tokens);

	ck_assert_int_eq(callgate_order_set(ctx, model->order), 0);
	for (uint32_t i = 2 + random_below(random, 12); i > 0; i--)
		change(random, model, ctx);
	check_meaning(random, model, ctx);
	/* Compiled and proved, in some: an unequal program is an error. */
	if (random_below(random, 10) == 0)
		ck_assert_msg(seccomp_precompute(ctx) == 0, "%s", callgate_diagnosis(ctx));
	seccomp_release(ctx);
}

START_TEST(ordered_rules_follow_the_model)
{
	struct random random = random_start("ordered_rules_follow_the_model");
	struct model *model = malloc(sizeof(*model));

	ck_assert_ptr_nonnull(model);
	for (unsigned long i = random_runs(3000); i > 0; i--)
		run_one(&random, model);
	free(model);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("rules in an order");

	tcase_set_timeout(tcase, 1800);
	tcase_add_test(tcase, ordered_rules_follow_the_model);
	return simulated_run(tcase);
}
