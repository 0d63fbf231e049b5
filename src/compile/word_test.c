#include "compile/word_test.h"

#include "compile/graph.h"

static enum word_outcome in_range(struct word_test *test, uint8_t word, uint32_t first, uint32_t last)
{
	if (first > last)
		return WORD_FAILS;
	if (first == 0 && last == UINT32_MAX)
		return WORD_HOLDS;
	*test = (struct word_test){WORD_IN, word, false, first, last};
	return WORD_REMAINS;
}

static enum word_outcome masked(struct word_test *test, uint8_t word, uint32_t mask, uint32_t value)
{
	uint32_t rest = ~mask;

	if ((rest & (rest + 1)) == 0) /* the mask is a prefix: an interval */
		return in_range(test, word, value, value | rest);
	*test = (struct word_test){WORD_BITS, word, false, mask, value};
	return WORD_REMAINS;
}

/* argument >= value, or < value. */
static void ordered(bool below, uint8_t arg, uint64_t value, struct word_test tests[2],
                    enum word_outcome outcomes[2])
{
	uint32_t high = (uint32_t)(value >> 32), low = (uint32_t)value;
	uint8_t word = GRAPH_HIGH(arg);

	outcomes[1] = WORD_HOLDS;
	if (low == 0 && below)
		outcomes[0] = high ? in_range(&tests[0], word, 0, high - 1) : WORD_FAILS;
	else if (low == 0)
		outcomes[0] = in_range(&tests[0], word, high, UINT32_MAX);
	else if (below && high == 0) {
		outcomes[0] = in_range(&tests[0], word, 0, 0);
		outcomes[1] = in_range(&tests[1], (uint8_t)(word + 1), 0, low - 1);
	} else if (!below && high == UINT32_MAX) {
		outcomes[0] = in_range(&tests[0], word, high, high);
		outcomes[1] = in_range(&tests[1], (uint8_t)(word + 1), low, UINT32_MAX);
	} else {
		tests[0] = (struct word_test){below ? WORD_LT : WORD_GE, word, false, high, low};
		outcomes[0] = WORD_REMAINS;
	}
}

static void split_wide(const struct policy_condition *c, struct word_test tests[2],
                       enum word_outcome outcomes[2])
{
	uint64_t last = UINT64_MAX;
	uint8_t high = GRAPH_HIGH(c->arg), low = GRAPH_LOW(c->arg);

	outcomes[0] = outcomes[1] = WORD_HOLDS;
	switch ((enum policy_op)c->op) {
	case POLICY_NE:
		tests[0] =
		    (struct word_test){WORD_NE, high, false, (uint32_t)(c->value >> 32), (uint32_t)c->value};
		outcomes[0] = WORD_REMAINS;
		return;
	case POLICY_LT:
		return ordered(true, c->arg, c->value, tests, outcomes);
	case POLICY_GE:
		return ordered(false, c->arg, c->value, tests, outcomes);
	case POLICY_LE:
		if (c->value != last)
			ordered(true, c->arg, c->value + 1, tests, outcomes);
		return;
	case POLICY_GT:
		if (c->value != last)
			return ordered(false, c->arg, c->value + 1, tests, outcomes);
		outcomes[0] = WORD_FAILS;
		return;
	case POLICY_EQ:
	case POLICY_MASKED_EQ:
		outcomes[0] = masked(&tests[0], high, (uint32_t)(c->mask >> 32), (uint32_t)(c->value >> 32));
		outcomes[1] = masked(&tests[1], low, (uint32_t)c->mask, (uint32_t)c->value);
		return;
	}
	outcomes[0] = WORD_FAILS;
}

static enum word_outcome split_narrow(const struct policy_condition *c, struct word_test *test)
{
	uint32_t value = (uint32_t)c->value, last = UINT32_MAX;
	uint8_t word = GRAPH_LOW(c->arg);

	switch ((enum policy_op)c->op) {
	case POLICY_NE:
		*test = (struct word_test){WORD_OUT, word, false, value, value};
		return WORD_REMAINS;
	case POLICY_LT:
		return value ? in_range(test, word, 0, value - 1) : WORD_FAILS;
	case POLICY_LE:
		return in_range(test, word, 0, value);
	case POLICY_GE:
		return in_range(test, word, value, last);
	case POLICY_GT:
		return value != last ? in_range(test, word, value + 1, last) : WORD_FAILS;
	case POLICY_EQ:
	case POLICY_MASKED_EQ:
		return masked(test, word, (uint32_t)c->mask, value);
	}
	return WORD_FAILS;
}

enum word_outcome word_test_split(const struct policy_condition *condition, const struct arch *arch,
                                  struct word_test ret_tests[2], uint32_t *ret_count)
{
	struct word_test tests[2];
	enum word_outcome outcomes[2] = {WORD_HOLDS, WORD_HOLDS};

	*ret_count = 0;
	if (arch->word_bits == 64)
		split_wide(condition, tests, outcomes);
	else
		outcomes[0] = split_narrow(condition, &tests[0]);
	for (int i = 0; i < 2; i++) {
		if (outcomes[i] == WORD_FAILS)
			return WORD_FAILS;
		if (outcomes[i] == WORD_REMAINS)
			ret_tests[(*ret_count)++] = tests[i];
	}
	return *ret_count ? WORD_REMAINS : WORD_HOLDS;
}

static uint32_t cut_range(uint32_t first, uint32_t last, uint32_t cuts[2])
{
	uint32_t count = 0;

	if (first > 0)
		cuts[count++] = first;
	if (last < UINT32_MAX)
		cuts[count++] = last + 1;
	return count;
}

uint32_t word_test_cuts(const struct word_test *test, uint8_t word, uint32_t ret_cuts[2])
{
	bool on_low = test->word != word;

	switch ((enum word_kind)test->kind) {
	case WORD_IN:
	case WORD_OUT:
		return cut_range(test->a, test->b, ret_cuts);
	case WORD_BITS:
		return 0;
	case WORD_GE:
	case WORD_LT:
		return on_low ? cut_range(test->b, UINT32_MAX, ret_cuts)
		              : cut_range(test->a, test->a, ret_cuts);
	case WORD_NE:
		return on_low ? cut_range(test->b, test->b, ret_cuts) : cut_range(test->a, test->a, ret_cuts);
	}
	return 0;
}

void word_test_hull(const struct word_test *test, uint8_t word, uint32_t *first, uint32_t *last)
{
	bool on_high = test->word == word;

	if ((test->kind == WORD_IN || (test->kind == WORD_GE && on_high)) && *first < test->a)
		*first = test->a;
	if (test->kind == WORD_IN && *last > test->b)
		*last = test->b;
	if (test->kind == WORD_LT && on_high && *last > test->a)
		*last = test->a;
}

static enum word_outcome not_equal(struct word_test *test, uint8_t word, uint32_t value)
{
	*test = (struct word_test){WORD_OUT, word, false, value, value};
	return WORD_REMAINS;
}

static enum word_outcome know_high(const struct word_test *test, uint32_t value, struct word_test *rest)
{
	uint8_t low = (uint8_t)(test->word + 1);

	if (value != test->a)
		return test->kind == WORD_NE || (value > test->a) == (test->kind == WORD_GE) ? WORD_HOLDS
		                                                                             : WORD_FAILS;
	if (test->kind == WORD_GE)
		return in_range(rest, low, test->b, UINT32_MAX);
	if (test->kind == WORD_LT)
		return in_range(rest, low, 0, test->b - 1);
	return not_equal(rest, low, test->b);
}

static enum word_outcome know_low_plainly(const struct word_test *test, uint32_t value,
                                          struct word_test *rest)
{
	if (test->kind == WORD_GE)
		return in_range(rest, test->word, value >= test->b ? test->a : test->a + 1, UINT32_MAX);
	if (test->kind == WORD_LT)
		return in_range(rest, test->word, 0, value < test->b ? test->a : test->a - 1);
	return value == test->b ? not_equal(rest, test->word, test->a) : WORD_HOLDS;
}

static enum word_outcome know_low(const struct word_test *test, uint32_t value, struct word_test *rest)
{
	enum word_outcome outcome = know_low_plainly(test, value, rest);

	if (outcome == WORD_REMAINS)
		rest->urgent = true;
	return outcome;
}

enum word_outcome word_test_know(const struct word_test *test, uint8_t word, uint32_t first, uint32_t last,
                                 struct word_test *ret_test)
{
	bool inside = test->a <= first && first <= test->b;

	if (word_test_is_wide(test))
		return test->word == word ? know_high(test, first, ret_test)
		                          : know_low(test, first, ret_test);
	if (test->kind == WORD_IN)
		return inside ? WORD_HOLDS : WORD_FAILS;
	if (test->kind == WORD_OUT)
		return inside ? WORD_FAILS : WORD_HOLDS;
	if (first == last)
		return (first & test->a) == test->b ? WORD_HOLDS : WORD_FAILS;
	*ret_test = *test;
	return WORD_REMAINS;
}

enum word_outcome word_test_know_bits(const struct word_test *test, const struct word_test *known, bool holds)
{
	uint32_t common = test->a & known->a;
	bool agree = (test->b & common) == (known->b & common);

	if (test->kind != WORD_BITS || test->word != known->word)
		return WORD_REMAINS;
	if (holds && !agree)
		return WORD_FAILS;
	if (holds && common == test->a)
		return WORD_HOLDS;
	if (!holds && agree && common == known->a)
		return WORD_FAILS;
	return WORD_REMAINS;
}
