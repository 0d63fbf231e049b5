/*
 * A pass makes a new graph from an old one. The table of passes is in pass.c: a new one is a file and a row there.
 */
#ifndef CALLGATE_COMPILE_PASS_H
#define CALLGATE_COMPILE_PASS_H

#include "base/arena.h"
#include "compile/graph.h"
#include "policy/policy.h"

struct pass_input {
	const struct policy *policy;
	struct arena *arena;       /* for all graphs, and what making them takes */
	const struct graph *graph; /* what the pass before made; NULL for the first */
	struct graph_id root;
};

/* Fills `graph` (ready, empty) and returns its root; graph->failed when memory ran out. */
typedef struct graph_id pass_function(const struct pass_input *input, struct graph *graph);

struct pass {
	const char *name, *what;
	pass_function *run;
};

/* Runs a pass on a graph that it makes ready; false when memory ran out. */
bool pass_run(const struct pass *pass, const struct pass_input *input, struct graph *ret_graph,
              struct graph_id *ret_root);

/* The passes in order; the last one ends with a NULL name. */
extern const struct pass compile_passes[];

pass_function pass_rules, pass_trees;

#endif
