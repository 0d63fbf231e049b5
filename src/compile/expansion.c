#include "compile/expansion.h"

#include <assert.h>
#include <string.h>

/*
 * A list is given up as too tangled, and becomes a chain, when its expansion takes more work than this for each literal, and more than its
 * share of what the policy has to spare for such lists.
 */
enum { BUDGET_PER_LITERAL = 2, BUDGET_EXTRA = 1 << 14, BUDGET_SPARE = 1 << 17 };

/* A list on the stack: [start, start + count). */
struct span {
	size_t start, count;
};

static const struct cube **cubes_of(struct expansion *expansion, struct span list)
{
	return expansion->stack.items + list.start;
}

static struct graph_id fail(struct expansion *expansion)
{
	expansion->graph->failed = true;
	return (struct graph_id){0};
}

/* A cube that stands before the one that matches always, and has its action, decides nothing. */
static size_t simplify(const struct cube **cubes, size_t count)
{
	while (count >= 2 && cubes[count - 2]->action == cubes[count - 1]->action) {
		cubes[count - 2] = cubes[count - 1];
		count--;
	}
	return count;
}

/* Appends a cofactor, if there is one; true if it always matches, so that no cube after it can be reached. */
static bool push(struct expansion *expansion, const struct cube *cube)
{
	if (!cube)
		return false;
	if (!vec_push_in(&expansion->stack, expansion->arena, cube))
		expansion->graph->failed = true;
	return cube->count == 0;
}

static struct graph_id build(struct expansion *expansion, struct span list);

static struct graph_id pop_and_build(struct expansion *expansion, size_t start)
{
	struct span list = {start, expansion->stack.count - start};

	if (expansion->graph->failed || expansion->cubes.failed || !list.count)
		return fail(expansion);
	list.count = simplify(cubes_of(expansion, list), list.count);
	struct graph_id id = build(expansion, list);
	expansion->stack.count = start;
	return id;
}

static struct graph_id split_bits(struct expansion *expansion, struct span list,
                                  const struct literal *literal)
{
	struct graph_id ids[2];

	for (int holds = 0; holds < 2; holds++) {
		size_t start = expansion->stack.count;
		for (size_t i = 0; i < list.count; i++)
			if (push(expansion, cube_cofactor_bits(&expansion->cubes,
			                                       cubes_of(expansion, list)[i], literal, holds)))
				break;
		ids[holds] = pop_and_build(expansion, start);
	}
	return graph_bits(expansion->graph, literal->word, literal->a, literal->b, ids[1], ids[0]);
}

static struct graph_id split_word(struct expansion *expansion, struct span list, struct partition *partition)
{
	for (size_t i = 0; i < partition->edge_count; i++) {
		struct graph_edge *edge = &partition->edges[i];
		uint32_t last = i + 1 < partition->edge_count ? edge[1].first - 1 : UINT32_MAX;
		size_t start = expansion->stack.count, alive = partition_enter(partition, i);
		for (size_t j = 0; j < alive; j++) {
			const struct cube *cube = cubes_of(expansion, list)[partition_alive(partition, j)];
			if (push(expansion,
			         cube_cofactor(&expansion->cubes, cube, partition->word, edge->first, last)))
				break;
		}
		edge->weight = (uint32_t)alive;
		edge->child = pop_and_build(expansion, start);
	}
	return graph_switch(expansion->graph, partition->word, partition->edges, partition->edge_count);
}

/* The word of the first rule that most rules look at. */
static uint8_t most_common_word(struct expansion *expansion, struct span list)
{
	size_t seen[GRAPH_WORDS] = {0};
	const struct cube *first = cubes_of(expansion, list)[0];
	uint8_t best = GRAPH_WORDS;

	for (size_t i = 0; i < list.count; i++) {
		const struct cube *cube = cubes_of(expansion, list)[i];
		for (uint32_t j = 0; j < cube->count; j++) {
			seen[cube->literals[j].word]++;
			if (literal_is_wide(&cube->literals[j]))
				seen[cube->literals[j].word + 1]++;
		}
	}
	for (uint8_t word = GRAPH_ARGS; word < GRAPH_WORDS; word++) {
		bool read = false;
		for (uint32_t j = 0; j < first->count; j++)
			read |= literal_reads(&first->literals[j], word);
		if (read && (best == GRAPH_WORDS || seen[word] > seen[best]))
			best = word;
	}
	return best;
}

enum { LEAST_TAIL = 2 };

/*
 * The order in which the literals of a cube are asked: first the urgent ones, then those of the cube alone, then wide ones, low half first,
 * as that mostly decides alone; then those that many rules have, in the order of their words so that the tails are equal.
 */
static uint32_t rank_of(const struct expansion *expansion, const struct literal *literal)
{
	if (literal->urgent)
		return 0;
	if (literal_is_wide(literal))
		return 2;
	uint32_t frequency = frequency_of(&expansion->frequency, literal);
	return frequency < LEAST_TAIL ? 1 : 2 + frequency;
}

static uint8_t rarest_word(struct expansion *expansion, struct span list)
{
	const struct cube *first = cubes_of(expansion, list)[0];
	uint32_t best = UINT32_MAX;
	uint8_t word = GRAPH_WORDS;

	for (uint32_t i = 0; i < first->count; i++) {
		const struct literal *literal = &first->literals[i];
		uint32_t rank = rank_of(expansion, literal);
		uint8_t asked = (uint8_t)(literal->word + literal_is_wide(literal));
		if (rank < best || (rank == best && asked < word)) {
			best = rank;
			word = asked;
		}
	}
	return word;
}

static const struct literal *bits_on(const struct cube *cube, uint8_t word)
{
	for (uint32_t i = 0; i < cube->count; i++)
		if (cube->literals[i].kind == LITERAL_BITS && cube->literals[i].word == word)
			return &cube->literals[i];
	return NULL;
}

static struct graph_id split(struct expansion *expansion, struct span list)
{
	uint8_t word =
	    (expansion->order == EXPANSION_RARE_FIRST ? rarest_word : most_common_word)(expansion, list);
	struct partition partition;

	assert(word >= GRAPH_ARGS && word < GRAPH_WORDS);
	if (!partition_start(&partition, expansion->arena, word, cubes_of(expansion, list), list.count))
		return fail(expansion);
	if (partition.edge_count == 1)
		partition.work *= 2;
	if (partition.work > expansion->budget)
		return cube_chain(expansion->graph, cubes_of(expansion, list), list.count);
	expansion->budget -= partition.work;
	if (partition.edge_count == 1)
		return split_bits(expansion, list, bits_on(cubes_of(expansion, list)[0], word));
	return split_word(expansion, list, &partition);
}

/* A list that was met. */
struct expansion_list {
	struct graph_id id;
	size_t count;
	const struct cube *const *cubes;
};

static uint32_t hash_list(const struct cube *const *cubes, size_t count)
{
	uint64_t hash = count;

	for (size_t i = 0; i < count; i++)
		hash = hash_add(hash, cubes[i]->id);
	return hash_end(hash);
}

static bool is_same_list(const void *items, uint32_t index, const void *key)
{
	const struct expansion_list *list = (const struct expansion_list *)items + index, *wanted = key;

	return list->count == wanted->count &&
	       memcmp(list->cubes, wanted->cubes, list->count * sizeof(*list->cubes)) == 0;
}

static bool remember(struct expansion *expansion, uint32_t hash, const struct cube *const *cubes,
                     size_t count, struct graph_id id)
{
	struct expansion_memo *memo = &expansion->memo[expansion->order];
	const struct cube **copy = arena_take(expansion->arena, count * sizeof(*copy));
	struct expansion_list list = {id, count, copy};

	if (!copy || !table_add(&memo->table, hash, (uint32_t)memo->lists.count) ||
	    !vec_push_in(&memo->lists, expansion->arena, list))
		return false;
	memcpy(copy, cubes, count * sizeof(*copy));
	return true;
}

static struct graph_id build(struct expansion *expansion, struct span list)
{
	const struct cube *const *cubes = cubes_of(expansion, list);
	const struct expansion_memo *memo = &expansion->memo[expansion->order];

	assert(cubes[list.count - 1]->count == 0);
	if (cubes[0]->count == 0)
		return graph_leaf(expansion->graph, cubes[0]->action);
	uint32_t hash = hash_list(cubes, list.count);
	uint32_t known = table_find(&memo->table, hash, is_same_list, memo->lists.items,
	                            &(struct expansion_list){.count = list.count, .cubes = cubes});
	if (known != TABLE_NONE)
		return memo->lists.items[known].id;
	struct graph_id id = split(expansion, list);
	return remember(expansion, hash, cubes_of(expansion, list), list.count, id) ? id : fail(expansion);
}

/* What the nodes cost that were made since there were `nodes` of them: loads and comparisons. */
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

static struct graph_id build_in_order(struct expansion *expansion, enum expansion_order order,
                                      const struct cube *const *cubes, size_t count, struct price *ret_price)
{
	size_t start = expansion->stack.count, nodes = expansion->graph->nodes.count;

	size_t spare = BUDGET_SPARE - expansion->spent;
	size_t extra = spare < BUDGET_EXTRA ? spare : BUDGET_EXTRA;

	expansion->order = order;
	expansion->budget = extra;
	for (size_t i = 0; i < count; i++) {
		expansion->budget += BUDGET_PER_LITERAL * (size_t)(cubes[i]->count + 1);
		if (push(expansion, cubes[i]))
			break;
	}
	struct graph_id id = pop_and_build(expansion, start);
	expansion->spent += expansion->budget < extra ? extra - expansion->budget : 0;
	*ret_price = price_since(expansion->graph, nodes);
	return id;
}

/* How many words the cubes look at. */
static size_t words_of(const struct cube *const *cubes, size_t count)
{
	uint32_t words = 0;

	for (size_t i = 0; i < count; i++)
		for (uint32_t j = 0; j < cubes[i]->count; j++)
			words |= (literal_is_wide(&cubes[i]->literals[j]) ? 3u : 1u)
			         << cubes[i]->literals[j].word;
	return (size_t)__builtin_popcount(words);
}

void expansion_init(struct expansion *expansion, struct graph *graph, struct arena *arena,
                    const struct policy *policy)
{
	*expansion = (struct expansion){
	    .graph = graph,
	    .arena = arena,
	    .cubes = {.arena = arena, .table.arena = arena},
	    .frequency = {.arena = arena, .table.arena = arena},
	    .one_arch = policy->arch_count == 1,
	};
	for (int order = 0; order < EXPANSION_ORDERS; order++)
		expansion->memo[order].table.arena = arena;
	if (!frequency_learn(&expansion->frequency, policy))
		graph->failed = true;
}

/*
 * Where one order looks at no word twice, another can do better only by what it shares with other architectures, whose words are
 * narrower.
 */
struct graph_id expansion_graph(struct expansion *expansion, const struct cube *const *cubes, size_t count)
{
	struct graph_id best = {0};
	struct price least = {SIZE_MAX, SIZE_MAX}, price;

	assert(count > 0 && cubes[count - 1]->count == 0);
	if (cubes[0]->count == 0)
		return graph_leaf(expansion->graph, cubes[0]->action);
	for (int order = 0; order < EXPANSION_ORDERS; order++) {
		struct graph_id id =
		    build_in_order(expansion, (enum expansion_order)order, cubes, count, &price);
		if (price.cost < least.cost) {
			least = price;
			best = id;
		}
		if (expansion->one_arch && least.nodes <= words_of(cubes, count))
			break;
	}
	return best;
}
