/*
 * Lists of forms that have been met, and the graph that each became.
 */
#ifndef CALLGATE_COMPILE_RULES_MEMO_H
#define CALLGATE_COMPILE_RULES_MEMO_H

#include "base/arena.h"
#include "compile/form.h"
#include "compile/graph.h"

struct rules_memo;

/* true, and the node, if the list was added. A NULL memo is empty. */
bool rules_memo_find(const struct rules_memo *memo, const struct form *const *forms, size_t count,
                     struct graph_id *ret_id);

/* Adds a list that is not there; makes the memo when it is NULL. false when memory is out. */
bool rules_memo_add(struct rules_memo **memo, struct arena *arena, const struct form *const *forms,
                    size_t count, struct graph_id id);

#endif
