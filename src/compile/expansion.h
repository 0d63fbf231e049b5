/*
 * From an ordered list of cubes to a graph. By Shannon's expansion: one word at a time, the cofactors of the list in
 * each part of the word, and every list that was met is remembered. Or as a mixture (mixture.c), where the expansion
 * would get longer than that.
 */
#ifndef CALLGATE_COMPILE_EXPANSION_H
#define CALLGATE_COMPILE_EXPANSION_H

#include "compile/cube.h"
#include "compile/graph.h"

/* Which word is asked next. */
enum expansion_order {
	EXPANSION_RARE_FIRST,   /* what few rules of the policy ask, so that the rest are tails that many rules share */
	EXPANSION_COMMON_FIRST, /* what most rules of the list ask, so that they share their beginning */
	EXPANSION_ORDERS,
	/* No expansion: one group of rules after the other, each looked up by one word. */
	EXPANSION_MIXTURE = EXPANSION_ORDERS,
	/* No expansion: one rule after the other. */
	EXPANSION_CHAIN,
};

/* How often there is a literal. */
struct occurrence {
	struct literal literal;
	uint32_t rules; /* of the policy that have it */
	uint32_t run;   /* the last run of cubes in which it was met */
};

struct expansion {
	struct graph *graph;
	struct arena *arena;
	struct cube_set cubes;
	ARENA_VEC(struct occurrence) occurrences;
	struct table literals;                  /* of occurrences */
	ARENA_VEC(struct expansion_list) lists; /* that were met, and the graph that each became */
	struct table table;                     /* of lists */
	ARENA_VEC(uint32_t) open;               /* room for one partition's */
	ARENA_VEC(const struct cube *) stack;   /* the lists that are being taken apart, the innermost last */
	size_t budget; /* work left for the present list; when it runs out, the expansion is given up */
	/* of what the policy has to spare for lists that need more than their literals are worth */
	size_t spent;
	enum expansion_order order;
	uint32_t common;   /* by word: whether all of the present look-up test it, and share that test */
	uint32_t run;      /* of cubes with the same target, numbered from 1 */
	bool one_arch;     /* the policy has no other */
	bool gave_up;      /* the present expansion is good for nothing */
	size_t most_edges; /* of the graph, before it is given up */
};

void expansion_init(struct expansion *expansion, struct graph *graph, struct arena *arena, const struct policy *policy);

/*
 * First match wins; the last cube of the list matches always. Sets graph->failed when memory runs out. The work is
 * bounded by a multiple of the size of the list, whatever the rules are.
 */
struct graph_id expansion_graph(struct expansion *expansion, const struct cube *const *cubes, size_t count);

/* What the files of the expansion share. */

/* A list on the stack: [start, start + count). */
struct span {
	size_t start, count;
};

static inline const struct cube **expansion_cubes(struct expansion *expansion, struct span list)
{
	return expansion->stack.items + list.start;
}

/* Notes that memory ran out. */
struct graph_id expansion_fail(struct expansion *expansion);

/*
 * Appends a cofactor to the stack, if there is one; true if it always matches, so that no cube after it can be reached.
 */
bool expansion_push(struct expansion *expansion, const struct cube *cube);

/* What is known of a literal; NULL when memory is out. Wide ones count as the same if their kind and high half are. */
struct occurrence *expansion_occurrence(struct expansion *expansion, const struct literal *literal);

/*
 * The order in which the literals of a cube are asked: first the urgent ones, then those of the cube alone, then wide
 * ones, low half first, as that mostly decides alone; then those that many rules have, in the order of their words so
 * that the tails are equal.
 */
uint32_t expansion_rank(struct expansion *expansion, const struct literal *literal);

/* A cube that is alive in an edge of a partition. */
struct living {
	uint32_t cube; /* as an index of the list */
	uint32_t next; /* in `living`, the next one in the same edge; 0: there is none */
};

/*
 * One word of a list of cubes, divided at every breakpoint of theirs, and which of them are alive in each edge: those
 * that can match there, up to the first one that always does. A literal may still fail all over the edge though its
 * cube is alive.
 */
struct partition {
	uint8_t word;
	/* until an edge is built: weight is its first one in `living`, child.index the last */
	struct graph_edge *edges;
	size_t edge_count;
	/* by edge: a later one, or itself, before which no edge is open; while the word is divided */
	uint32_t *open;
	ARENA_VEC(struct living) living; /* from 1 on */
};

/*
 * Divides the word; the work is that of all edges, but as soon as it is above `most` no cubes are added. False when
 * memory is out.
 */
bool partition_divide(struct partition *partition, struct expansion *expansion, struct span list, size_t most,
                      size_t *ret_work);

/* The switch on a divided word, with the graphs of the lists in its edges. */
struct graph_id expansion_split_word(struct expansion *expansion, struct span list, const struct partition *partition);

/* A list in linear time and size, in one of the orders that are no expansion. */
struct graph_id mixture_build(struct expansion *expansion, struct span list);

/* About how many instructions the graph after the first `before` nodes takes; SIZE_MAX when memory is out. */
size_t mixture_size(struct expansion *expansion, struct graph_id root, size_t before);

#endif
