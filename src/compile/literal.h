/*
 * Literals: a comparison of a 64-bit argument, said about its 32-bit words.
 */
#ifndef CALLGATE_COMPILE_LITERAL_H
#define CALLGATE_COMPILE_LITERAL_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/policy.h"

enum literal_kind {
	LITERAL_IN,   /* a <= word <= b */
	LITERAL_OUT,  /* the opposite */
	LITERAL_BITS, /* (word & a) == b */
	/* Wide ones need both halves: word is the high half, word + 1 the low one; a is compared with the high one, b with the low. */
	LITERAL_GE, /* 0 < b, a < UINT32_MAX */
	LITERAL_LT, /* 0 < b, 0 < a */
	LITERAL_NE,
};

/* Never one that always or never holds. An urgent one is the half that was left of a wide one: it is asked next, lest all that follows is doubled. */
struct literal {
	uint8_t kind;
	uint8_t word;
	bool urgent;
	uint32_t a, b;
};

static inline bool literal_same(const struct literal *x, const struct literal *y)
{
	return x->kind == y->kind && x->word == y->word && x->urgent == y->urgent && x->a == y->a &&
	       x->b == y->b;
}

/* What a literal is once something is known: true, false, or a literal (another one, maybe). */
enum literal_outcome { LITERAL_FAILS, LITERAL_HOLDS, LITERAL_REMAINS };

/*
 * The literals whose conjunction is the condition: their count, 0 to 2. LITERAL_FAILS if it never holds (the literals are then
 * meaningless), else LITERAL_HOLDS if the count is 0, else LITERAL_REMAINS.
 */
enum literal_outcome literal_split(const struct policy_condition *condition, const struct arch *arch,
                                   struct literal ret_literals[2], uint32_t *ret_count);

static inline bool literal_is_wide(const struct literal *literal)
{
	return literal->kind >= LITERAL_GE;
}

static inline bool literal_reads(const struct literal *literal, uint8_t word)
{
	return literal->word == word || (literal_is_wide(literal) && literal->word + 1 == word);
}

/* Where the outcome may change along a word that the literal reads: 0 to 2 values, the firsts of intervals. */
uint32_t literal_breakpoints(const struct literal *literal, uint8_t word, uint32_t ret_breakpoints[2]);

/* Narrows [first, last] to where the literal does not fail on account of this word alone. */
void literal_hull(const struct literal *literal, uint8_t word, uint32_t *first, uint32_t *last);

/* The cofactor: the literal where a word that it reads is known to be in [first, last], which has no breakpoint inside. */
enum literal_outcome literal_cofactor(const struct literal *literal, uint8_t word, uint32_t first,
                                      uint32_t last, struct literal *ret_literal);

/* The cofactor where it is known whether `known`, a LITERAL_BITS, holds. */
enum literal_outcome literal_cofactor_bits(const struct literal *literal, const struct literal *known,
                                           bool holds);

#endif
