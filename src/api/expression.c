/* Expressions of rules: read once, and lowered to alternatives, each a conjunction of conditions. */
#include "api/context.h"

#include <errno.h>
#include <string.h>

#include "base/vec.h"

enum { DEPTH_MOST = 64, ARGUMENTS = 6 };

struct conjunction {
	uint32_t count;
	const struct policy_condition *conditions;
};

/* Any of them. */
struct alternatives {
	ARENA_VEC(struct conjunction) list;
};

struct lowering {
	struct arena *arena;
	struct diag *diag;
	size_t conditions; /* made so far */
	int result;        /* the first error */
};

static bool fail(struct lowering *l, int result, const char *text)
{
	if (l->result == 0)
		l->result = diag_fail(l->diag, result, "%s", text);
	return false;
}

static bool push(struct lowering *l, struct alternatives *to, struct conjunction one)
{
	if (to->list.count >= CALLGATE_RULE_ALTERNATIVES_MAX)
		return fail(l, -EINVAL, "the expression has more than 4096 alternatives");
	return vec_push_in(&to->list, l->arena, one) || fail(l, -ENOMEM, "out of memory for an expression");
}

static struct policy_condition *new_conditions(struct lowering *l, size_t count)
{
	enum { CONDITIONS_MOST = 1 << 18 };

	if (count > CALLGATE_RULE_CONDITIONS_MAX || l->conditions + count > CONDITIONS_MOST) {
		fail(l, -EINVAL, "the expression has too many comparisons");
		return NULL;
	}
	l->conditions += count;
	struct policy_condition *made = ARENA_ARRAY(l->arena, struct policy_condition, count);
	if (!made)
		fail(l, -ENOMEM, "out of memory for an expression");
	return made;
}

/* ---- comparisons ---- */

static bool push_condition(struct lowering *l, struct alternatives *to, struct policy_condition condition)
{
	struct policy_condition *made = new_conditions(l, 1);

	if (!made)
		return false;
	*made = condition;
	return push(l, to, (struct conjunction){1, made});
}

static const uint8_t opposites[] = {
    [POLICY_NE] = POLICY_EQ, [POLICY_LT] = POLICY_GE, [POLICY_LE] = POLICY_GT,
    [POLICY_EQ] = POLICY_NE, [POLICY_GE] = POLICY_LT, [POLICY_GT] = POLICY_LE,
};

/* Some bit of the mask is not as in the value. */
static bool lower_other_bits(struct lowering *l, struct policy_condition condition, struct alternatives *to)
{
	for (uint64_t rest = condition.mask, bit; rest; rest &= rest - 1) {
		bit = rest & -rest;
		struct policy_condition other = condition;
		other.mask = bit;
		other.value = ~condition.value & bit;
		if (!push_condition(l, to, other))
			return false;
	}
	return true;
}

static bool lower_condition(struct lowering *l, struct policy_condition condition, bool negated,
                            struct alternatives *to)
{
	if (condition.op != POLICY_MASKED_EQ) {
		condition.op = negated ? opposites[condition.op] : condition.op;
		return push_condition(l, to, condition);
	}
	/* Bits outside of the mask are not compared, as in all of this interface. */
	condition.value &= condition.mask;
	if (negated)
		return lower_other_bits(l, condition, to);
	return condition.mask ? push_condition(l, to, condition) : push(l, to, (struct conjunction){0, NULL});
}

static bool check_comparison(struct lowering *l, const struct callgate_expression *expression)
{
	if (expression->argument >= ARGUMENTS)
		return fail(l, -EINVAL, "an argument of the expression is none: arguments are numbered 0 to 5");
	if (expression->width != CALLGATE_BITS_32 && expression->width != CALLGATE_BITS_64)
		return fail(l, -EINVAL, "a width of the expression is neither CALLGATE_BITS_32 nor CALLGATE_BITS_64");
	return true;
}

static struct policy_condition condition_of(const struct callgate_expression *expression, unsigned op, uint64_t value)
{
	uint64_t word = expression->width == CALLGATE_BITS_32 ? UINT32_MAX : UINT64_MAX;

	return (struct policy_condition){(uint8_t)expression->argument, (uint8_t)op, word, value & word};
}

static bool lower_compare(struct lowering *l, const struct callgate_expression *expression, bool negated,
                          struct alternatives *to)
{
	if ((int)expression->op <= _SCMP_CMP_MIN || expression->op >= _SCMP_CMP_MAX)
		return fail(l, -EINVAL, "an operator of the expression is none (SCMP_CMP_*)");
	struct policy_condition condition = condition_of(expression, expression->op, expression->datum_a);
	if (expression->op == SCMP_CMP_MASKED_EQ) {
		condition.mask &= expression->datum_a;
		condition.value = expression->datum_b & condition.mask;
	}
	return lower_condition(l, condition, negated, to);
}

/* Each value by itself, or none of them. */
static bool lower_values(struct lowering *l, const struct callgate_expression *expression, bool negated,
                         struct alternatives *to)
{
	if (!expression->values && expression->count)
		return fail(l, -EINVAL, "the values of an expression are NULL");
	if (!negated) {
		for (size_t i = 0; i < expression->count; i++)
			if (!push_condition(l, to, condition_of(expression, POLICY_EQ, expression->values[i])))
				return false;
		return true;
	}
	struct policy_condition *all = new_conditions(l, expression->count);
	if (!all)
		return false;
	for (size_t i = 0; i < expression->count; i++)
		all[i] = condition_of(expression, POLICY_NE, expression->values[i]);
	return push(l, to, (struct conjunction){(uint32_t)expression->count, all});
}

static bool lower_range(struct lowering *l, const struct callgate_expression *expression, bool negated,
                        struct alternatives *to)
{
	struct policy_condition from = condition_of(expression, POLICY_GE, expression->datum_a),
	                        until = condition_of(expression, POLICY_LE, expression->datum_b);

	if (negated)
		return lower_condition(l, from, true, to) && lower_condition(l, until, true, to);
	struct policy_condition *both = new_conditions(l, 2);
	if (!both)
		return false;
	both[0] = from;
	both[1] = until;
	return push(l, to, (struct conjunction){2, both});
}

/* ---- what they are parts of ---- */

static bool lower(struct lowering *l, const struct callgate_expression *expression, bool negated, unsigned depth,
                  struct alternatives *to);

static bool push_both(struct lowering *l, struct alternatives *to, const struct conjunction *a,
                      const struct conjunction *b)
{
	size_t count = (size_t)a->count + b->count;
	struct policy_condition *made = new_conditions(l, count);

	if (!made)
		return false;
	if (a->count)
		memcpy(made, a->conditions, a->count * sizeof(*made));
	if (b->count)
		memcpy(made + a->count, b->conditions, b->count * sizeof(*made));
	return push(l, to, (struct conjunction){(uint32_t)count, made});
}

/* Each alternative of one with each of the other. */
static bool lower_all(struct lowering *l, const struct callgate_expression *expression, bool negated, unsigned depth,
                      struct alternatives *to)
{
	struct alternatives so_far = {0};

	if (!push(l, &so_far, (struct conjunction){0, NULL}))
		return false;
	for (size_t i = 0; i < expression->count; i++) {
		struct alternatives part = {0}, product = {0};
		if (!lower(l, &expression->parts[i], negated, depth, &part))
			return false;
		for (size_t a = 0; a < so_far.list.count; a++)
			for (size_t b = 0; b < part.list.count; b++)
				if (!push_both(l, &product, &so_far.list.items[a], &part.list.items[b]))
					return false;
		so_far = product;
	}
	for (size_t i = 0; i < so_far.list.count; i++)
		if (!push(l, to, so_far.list.items[i]))
			return false;
	return true;
}

static bool lower_any(struct lowering *l, const struct callgate_expression *expression, bool negated, unsigned depth,
                      struct alternatives *to)
{
	for (size_t i = 0; i < expression->count; i++)
		if (!lower(l, &expression->parts[i], negated, depth, to))
			return false;
	return true;
}

/* Negation goes inwards: not all is any that is not, and not any is all that are not. */
static bool lower(struct lowering *l, const struct callgate_expression *expression, bool negated, unsigned depth,
                  struct alternatives *to)
{
	bool is_compound = expression->kind == CALLGATE_EXPRESSION_ALL || expression->kind == CALLGATE_EXPRESSION_ANY ||
	                   expression->kind == CALLGATE_EXPRESSION_NOT;

	if (depth == DEPTH_MOST)
		return fail(l, -EINVAL, "the expression is nested more than 64 deep");
	if (is_compound && !expression->parts && expression->count)
		return fail(l, -EINVAL, "the parts of an expression are NULL");
	if (!is_compound && !check_comparison(l, expression))
		return false;
	switch (expression->kind) {
	case CALLGATE_EXPRESSION_COMPARE:
		return lower_compare(l, expression, negated, to);
	case CALLGATE_EXPRESSION_RANGE:
		return lower_range(l, expression, negated, to);
	case CALLGATE_EXPRESSION_VALUES:
		return lower_values(l, expression, negated, to);
	case CALLGATE_EXPRESSION_NOT:
		if (expression->count != 1)
			return fail(l, -EINVAL, "a negation has one part");
		return lower(l, expression->parts, !negated, depth + 1, to);
	case CALLGATE_EXPRESSION_ALL:
	case CALLGATE_EXPRESSION_ANY:
		return (expression->kind == CALLGATE_EXPRESSION_ALL) != negated
		           ? lower_all(l, expression, negated, depth + 1, to)
		           : lower_any(l, expression, negated, depth + 1, to);
	}
	return fail(l, -EINVAL, "a part of the expression is of no kind (CALLGATE_EXPRESSION_*)");
}

int expression_lower(const struct callgate_expression *expression, struct arena *arena, struct diag *diag,
                     struct ruleset_request *request)
{
	static const struct callgate_expression always = {.kind = CALLGATE_EXPRESSION_ALL};
	struct lowering l = {.arena = arena, .diag = diag};
	struct alternatives found = {0};
	size_t count = 0;

	if (!lower(&l, expression ? expression : &always, false, 0, &found))
		return l.result;
	for (size_t i = 0; i < found.list.count; i++)
		count += found.list.items[i].count;
	struct policy_condition *conditions = ARENA_ARRAY(arena, struct policy_condition, count);
	uint32_t *ends = ARENA_ARRAY(arena, uint32_t, found.list.count);
	if (!conditions || !ends)
		return diag_fail(diag, -ENOMEM, "out of memory for an expression");
	request->conditions = conditions;
	request->condition_count = (uint32_t)count;
	request->ends = ends;
	request->conjunction_count = (uint32_t)found.list.count;
	count = 0;
	for (size_t i = 0; i < found.list.count; i++) {
		const struct conjunction *one = &found.list.items[i];
		if (one->count)
			memcpy(conditions + count, one->conditions, one->count * sizeof(*conditions));
		count += one->count;
		ends[i] = (uint32_t)count;
	}
	return 0;
}
