/*
 * Cubes: the rules as the compiler takes them apart, conjunctions of literals with an action. Each different one exists once.
 */
#ifndef CALLGATE_COMPILE_CUBE_H
#define CALLGATE_COMPILE_CUBE_H

#include "base/table.h"
#include "base/vec.h"
#include "compile/graph.h"
#include "compile/literal.h"

/* Equal cubes are the same pointer. */
struct cube {
	uint32_t id;
	uint32_t action;
	uint32_t count; /* 0: always matches */
	struct literal literals[];
};

/* Every cube of one compilation; zeroed but for the arena and its table's means empty. `failed` is set when memory ran out; what is returned then is NULL. */
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
                                const struct arch *arch);

/* The cofactor of a cube where `word` is known to be in [first, last], which has no breakpoint inside; NULL if it cannot match. */
const struct cube *cube_cofactor(struct cube_set *set, const struct cube *cube, uint8_t word, uint32_t first,
                                 uint32_t last);

/* The same where it is known whether a LITERAL_BITS holds. */
const struct cube *cube_cofactor_bits(struct cube_set *set, const struct cube *cube,
                                      const struct literal *known, bool holds);

/* Cubes as a graph that tests one after the other, in linear time and size. First match wins; the last one always matches. */
struct graph_id cube_chain(struct graph *graph, const struct cube *const *cubes, size_t count);

#endif
