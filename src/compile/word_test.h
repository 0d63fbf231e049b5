/*
 * One comparison of a 64-bit argument, said about its 32-bit words.
 */
#ifndef CALLGATE_COMPILE_WORD_TEST_H
#define CALLGATE_COMPILE_WORD_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/policy.h"

enum word_kind {
	WORD_IN,   /* a <= word <= b */
	WORD_OUT,  /* the opposite */
	WORD_BITS, /* (word & a) == b */
	/* Both halves are needed: word is the high half, word + 1 the low one; a is compared with the high one, b with the low. */
	WORD_GE, /* 0 < b, a < UINT32_MAX */
	WORD_LT, /* 0 < b, 0 < a */
	WORD_NE,
};

/* Never one that always or never holds. */
struct word_test {
	uint8_t kind;
	uint8_t word;
	bool
	    urgent; /* the half that was left of a wide test: to be asked next, lest all that follows is doubled */
	uint32_t a, b;
};

static inline bool word_test_same(const struct word_test *x, const struct word_test *y)
{
	return x->kind == y->kind && x->word == y->word && x->urgent == y->urgent && x->a == y->a &&
	       x->b == y->b;
}

/* What became of a test: it holds, it fails, or it is (another) test. */
enum word_outcome { WORD_FAILS, WORD_HOLDS, WORD_REMAINS };

/*
 * The tests that say the same as the condition together: their count, 0 to 2. WORD_FAILS if it never holds (the tests
 * are then meaningless), else WORD_HOLDS if the count is 0, else WORD_REMAINS.
 */
enum word_outcome word_test_split(const struct policy_condition *condition, const struct arch *arch,
                                  struct word_test ret_tests[2], uint32_t *ret_count);

static inline bool word_test_is_wide(const struct word_test *test)
{
	return test->kind >= WORD_GE;
}

static inline bool word_test_reads(const struct word_test *test, uint8_t word)
{
	return test->word == word || (word_test_is_wide(test) && test->word + 1 == word);
}

/* Where the outcome of a test may change along its word: 0 to 2 values, the firsts of intervals. */
uint32_t word_test_cuts(const struct word_test *test, uint8_t word, uint32_t ret_cuts[2]);

/* Narrows [first, last] to where the test does not fail on account of this word alone. */
void word_test_hull(const struct word_test *test, uint8_t word, uint32_t *first, uint32_t *last);

/* The test, once the word is known to be in [first, last], which no cut divides. */
enum word_outcome word_test_know(const struct word_test *test, uint8_t word, uint32_t first, uint32_t last,
                                 struct word_test *ret_test);

/* The test, once it is known whether `known`, a WORD_BITS test, holds. */
enum word_outcome word_test_know_bits(const struct word_test *test, const struct word_test *known,
                                      bool holds);

#endif
