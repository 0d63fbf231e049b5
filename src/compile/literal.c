/* Comparisons of 64-bit arguments as literals of 32-bit words, and their cofactors. */
#include <assert.h>

#include "compile/cube.h"

static enum literal_outcome in_range(struct literal *literal, uint8_t word, uint32_t first, uint32_t last)
{
	if (first > last)
		return LITERAL_FAILS;
	if (first == 0 && last == UINT32_MAX)
		return LITERAL_HOLDS;
	*literal = (struct literal){LITERAL_IN, word, false, first, last};
	return LITERAL_REMAINS;
}

static enum literal_outcome masked(struct literal *literal, uint8_t word, uint32_t mask, uint32_t value)
{
	uint32_t rest = ~mask;

	if ((rest & (rest + 1)) == 0) /* the mask is a prefix: an interval */
		return in_range(literal, word, value, value | rest);
	*literal = (struct literal){LITERAL_BITS, word, false, mask, value};
	return LITERAL_REMAINS;
}

static enum literal_outcome not_equal(struct literal *literal, uint8_t word, uint32_t value)
{
	*literal = (struct literal){LITERAL_OUT, word, false, value, value};
	return LITERAL_REMAINS;
}

/* argument < value, or >= value. */
static void ordered(bool below, uint8_t arg, uint64_t value, struct literal literals[2],
                    enum literal_outcome outcomes[2])
{
	uint32_t high = (uint32_t)(value >> 32), low = (uint32_t)value;
	uint8_t word = GRAPH_HIGH(arg);

	if (low == 0 && below)
		outcomes[0] = high ? in_range(&literals[0], word, 0, high - 1) : LITERAL_FAILS;
	else if (low == 0)
		outcomes[0] = in_range(&literals[0], word, high, UINT32_MAX);
	else if (below && high == 0) {
		outcomes[0] = in_range(&literals[0], word, 0, 0);
		outcomes[1] = in_range(&literals[1], GRAPH_LOW(arg), 0, low - 1);
	} else if (!below && high == UINT32_MAX) {
		outcomes[0] = in_range(&literals[0], word, high, high);
		outcomes[1] = in_range(&literals[1], GRAPH_LOW(arg), low, UINT32_MAX);
	} else {
		literals[0] = (struct literal){below ? LITERAL_LT : LITERAL_GE, word, false, high, low};
		outcomes[0] = LITERAL_REMAINS;
	}
}

/* LE and GT are LT and GE of the next number. */
static bool is_below(const struct policy_condition *condition)
{
	return condition->op == POLICY_LT || condition->op == POLICY_LE;
}

static bool is_of_next(const struct policy_condition *condition)
{
	return condition->op == POLICY_LE || condition->op == POLICY_GT;
}

static void split_wide(const struct policy_condition *c, struct literal literals[2],
                       enum literal_outcome outcomes[2])
{
	uint8_t high = GRAPH_HIGH(c->arg), low = GRAPH_LOW(c->arg);

	switch ((enum policy_op)c->op) {
	case POLICY_NE:
		literals[0] =
		    (struct literal){LITERAL_NE, high, false, (uint32_t)(c->value >> 32), (uint32_t)c->value};
		outcomes[0] = LITERAL_REMAINS;
		break;
	case POLICY_LT:
	case POLICY_LE:
	case POLICY_GE:
	case POLICY_GT:
		if (is_of_next(c) && c->value == UINT64_MAX)
			outcomes[0] = is_below(c) ? LITERAL_HOLDS : LITERAL_FAILS;
		else
			ordered(is_below(c), c->arg, c->value + is_of_next(c), literals, outcomes);
		break;
	case POLICY_EQ:
	case POLICY_MASKED_EQ:
		outcomes[0] =
		    masked(&literals[0], high, (uint32_t)(c->mask >> 32), (uint32_t)(c->value >> 32));
		outcomes[1] = masked(&literals[1], low, (uint32_t)c->mask, (uint32_t)c->value);
	}
}

static enum literal_outcome split_narrow(const struct policy_condition *c, struct literal *literal)
{
	uint64_t bound = c->value + is_of_next(c);
	uint8_t word = GRAPH_LOW(c->arg);

	switch ((enum policy_op)c->op) {
	case POLICY_NE:
		return not_equal(literal, word, (uint32_t)c->value);
	case POLICY_LT:
	case POLICY_LE:
		return bound ? in_range(literal, word, 0, (uint32_t)(bound - 1)) : LITERAL_FAILS;
	case POLICY_GE:
	case POLICY_GT:
		return bound <= UINT32_MAX ? in_range(literal, word, (uint32_t)bound, UINT32_MAX)
		                           : LITERAL_FAILS;
	case POLICY_EQ:
	case POLICY_MASKED_EQ:
		break;
	}
	return masked(literal, word, (uint32_t)c->mask, (uint32_t)c->value);
}

enum literal_outcome literal_split(const struct policy_condition *condition, const struct callgate_arch *arch,
                                   struct literal ret_literals[2], uint32_t *ret_count)
{
	struct literal literals[2];
	enum literal_outcome outcomes[2] = {LITERAL_HOLDS, LITERAL_HOLDS};

	assert(condition->op >= POLICY_NE && condition->op <= POLICY_MASKED_EQ && condition->arg < 6);
	assert(!(condition->value & ~policy_word_mask(arch)));
	*ret_count = 0;
	if (arch->word_bits == 64)
		split_wide(condition, literals, outcomes);
	else
		outcomes[0] = split_narrow(condition, &literals[0]);
	for (int i = 0; i < 2; i++) {
		if (outcomes[i] == LITERAL_FAILS)
			return LITERAL_FAILS;
		if (outcomes[i] == LITERAL_REMAINS)
			ret_literals[(*ret_count)++] = literals[i];
	}
	return *ret_count ? LITERAL_REMAINS : LITERAL_HOLDS;
}

static uint32_t ends_of(uint32_t first, uint32_t last, uint32_t breakpoints[2])
{
	uint32_t count = 0;

	if (first > 0)
		breakpoints[count++] = first;
	if (last < UINT32_MAX)
		breakpoints[count++] = last + 1;
	return count;
}

uint32_t literal_breakpoints(const struct literal *literal, uint8_t word, uint32_t ret_breakpoints[2])
{
	uint32_t compared = literal->word == word ? literal->a : literal->b;

	assert(literal_reads(literal, word));
	switch ((enum literal_kind)literal->kind) {
	case LITERAL_IN:
	case LITERAL_OUT:
		return ends_of(literal->a, literal->b, ret_breakpoints);
	case LITERAL_GE:
	case LITERAL_LT:
		return ends_of(compared, literal->word == word ? compared : UINT32_MAX, ret_breakpoints);
	case LITERAL_NE:
		return ends_of(compared, compared, ret_breakpoints);
	case LITERAL_BITS:
		break;
	}
	return 0;
}

void literal_hull(const struct literal *literal, uint8_t word, uint32_t *first, uint32_t *last)
{
	bool on_high = literal->word == word;

	if ((literal->kind == LITERAL_IN || (literal->kind == LITERAL_GE && on_high)) && *first < literal->a)
		*first = literal->a;
	if (literal->kind == LITERAL_IN && *last > literal->b)
		*last = literal->b;
	if (literal->kind == LITERAL_LT && on_high && *last > literal->a)
		*last = literal->a;
}

/* The cofactor of a wide literal where the high half is known. */
static enum literal_outcome high_cofactor(const struct literal *literal, uint32_t value, struct literal *rest)
{
	uint8_t low = (uint8_t)(literal->word + 1);

	if (value != literal->a)
		return literal->kind == LITERAL_NE || (value > literal->a) == (literal->kind == LITERAL_GE)
		           ? LITERAL_HOLDS
		           : LITERAL_FAILS;
	if (literal->kind == LITERAL_GE)
		return in_range(rest, low, literal->b, UINT32_MAX);
	if (literal->kind == LITERAL_LT)
		return in_range(rest, low, 0, literal->b - 1);
	return not_equal(rest, low, literal->b);
}

/* The cofactor of a wide literal where the low half is known. */
static enum literal_outcome low_cofactor(const struct literal *literal, uint32_t value, struct literal *rest)
{
	enum literal_outcome outcome = LITERAL_HOLDS;

	if (literal->kind == LITERAL_GE)
		outcome = in_range(rest, literal->word, value >= literal->b ? literal->a : literal->a + 1,
		                   UINT32_MAX);
	else if (literal->kind == LITERAL_LT)
		outcome = in_range(rest, literal->word, 0, value < literal->b ? literal->a : literal->a - 1);
	else if (value == literal->b)
		outcome = not_equal(rest, literal->word, literal->a);
	if (outcome == LITERAL_REMAINS)
		rest->urgent = true;
	return outcome;
}

enum literal_outcome literal_cofactor(const struct literal *literal, uint8_t word, uint32_t first,
                                      uint32_t last, struct literal *ret_literal)
{
	bool inside = literal->a <= first && first <= literal->b;

	assert(first <= last && literal_reads(literal, word));
	if (literal_is_wide(literal) && literal->word == word)
		return high_cofactor(literal, first, ret_literal);
	if (literal_is_wide(literal))
		return low_cofactor(literal, first, ret_literal);
	if (literal->kind == LITERAL_IN)
		return inside ? LITERAL_HOLDS : LITERAL_FAILS;
	if (literal->kind == LITERAL_OUT)
		return inside ? LITERAL_FAILS : LITERAL_HOLDS;
	if (first == last)
		return (first & literal->a) == literal->b ? LITERAL_HOLDS : LITERAL_FAILS;
	*ret_literal = *literal;
	return LITERAL_REMAINS;
}

enum literal_outcome literal_cofactor_bits(const struct literal *literal, const struct literal *known,
                                           bool holds)
{
	uint32_t common = literal->a & known->a;
	bool agree = (literal->b & common) == (known->b & common);

	assert(known->kind == LITERAL_BITS);
	if (literal->kind != LITERAL_BITS || literal->word != known->word)
		return LITERAL_REMAINS;
	if (holds && !agree)
		return LITERAL_FAILS;
	if (holds && common == literal->a)
		return LITERAL_HOLDS;
	if (!holds && agree && common == known->a)
		return LITERAL_FAILS;
	return LITERAL_REMAINS;
}
