#include "compile/rules.h"

#include <stdlib.h>
#include <string.h>

#include "compile/chain.h"
#include "compile/partition.h"
#include "compile/rules_memo.h"

/* Work per test of a list before it is given up as too tangled. */
enum { BUDGET_FLOOR = 1 << 14, BUDGET_PER_TEST = 64 };

/* A list on the stack: [start, start + count). */
struct list {
	size_t start, count;
};

static const struct form **forms_of(struct rules *rules, struct list list)
{
	return rules->stack.items + list.start;
}

static struct graph_id fail(struct rules *rules)
{
	rules->graph->failed = true;
	return (struct graph_id){0};
}

/* What stands before the rule that matches always, and has its action, says nothing. */
static size_t simplify(const struct form **forms, size_t count)
{
	while (count >= 2 && forms[count - 2]->action == forms[count - 1]->action) {
		forms[count - 2] = forms[count - 1];
		count--;
	}
	return count;
}

/* Appends what is left of a form; true if nothing behind it can be reached any more. */
static bool push(struct rules *rules, const struct form *form)
{
	if (!form)
		return false;
	if (!vec_push(&rules->stack, form))
		rules->graph->failed = true;
	return form->count == 0;
}

static struct graph_id build(struct rules *rules, struct list list);

static struct graph_id pop_and_build(struct rules *rules, size_t start)
{
	struct list list = {start, rules->stack.count - start};

	if (rules->graph->failed || rules->forms->failed || !list.count)
		return fail(rules);
	list.count = simplify(forms_of(rules, list), list.count);
	struct graph_id id = build(rules, list);
	rules->stack.count = start;
	return id;
}

static struct graph_id split_bits(struct rules *rules, struct list list, const struct word_test *test)
{
	struct graph_id sides[2];

	for (int holds = 0; holds < 2; holds++) {
		size_t start = rules->stack.count;
		for (size_t i = 0; i < list.count; i++)
			if (push(rules, form_know_bits(rules->forms, forms_of(rules, list)[i], test, holds)))
				break;
		sides[holds] = pop_and_build(rules, start);
	}
	return graph_bits(rules->graph, test->word, test->a, test->b, sides[1], sides[0]);
}

static struct graph_id split_word(struct rules *rules, struct list list, struct partition *partition)
{
	for (size_t i = 0; i < partition->edge_count; i++) {
		struct graph_edge *edge = &partition->edges[i];
		uint32_t last = i + 1 < partition->edge_count ? edge[1].first - 1 : UINT32_MAX;
		size_t start = rules->stack.count, alive = partition_enter(partition, i);
		for (size_t j = 0; j < alive; j++) {
			const struct form *form = forms_of(rules, list)[partition_alive(partition, j)];
			if (push(rules, form_know(rules->forms, form, partition->word, edge->first, last)))
				break;
		}
		edge->weight = (uint32_t)alive;
		edge->child = pop_and_build(rules, start);
	}
	return graph_switch(rules->graph, partition->word, partition->edges, partition->edge_count);
}

/* The word of the first rule that most rules look at: sharing begins at the top. */
static uint8_t choose_word(struct rules *rules, struct list list)
{
	size_t seen[GRAPH_WORDS] = {0};
	const struct form *first = forms_of(rules, list)[0];
	uint8_t best = GRAPH_WORDS;

	for (size_t i = 0; i < list.count; i++) {
		const struct form *form = forms_of(rules, list)[i];
		for (uint32_t j = 0; j < form->count; j++) {
			seen[form->tests[j].word]++;
			if (word_test_is_wide(&form->tests[j]))
				seen[form->tests[j].word + 1]++;
		}
	}
	for (int i = 0; i < GRAPH_WORDS - GRAPH_ARGS; i++) {
		uint8_t word = (uint8_t)(GRAPH_ARGS + (rules->low_first ? i ^ 1 : i));
		bool read = false;
		for (uint32_t j = 0; j < first->count; j++)
			read |= word_test_reads(&first->tests[j], word);
		if (read && (best == GRAPH_WORDS || seen[word] > seen[best]))
			best = word;
	}
	return best;
}

static const struct word_test *bits_on(const struct form *form, uint8_t word)
{
	for (uint32_t i = 0; i < form->count; i++)
		if (form->tests[i].kind == WORD_BITS && form->tests[i].word == word)
			return &form->tests[i];
	return NULL;
}

static struct graph_id split(struct rules *rules, struct list list)
{
	uint8_t word = choose_word(rules, list);
	struct partition partition;
	struct graph_id id;

	if (!partition_start(&partition, word, forms_of(rules, list), list.count))
		return fail(rules);
	if (partition.work > rules->budget) {
		id = chain_graph(rules->graph, forms_of(rules, list), list.count);
	} else {
		rules->budget -= partition.work;
		if (partition.edge_count == 1)
			id = split_bits(rules, list, bits_on(forms_of(rules, list)[0], word));
		else
			id = split_word(rules, list, &partition);
	}
	partition_finish(&partition);
	return id;
}

static struct graph_id build(struct rules *rules, struct list list)
{
	const struct form *const *forms = forms_of(rules, list);
	struct graph_id id;

	if (forms[0]->count == 0)
		return graph_leaf(rules->graph, forms[0]->action);
	if (rules_memo_find(rules->memo, forms, list.count, &id))
		return id;
	id = split(rules, list);
	if (!rules_memo_add(&rules->memo, rules->arena, forms_of(rules, list), list.count, id))
		return fail(rules);
	return id;
}

struct graph_id rules_graph(struct rules *rules, const struct form *const *forms, size_t count)
{
	size_t start = rules->stack.count;

	rules->budget = BUDGET_FLOOR;
	for (size_t i = 0; i < count; i++) {
		rules->budget += BUDGET_PER_TEST * (size_t)(forms[i]->count + 1);
		if (push(rules, forms[i]))
			break;
	}
	return pop_and_build(rules, start);
}

void rules_finish(struct rules *rules)
{
	vec_finish(&rules->stack);
	rules_memo_free(rules->memo);
	rules->memo = NULL;
}
