/*
 * From an ordered list of rules to a graph: one word at a time, remembering every list that has been met.
 */
#ifndef CALLGATE_COMPILE_RULES_H
#define CALLGATE_COMPILE_RULES_H

#include "compile/form.h"
#include "compile/graph.h"
#include "compile/popularity.h"

struct rules_memo;

/* Which word is asked next. */
enum rules_order {
	RULES_RARE_FIRST, /* what few rules of the policy ask, so that the rest are tails that many rules share */
	RULES_COMMON_FIRST, /* what most rules of the list ask, so that they share their beginning */
	RULES_ORDERS,
};

/* Zeroed but for graph, forms, popularity, arena and one_arch means ready. */
struct rules {
	struct graph *graph;
	struct form_set *forms;
	struct arena *arena;
	const struct popularity *popularity;
	struct rules_memo *memo[RULES_ORDERS]; /* by list of forms */
	ARENA_VEC(const struct form *) stack;  /* the lists of the calls that are under way */
	size_t budget; /* work left for the present list; when it runs out, a plain chain of rules will do */
	size_t
	    spent; /* of what the policy has to spare for lists that need more than their tests are worth */
	enum rules_order order;
	bool one_arch; /* the policy has no other */
};

/*
 * First match wins; the last form of the list has to match always. Sets graph->failed when memory runs out.
 * The work is bounded by a multiple of the size of the list, whatever the rules are.
 */
struct graph_id rules_graph(struct rules *rules, const struct form *const *forms, size_t count);

#endif
