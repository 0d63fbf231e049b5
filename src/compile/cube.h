/*
 * The rules as the compiler takes them apart: literals, which are comparisons of an argument said about its 32-bit words; and cubes,
 * conjunctions of literals with an action. Each different cube exists once.
 */
#ifndef CALLGATE_COMPILE_CUBE_H
#define CALLGATE_COMPILE_CUBE_H

#include "base/table.h"
#include "base/vec.h"
#include "compile/graph.h"
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

/*
 * No literal holds always or never. An urgent one is the half that was left of a wide one: it is asked next, lest all that follows is
 * doubled.
 */
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

/* What becomes of a literal when something gets known: it holds, it fails, or a literal (another one, maybe) remains. */
enum literal_outcome { LITERAL_FAILS, LITERAL_HOLDS, LITERAL_REMAINS };

/*
 * The literals whose conjunction is the condition: their count, 0 to 2. LITERAL_FAILS if it never holds (the literals are then
 * meaningless), else LITERAL_HOLDS if the count is 0, else LITERAL_REMAINS.
 */
enum literal_outcome literal_split(const struct policy_condition *condition, const struct callgate_arch *arch,
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

/* Equal cubes are the same pointer. */
struct cube {
	uint32_t id;
	uint32_t action;
	uint32_t count; /* 0: always matches */
	struct literal literals[];
};

/*
 * Every cube of one compilation; zeroed but for the arena and its table's means empty. `failed` is set when memory ran out; what is
 * returned then is NULL.
 */
struct cube_set {
	struct arena *arena;
	ARENA_VEC(const struct cube *) cubes; /* by id */
	ARENA_VEC(struct literal) literals;   /* of the cube that is being made */
	struct table table;
	bool failed;
};

/* The cube with these literals. */
const struct cube *cube_make(struct cube_set *set, uint32_t action, const struct literal *literals,
                             uint32_t count);

/* The cube of a rule; NULL if it can never match (or memory ran out). */
const struct cube *cube_of_rule(struct cube_set *set, const struct policy_rule *rule,
                                const struct callgate_arch *arch);

/* The cofactor of a cube where `word` is known to be in [first, last], which has no breakpoint inside; NULL if it cannot match. */
const struct cube *cube_cofactor(struct cube_set *set, const struct cube *cube, uint8_t word, uint32_t first,
                                 uint32_t last);

/* The cofactor of a cube where it is known whether a LITERAL_BITS holds. */
const struct cube *cube_cofactor_bits(struct cube_set *set, const struct cube *cube,
                                      const struct literal *known, bool holds);

/* Cubes as a graph that tests one after the other, in linear time and size. First match wins; the last one always matches. */
struct graph_id cube_chain(struct graph *graph, const struct cube *const *cubes, size_t count);

#endif
