/*
 * What is known of a call's arguments on the way to an instruction, and what that says about comparisons and about
 * conditions of rules.
 */
#ifndef CALLGATE_PROVE_KNOWLEDGE_H
#define CALLGATE_PROVE_KNOWLEDGE_H

#include "base/vec.h"
#include "policy/policy.h"
#include "prove/interval.h"

/* The halves of the six arguments, as a program loads them. */
enum { KNOWLEDGE_WORDS = 12 };

/* word >= value if it is an order, and otherwise (word & mask) == value. */
struct knowledge_test {
	uint8_t word;
	bool order;
	uint32_t mask, value;
};

/* A word is in [first, last], and has the bits of `value` in `mask`. */
struct knowledge_word {
	uint32_t first, last, mask, value;
};

/* May hold for more calls than those that it is meant for, and never for fewer. */
struct knowledge {
	struct knowledge_word words[KNOWLEDGE_WORDS];
	uint32_t excluded; /* index + 1 of the newest exclusion */
};

/* A test, no order, that is known not to hold, the index + 1 of an older one, and how many there are with those. */
struct exclusion {
	struct knowledge_test test;
	uint32_t older, count;
};

/* What all knowledge of one call shares. Counts steps; `failed` stays true when memory ran out. */
struct knowledge_base {
	struct arena *arena;
	bool big_endian;
	uint64_t word; /* the bits of an argument that rules look at */
	ARENA_VEC(struct exclusion) exclusions;
	size_t steps;
	bool failed;
};

static inline struct knowledge knowledge_none(void)
{
	struct knowledge k = {.excluded = 0};

	for (size_t i = 0; i < KNOWLEDGE_WORDS; i++)
		k.words[i].last = INPUT_WORD_MAX;
	return k;
}

/* Does the test hold? */
enum interval_answer knowledge_decide(struct knowledge_base *b, const struct knowledge *k,
                                      const struct knowledge_test *test);

/* Does the condition hold? If that is undecided, so is *test, which has a part in it. */
enum interval_answer knowledge_condition(struct knowledge_base *b, const struct knowledge *k,
                                         const struct policy_condition *c, struct knowledge_test *test);

/* Adds that the test, which was undecided, holds or does not. false where no call is left. */
bool knowledge_assume(struct knowledge_base *b, struct knowledge *k, const struct knowledge_test *test, bool holds);

/* What is known of calls of either kind. */
void knowledge_join(const struct knowledge_base *b, struct knowledge *k, const struct knowledge *other);

static inline enum interval_answer knowledge_negated(enum interval_answer answer)
{
	return answer == INTERVAL_EITHER ? answer : answer == INTERVAL_TRUE ? INTERVAL_FALSE : INTERVAL_TRUE;
}

#endif
