/*
 * From an ordered list of cubes to a graph, by Shannon's expansion: one word at a time, the cofactors of the list in each part of the word,
 * and every list that was met is remembered.
 */
#ifndef CALLGATE_COMPILE_EXPANSION_H
#define CALLGATE_COMPILE_EXPANSION_H

#include "compile/cube.h"
#include "compile/graph.h"

/*
 * How many rules of a policy make the same test. Wide literals count as the same if their kind and high half are. Zeroed but for the
 * arena and its table's means empty.
 */
struct frequency {
	struct arena *arena;
	ARENA_VEC(struct frequency_entry) entries;
	struct table table;
};

/* Counts the literals of every rule; false when memory is out. */
bool frequency_learn(struct frequency *frequency, const struct policy *policy);

/* How often the literal was counted. */
uint32_t frequency_of(const struct frequency *frequency, const struct literal *literal);

/* One word of a list of cubes, divided at every breakpoint of theirs, and which of them are alive in each part. */
struct partition {
	uint8_t word;
	struct graph_edge *edges; /* only `first` is set */
	size_t edge_count;
	size_t work;                  /* sum over the edges of the cubes alive there */
	struct partition_span *spans; /* by first edge */
	size_t span_count, next_span;
	uint32_t *alive; /* the spans that cover the entered edge, in order of their cubes */
	size_t alive_count;
};

/* In the arena; false when memory is out. */
bool partition_start(struct partition *partition, struct arena *arena, uint8_t word,
                     const struct cube *const *cubes, size_t count);

/* Goes to an edge (0, 1, 2... in turn) and returns how many cubes are alive in it. */
size_t partition_enter(struct partition *partition, size_t edge);

/* The i-th of them, as an index of the list; ascending. A literal may fail all over the edge though its cube is alive. */
size_t partition_alive(const struct partition *partition, size_t i);

/* Which word is asked next. */
enum expansion_order {
	EXPANSION_RARE_FIRST, /* what few rules of the policy ask, so that the rest are tails that many rules share */
	EXPANSION_COMMON_FIRST, /* what most rules of the list ask, so that they share their beginning */
	EXPANSION_ORDERS,
};

/* The lists that were met, and the graph that each became. */
struct expansion_memo {
	ARENA_VEC(struct expansion_list) lists;
	struct table table;
};

struct expansion {
	struct graph *graph;
	struct arena *arena;
	struct cube_set cubes;
	struct frequency frequency;
	struct expansion_memo memo[EXPANSION_ORDERS];
	ARENA_VEC(const struct cube *) stack; /* the lists that are being taken apart, the innermost last */
	size_t budget; /* work left for the present list; when it runs out, a chain of rules will do */
	size_t
	    spent; /* of what the policy has to spare for lists that need more than their literals are worth */
	enum expansion_order order;
	bool one_arch; /* the policy has no other */
};

void expansion_init(struct expansion *expansion, struct graph *graph, struct arena *arena,
                    const struct policy *policy);

/*
 * First match wins; the last cube of the list matches always. Sets graph->failed when memory runs out. The work is bounded by a
 * multiple of the size of the list, whatever the rules are.
 */
struct graph_id expansion_graph(struct expansion *expansion, const struct cube *const *cubes, size_t count);

#endif
