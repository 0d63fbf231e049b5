/*
 * The rules as the compiler takes them apart: literals, which are comparisons of an argument said about its 32-bit
 * words; and cubes, conjunctions of literals with the node that a call goes to for which all of them hold. Each
 * different cube exists once.
 */
#ifndef CALLGATE_COMPILE_CUBE_H
#define CALLGATE_COMPILE_CUBE_H

#include "base/table.h"
#include "base/vec.h"
#include "compile/graph.h"
#include "policy/policy.h"

enum literal_kind {
	LITERAL_IN,   /* a <= word <= b; an interval that ends at 0 or UINT32_MAX is not negated */
	LITERAL_BITS, /* (word & a) == b; never negated */
	/*
	 * Wide ones need both halves: word is the high half, word + 1 the low one; a is compared with the high one, b
	 * with the low.
	 */
	LITERAL_GE, /* 0 < b; a < UINT32_MAX, and 0 < a where it is negated */
	LITERAL_EQ,
};

/*
 * No literal holds always or never. An urgent literal is the half that was left of a wide one, and is tested next:
 * everything that is tested before it would be there twice.
 */
struct literal {
	uint8_t kind;
	uint8_t word;
	bool negated, urgent;
	uint32_t a, b;
};

static inline bool literal_same(const struct literal *x, const struct literal *y)
{
	return x->kind == y->kind && x->word == y->word && x->negated == y->negated && x->urgent == y->urgent &&
	       x->a == y->a && x->b == y->b;
}

static inline bool literal_is_wide(const struct literal *literal)
{
	return literal->kind >= LITERAL_GE;
}

static inline bool literal_reads(const struct literal *literal, uint8_t word)
{
	return literal->word == word || (literal_is_wide(literal) && literal->word + 1 == word);
}

/*
 * Where the outcome may change along a word: 0 to 2 values, the firsts of intervals; 0 for a word that the literal does
 * not read.
 */
uint32_t literal_breakpoints(const struct literal *literal, uint8_t word, uint32_t ret_breakpoints[2]);

/* Narrows [first, last] to where the literal does not fail on account of this word alone. */
void literal_hull(const struct literal *literal, uint8_t word, uint32_t *first, uint32_t *last);

/* What is known of a word: its value is in [first, last], or, where `bits` is not NULL, that LITERAL_BITS' outcome. */
struct finding {
	uint8_t word;
	uint32_t first, last; /* without a breakpoint inside */
	const struct literal *bits;
	bool holds;
};

/* Equal cubes are the same pointer. */
struct cube {
	uint32_t id;
	uint32_t count; /* 0: always matches */
	struct graph_id target;
	struct literal literals[];
};

/*
 * Every cube of one compilation; zeroed but for the arena and its table's means empty. `failed` is set when memory ran
 * out; what is returned then is NULL.
 */
struct cube_set {
	struct arena *arena;
	ARENA_VEC(const struct cube *) cubes; /* by id */
	ARENA_VEC(struct literal) literals;   /* of the cube that is being made */
	struct table table;
	bool failed;
};

/* The cube with these literals. */
const struct cube *cube_make(struct cube_set *set, struct graph_id target, const struct literal *literals,
                             uint32_t count);

/* The literals of a rule, until the next cube is made; NULL if it can never match (or memory ran out). */
const struct literal *cube_literals(struct cube_set *set, const struct policy_rule *rule,
                                    const struct callgate_arch *arch, uint32_t *ret_count);

/* The cofactor of a cube: what remains of it where the finding is known; NULL if it cannot match there. */
const struct cube *cube_cofactor(struct cube_set *set, const struct cube *cube, const struct finding *finding);

/* Tests a literal. */
struct graph_id literal_graph(struct graph *graph, const struct literal *literal, struct graph_id then,
                              struct graph_id otherwise);

#endif
