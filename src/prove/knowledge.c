#include "prove/knowledge.h"

enum { TRIMMED_MOST = 64 };

static bool is_excluded(const struct knowledge_base *b, const struct knowledge *k, const struct knowledge_test *test)
{
	for (uint32_t i = k->excluded; i; i = b->exclusions.items[i - 1].older) {
		const struct knowledge_test *e = &b->exclusions.items[i - 1].test;
		if (e->word == test->word && !(e->mask & ~test->mask) && (test->value & e->mask) == e->value)
			return true;
	}
	return false;
}

enum interval_answer knowledge_decide(struct knowledge_base *b, const struct knowledge *k,
                                      const struct knowledge_test *test)
{
	const struct knowledge_word *n = &k->words[test->word];

	b->steps++;
	if (test->order)
		return interval_compare(BPF_JGE, n->first, n->last, test->value);
	if ((test->value ^ n->value) & test->mask & n->mask || test->value > n->last ||
	    (test->value | (~test->mask & INPUT_WORD_MAX)) < n->first)
		return INTERVAL_FALSE;
	if (!(test->mask & ~n->mask))
		return INTERVAL_TRUE;
	return is_excluded(b, k, test) ? INTERVAL_FALSE : INTERVAL_EITHER;
}

/* What the interval says about bits, and the bits about the interval. false where no number is left. */
static bool refine(struct knowledge_word *n)
{
	uint32_t most = n->value | (~n->mask & INPUT_WORD_MAX);

	if (n->first < n->value)
		n->first = n->value;
	if (n->last > most)
		n->last = most;
	if (n->first > n->last)
		return false;
	uint32_t differ = n->first ^ n->last;
	uint32_t same = INPUT_WORD_MAX & ~(differ ? UINT32_MAX >> __builtin_clz(differ) : 0);
	if ((n->first ^ n->value) & same & n->mask)
		return false;
	n->value |= n->first & same;
	n->mask |= same;
	return true;
}

static void exclude(struct knowledge_base *b, struct knowledge *k, const struct knowledge_test *test)
{
	uint32_t older = k->excluded, count = older ? b->exclusions.items[older - 1].count + 1 : 1;

	if (vec_push_in(&b->exclusions, b->arena, ((struct exclusion){*test, older, count})))
		k->excluded = (uint32_t)b->exclusions.count;
	else
		b->failed = true;
}

/* Takes excluded numbers off an end of the interval: a few, as there can be many. false where no number is left. */
static bool trim(struct knowledge_base *b, const struct knowledge *k, struct knowledge_word *n,
                 struct knowledge_test test, bool is_first)
{
	test.order = false;
	test.mask = INPUT_WORD_MAX;
	for (int i = 0; i < TRIMMED_MOST; i++, b->steps++) {
		test.value = is_first ? n->first : n->last;
		if (!is_excluded(b, k, &test))
			return i == 0 || refine(n);
		if (n->first == n->last)
			return false;
		n->first += is_first;
		n->last -= !is_first;
	}
	return refine(n);
}

bool knowledge_assume(struct knowledge_base *b, struct knowledge *k, const struct knowledge_test *test, bool holds)
{
	struct knowledge_word *n = &k->words[test->word];
	const struct knowledge_word before = *n;

	if (test->order && holds) {
		n->first = test->value;
	} else if (test->order) {
		n->last = test->value - 1;
	} else if (holds) {
		n->mask |= test->mask;
		n->value |= test->value;
	} else if (!(test->mask & (test->mask - 1))) {
		n->mask |= test->mask;
		n->value |= test->value ^ test->mask;
	} else if (test->mask == INPUT_WORD_MAX && test->value == n->first) {
		n->first++;
	} else if (test->mask == INPUT_WORD_MAX && test->value == n->last) {
		n->last--;
	} else {
		exclude(b, k, test);
		return true;
	}
	if (!refine(n))
		return false;
	/* Numbers that are equal to something excluded are not undecided. */
	return !k->excluded || (holds && !test->order) ||
	       ((n->first == before.first || trim(b, k, n, *test, true)) &&
	        (n->last == before.last || trim(b, k, n, *test, false)));
}

/* What both exclude: the older part that they share. */
static uint32_t shared_exclusions(const struct knowledge_base *b, uint32_t one, uint32_t other)
{
	while (one != other) {
		const struct exclusion *x = one ? &b->exclusions.items[one - 1] : NULL;
		const struct exclusion *y = other ? &b->exclusions.items[other - 1] : NULL;
		if (!y || (x && x->count >= y->count))
			one = x->older;
		else
			other = y->older;
	}
	return one;
}

void knowledge_join(const struct knowledge_base *b, struct knowledge *k, const struct knowledge *other)
{
	for (size_t i = 0; i < KNOWLEDGE_WORDS; i++) {
		struct knowledge_word *n = &k->words[i];
		const struct knowledge_word *o = &other->words[i];
		n->first = n->first < o->first ? n->first : o->first;
		n->last = n->last > o->last ? n->last : o->last;
		n->mask &= o->mask & ~(n->value ^ o->value);
		n->value &= n->mask;
	}
	k->excluded = shared_exclusions(b, k->excluded, other->excluded);
}

/* ---- conditions ---- */

static struct knowledge_test half_test(const struct knowledge_base *b, unsigned arg, bool high, bool order,
                                       uint64_t mask, uint64_t value)
{
	unsigned shift = high ? INPUT_WORD_BITS : 0;

	return (struct knowledge_test){(uint8_t)(2 * arg + (high != b->big_endian)), order,
	                               (uint32_t)(mask >> shift) & INPUT_WORD_MAX,
	                               (uint32_t)(value >> shift) & INPUT_WORD_MAX};
}

/* All of the masked argument is equal to the value. If that is undecided, so is *test. */
static enum interval_answer decide_equal(struct knowledge_base *b, const struct knowledge *k, unsigned arg,
                                         uint64_t mask, uint64_t value, struct knowledge_test *test)
{
	enum interval_answer result = INTERVAL_TRUE;

	/* The low half first, which says no more often; and an undecided one is tested before the high half. */
	for (int high = 0; high < 2; high++) {
		struct knowledge_test half = half_test(b, arg, high, false, mask, value);
		enum interval_answer answer = half.mask ? knowledge_decide(b, k, &half) : INTERVAL_TRUE;
		if (answer == INTERVAL_FALSE)
			return answer;
		if (answer == INTERVAL_EITHER && result == INTERVAL_TRUE) {
			*test = half;
			result = answer;
		}
	}
	return result;
}

static enum interval_answer decide_order(struct knowledge_base *b, const struct knowledge *k,
                                         struct knowledge_test test, struct knowledge_test *ret_test)
{
	enum interval_answer answer = test.value ? knowledge_decide(b, k, &test) : INTERVAL_TRUE;

	if (answer == INTERVAL_EITHER)
		*ret_test = test;
	return answer;
}

/* Is the argument, or its low half where the word is that, at least the value? */
static enum interval_answer decide_at_least(struct knowledge_base *b, const struct knowledge *k, unsigned arg,
                                            uint64_t word, uint64_t value, struct knowledge_test *test)
{
	struct knowledge_test high = half_test(b, arg, true, true, 0, value);
	enum interval_answer low = decide_order(b, k, half_test(b, arg, false, true, 0, value), test);

	if (!(word >> INPUT_WORD_BITS))
		return low;
	/* With a high half like the value's the low one decides. */
	enum interval_answer equal_or_above = low == INTERVAL_FALSE ? low : decide_order(b, k, high, test),
	                     above = INTERVAL_FALSE;
	if (high.value++ < INPUT_WORD_MAX && low != INTERVAL_TRUE)
		above = decide_order(b, k, high, test);
	return low == INTERVAL_TRUE                              ? equal_or_above
	       : low == INTERVAL_FALSE || above == INTERVAL_TRUE ? above
	       : equal_or_above == INTERVAL_FALSE                ? INTERVAL_FALSE
	                                                         : INTERVAL_EITHER;
}

enum interval_answer knowledge_condition(struct knowledge_base *b, const struct knowledge *k,
                                         const struct policy_condition *c, struct knowledge_test *test)
{
	uint64_t word = c->mask & b->word;

	switch ((enum policy_op)c->op) {
	case POLICY_EQ:
	case POLICY_MASKED_EQ:
		return decide_equal(b, k, c->arg, word, c->value, test);
	case POLICY_NE:
		return knowledge_negated(decide_equal(b, k, c->arg, word, c->value, test));
	case POLICY_GE:
		return decide_at_least(b, k, c->arg, word, c->value, test);
	case POLICY_LT:
		return knowledge_negated(decide_at_least(b, k, c->arg, word, c->value, test));
	default:
		break;
	}
	enum interval_answer above =
	    c->value >= word ? INTERVAL_FALSE : decide_at_least(b, k, c->arg, word, c->value + 1, test);
	return c->op == POLICY_GT ? above : knowledge_negated(above);
}
