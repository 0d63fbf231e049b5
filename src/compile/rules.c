#include "compile/rules.h"

#include "compile/chain.h"
#include "compile/partition.h"
#include "compile/rules_memo.h"

/*
 * Work per test of a list before it is given up as too tangled, and what lists that need more may have of all that the policy has to
 * spare.
 */
enum { BUDGET_PER_TEST = 2, BUDGET_EXTRA = 1 << 14, BUDGET_SPARE = 1 << 17 };

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
	if (!vec_push_in(&rules->stack, rules->arena, form))
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

/* The word of the first rule that most rules look at. */
static uint8_t most_common_word(struct rules *rules, struct list list)
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
	for (uint8_t word = GRAPH_ARGS; word < GRAPH_WORDS; word++) {
		bool read = false;
		for (uint32_t j = 0; j < first->count; j++)
			read |= word_test_reads(&first->tests[j], word);
		if (read && (best == GRAPH_WORDS || seen[word] > seen[best]))
			best = word;
	}
	return best;
}

enum { LEAST_TAIL = 2 };

/*
 * The order in which the tests of a rule are made: those of its own, then wide ones, low half first: it mostly decides
 * alone; then those that many rules make, in the order of their words so that the tails are equal.
 */
static uint32_t lateness(const struct rules *rules, const struct word_test *test)
{
	uint32_t popularity;

	if (test->urgent)
		return 0;
	if (word_test_is_wide(test))
		return 2;
	popularity = popularity_of(rules->popularity, test);
	return popularity < LEAST_TAIL ? 1 : 2 + popularity;
}

static uint8_t rarest_word(struct rules *rules, struct list list)
{
	const struct form *first = forms_of(rules, list)[0];
	uint32_t best = UINT32_MAX;
	uint8_t word = GRAPH_WORDS;

	for (uint32_t i = 0; i < first->count; i++) {
		const struct word_test *test = &first->tests[i];
		uint32_t late = lateness(rules, test);
		uint8_t its = (uint8_t)(test->word + word_test_is_wide(test));
		if (late < best || (late == best && its < word)) {
			best = late;
			word = its;
		}
	}
	return word;
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
	uint8_t word = (rules->order == RULES_RARE_FIRST ? rarest_word : most_common_word)(rules, list);
	struct partition partition;
	struct graph_id id;

	if (!partition_start(&partition, word, forms_of(rules, list), list.count))
		return fail(rules);
	if (partition.edge_count == 1)
		partition.work *= 2;
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
	if (rules_memo_find(rules->memo[rules->order], forms, list.count, &id))
		return id;
	id = split(rules, list);
	if (!rules_memo_add(&rules->memo[rules->order], rules->arena, forms_of(rules, list), list.count, id))
		return fail(rules);
	return id;
}

/* What the nodes made since would cost if each were a program of its own: loads and comparisons. */
struct price {
	size_t nodes, cost;
};

static struct price price_since(const struct graph *graph, size_t nodes)
{
	struct price price = {0, 0};

	for (; nodes < graph->nodes.count; nodes++) {
		bool is_leaf = graph->nodes.items[nodes].kind == GRAPH_LEAF;
		price.nodes += !is_leaf;
		price.cost += is_leaf ? 0 : graph->nodes.items[nodes].edge_count;
	}
	return price;
}

static struct graph_id build_in_order(struct rules *rules, enum rules_order order,
                                      const struct form *const *forms, size_t count, struct price *ret_price)
{
	size_t start = rules->stack.count, nodes = rules->graph->nodes.count;

	size_t spare = BUDGET_SPARE - rules->spent;
	size_t extra = spare < BUDGET_EXTRA ? spare : BUDGET_EXTRA;

	rules->order = order;
	rules->budget = extra;
	for (size_t i = 0; i < count; i++) {
		rules->budget += BUDGET_PER_TEST * (size_t)(forms[i]->count + 1);
		if (push(rules, forms[i]))
			break;
	}
	struct graph_id id = pop_and_build(rules, start);
	rules->spent += rules->budget < extra ? extra - rules->budget : 0;
	*ret_price = price_since(rules->graph, nodes);
	return id;
}

/* How many words the rules look at. */
static size_t words_of(const struct form *const *forms, size_t count)
{
	uint32_t words = 0;

	for (size_t i = 0; i < count; i++)
		for (uint32_t j = 0; j < forms[i]->count; j++)
			words |= (word_test_is_wide(&forms[i]->tests[j]) ? 3u : 1u)
			         << forms[i]->tests[j].word;
	return (size_t)__builtin_popcount(words);
}

/*
 * Where one order looks at no word twice, another can do better only by what it shares with other architectures, whose words are
 * narrower.
 */
struct graph_id rules_graph(struct rules *rules, const struct form *const *forms, size_t count)
{
	struct graph_id best = {0};
	struct price least = {SIZE_MAX, SIZE_MAX}, price;

	if (forms[0]->count == 0)
		return graph_leaf(rules->graph, forms[0]->action);
	for (int order = 0; order < RULES_ORDERS; order++) {
		struct graph_id id = build_in_order(rules, (enum rules_order)order, forms, count, &price);
		if (price.cost < least.cost) {
			least = price;
			best = id;
		}
		if (rules->one_arch && least.nodes <= words_of(forms, count))
			break;
	}
	return best;
}
