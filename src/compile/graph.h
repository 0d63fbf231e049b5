/*
 * The decision graph: a function from a call to an action, as nodes that look at one 32-bit word each.
 *
 * A child's id is smaller than its parent's. The order of ids proves that the graph has no cycle, and is an order in
 * which every pass may walk. Equal nodes are the same node. Node 0 is KILL_PROCESS: a forgotten id denies.
 */
#ifndef CALLGATE_COMPILE_GRAPH_H
#define CALLGATE_COMPILE_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/seccomp.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/table.h"
#include "base/vec.h"

/* The words of a call; the halves of argument i are GRAPH_HIGH(i) and GRAPH_LOW(i). */
enum { GRAPH_ARCH, GRAPH_NR, GRAPH_ARGS, GRAPH_WORDS = GRAPH_ARGS + 12 };
#define GRAPH_HIGH(arg) ((uint8_t)(GRAPH_ARGS + 2 * (arg)))
#define GRAPH_LOW(arg)  ((uint8_t)(GRAPH_ARGS + 2 * (arg) + 1))

struct graph_id {
	uint32_t index;
};

/* An edge covers [first, the next edge's first - 1]; the first edge of a node starts at 0, the last one has no end. */
struct graph_edge {
	uint32_t first;
	struct graph_id child;
	/* how often it is taken, in a unit common to the node's edges; a hint, no part of identity */
	uint32_t weight;
};

enum graph_kind {
	GRAPH_LEAF,   /* value is the action */
	GRAPH_SWITCH, /* on the word: two edges or more, ascending, neighbours with different children */
	GRAPH_BITS,   /* whether (word & mask) == value: edge 0 when false, edge 1 when true; children differ */
};

struct graph_node {
	uint8_t kind;
	uint8_t word;
	uint32_t mask, value;
	uint32_t first_edge, edge_count; /* in graph.edges */
};

/* `failed` is set when memory ran out: every id made since is node 0, and the graph is good for nothing. */
struct graph {
	struct arena *arena; /* all of the graph is in there */
	ARENA_VEC(struct graph_node) nodes;
	ARENA_VEC(struct graph_edge) edges;
	struct table table; /* of nodes */
	/* what graph_leaf() returned last: most calls have the same action as the one before */
	struct graph_id last_leaf;
	bool failed;
};

/* An empty graph holds node 0 alone. To expect as many nodes as it gets, of three edges each, saves work. */
void graph_init(struct graph *graph, struct arena *arena, size_t expected);

/* The node of this shape, made if there is none. */
struct graph_id graph_leaf(struct graph *graph, uint32_t action);
struct graph_id graph_bits(struct graph *graph, uint8_t word, uint32_t mask, uint32_t value, struct graph_id then,
                           struct graph_id otherwise);
/*
 * Edges as above but for equal neighbours, which are merged, in place; a switch with one edge is its child. count > 0.
 */
struct graph_id graph_switch(struct graph *graph, uint8_t word, struct graph_edge *edges, size_t count);
/* [first, last] -> inside, else -> outside. */
struct graph_id graph_range(struct graph *graph, uint8_t word, uint32_t first, uint32_t last, struct graph_id inside,
                            struct graph_id outside);

/* Merges equal neighbours, adding their weights; returns how many edges are left. */
size_t graph_merge_edges(struct graph_edge *edges, size_t count);

static inline const struct graph_node *graph_at(const struct graph *graph, struct graph_id id)
{
	return &graph->nodes.items[id.index];
}

static inline const struct graph_edge *graph_edges(const struct graph *graph, struct graph_id id)
{
	return &graph->edges.items[graph->nodes.items[id.index].first_edge];
}

static inline bool graph_same(struct graph_id a, struct graph_id b)
{
	return a.index == b.index;
}

/* The child of a switch or bits node for a value of its word. */
struct graph_id graph_step(const struct graph *graph, struct graph_id id, uint32_t value);

/* The nodes that can be reached from the root: `ret_reached` has room for every node of the graph. */
void graph_reach(const struct graph *graph, struct graph_id root, bool *ret_reached);

/*
 * A node that one conditional jump (or AND and a jump) decides: if (word & mask) `op` k, then to `then`, else to
 * `otherwise`.
 */
struct graph_branch {
	uint16_t op;   /* BPF_JEQ, BPF_JGE or BPF_JSET */
	uint32_t mask; /* UINT32_MAX where no AND is needed */
	uint32_t k;
	struct graph_id then, otherwise;
};

/* false if the node is a leaf or a switch that one comparison cannot decide. */
bool graph_branch_of(const struct graph *graph, struct graph_id id, struct graph_branch *ret_branch);

/*
 * Does every invariant hold, and is every node a leaf or a branch, if that is asked? 0, or -EINVAL with a text that
 * names the first node that breaks one.
 */
__attribute__((cold)) int graph_verify(const struct graph *graph, bool is_of_branches, struct diag *diag);

#endif
