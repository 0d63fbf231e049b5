/*
 * From an ordered list of rules to a graph: one word at a time, remembering every list that has been met.
 */
#ifndef CALLGATE_COMPILE_RULES_H
#define CALLGATE_COMPILE_RULES_H

#include "compile/form.h"
#include "compile/graph.h"

struct rules_memo;

/* Zeroed but for graph, forms and arena means ready. */
struct rules {
	struct graph *graph;
	struct form_set *forms;
	struct arena *arena;
	struct rules_memo *memo;        /* by list of forms */
	VEC(const struct form *) stack; /* the lists of the calls that are under way */
	size_t budget;  /* work left for the present list; when it runs out, a plain chain of rules will do */
	bool low_first; /* prefer the low halves of arguments */
};

void rules_finish(struct rules *rules);

/*
 * First match wins; the last form of the list has to match always. Sets graph->failed when memory runs out.
 * The work is bounded by a multiple of the size of the list, whatever the rules are.
 */
struct graph_id rules_graph(struct rules *rules, const struct form *const *forms, size_t count);

#endif
