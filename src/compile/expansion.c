#include "compile/expansion.h"

#include <assert.h>
#include <string.h>

/*
 * An expansion is given up when it takes more work than this for each literal, and more than the list's share of what
 * the policy has to spare for tangled lists; or when it gets more edges than this, with which it is longer than tests
 * of one rule after the other.
 */
enum { BUDGET_PER_LITERAL = 2, BUDGET_EXTRA = 1 << 12, BUDGET_SPARE = 1 << 17 };
enum { EDGES_PER_LITERAL = 4, EDGES_EXTRA = 64 };

struct graph_id expansion_fail(struct expansion *expansion)
{
	expansion->graph->failed = true;
	return (struct graph_id){0};
}

/* A cube that stands before the one that matches always, and has its target, decides nothing. */
static size_t simplify(const struct cube **cubes, size_t count)
{
	while (count >= 2 && graph_same(cubes[count - 2]->target, cubes[count - 1]->target)) {
		cubes[count - 2] = cubes[count - 1];
		count--;
	}
	return count;
}

bool expansion_push(struct expansion *expansion, const struct cube *cube)
{
	if (!cube)
		return false;
	if (!vec_push_in(&expansion->stack, expansion->arena, cube))
		expansion->graph->failed = true;
	return cube->count == 0;
}

static struct graph_id build(struct expansion *expansion, struct span list);

/* The graph of the list that starts there on the stack, which is taken off. */
static struct graph_id pop(struct expansion *expansion, size_t start)
{
	struct span list = {start, expansion->stack.count - start};

	if (expansion->graph->failed || expansion->cubes.failed || !list.count)
		return expansion_fail(expansion);
	list.count = simplify(expansion_cubes(expansion, list), list.count);
	struct graph_id id = {0};
	if (!expansion->gave_up)
		id = (expansion->order < EXPANSION_ORDERS ? build : mixture_build)(expansion, list);
	expansion->stack.count = start;
	return id;
}

static struct graph_id split_bits(struct expansion *expansion, struct span list, const struct literal *literal)
{
	struct finding finding = {.word = literal->word, .bits = literal};
	struct graph_id ids[2];

	for (int holds = 0; holds < 2; holds++) {
		size_t start = expansion->stack.count;
		finding.holds = holds;
		for (size_t i = 0; i < list.count; i++)
			if (expansion_push(expansion, cube_cofactor(&expansion->cubes,
			                                            expansion_cubes(expansion, list)[i], &finding)))
				break;
		ids[holds] = pop(expansion, start);
	}
	if (expansion->gave_up)
		return (struct graph_id){0};
	return graph_bits(expansion->graph, literal->word, literal->a, literal->b, ids[1], ids[0]);
}

struct graph_id expansion_split_word(struct expansion *expansion, struct span list, const struct partition *partition)
{
	for (size_t i = 0; i < partition->edge_count && !expansion->gave_up; i++) {
		struct graph_edge *edge = &partition->edges[i];
		uint32_t last = i + 1 < partition->edge_count ? edge[1].first - 1 : UINT32_MAX;
		struct finding finding = {.word = partition->word, .first = edge->first, .last = last};
		size_t start = expansion->stack.count;
		uint32_t at = edge->weight;
		for (edge->weight = 0; at; at = partition->living.items[at].next) {
			uint32_t index = partition->living.items[at].cube;
			edge->weight++;
			if (expansion_push(expansion, cube_cofactor(&expansion->cubes,
			                                            expansion_cubes(expansion, list)[index], &finding)))
				break;
		}
		edge->child = pop(expansion, start);
	}
	if (expansion->gave_up)
		return (struct graph_id){0};
	return graph_switch(expansion->graph, partition->word, partition->edges, partition->edge_count);
}

/* The word of the first rule that most rules look at. */
static uint8_t most_common_word(struct expansion *expansion, struct span list)
{
	size_t seen[GRAPH_WORDS] = {0};
	const struct cube *first = expansion_cubes(expansion, list)[0];
	uint8_t best = GRAPH_WORDS;

	for (size_t i = 0; i < list.count; i++) {
		const struct cube *cube = expansion_cubes(expansion, list)[i];
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

static bool is_same_literal(const void *items, uint32_t index, const void *key)
{
	return literal_same(&((const struct occurrence *)items)[index].literal, key);
}

struct occurrence *expansion_occurrence(struct expansion *expansion, const struct literal *literal)
{
	struct occurrence new = {.literal = *literal};
	struct literal *key = &new.literal;

	if (literal_is_wide(literal))
		key->b = 0;
	key->urgent = false;
	uint32_t hash = hash_end(
	    hash_add((uint64_t)(key->negated << 16 | key->kind << 8 | key->word), (uint64_t)key->a << 32 | key->b));
	uint32_t known = table_find(&expansion->literals, hash, is_same_literal, expansion->occurrences.items, key);
	if (known == TABLE_NONE) {
		known = (uint32_t)expansion->occurrences.count;
		if (!vec_push_in(&expansion->occurrences, expansion->arena, new) ||
		    !table_add(&expansion->literals, hash, known)) {
			expansion->graph->failed = true;
			return NULL;
		}
	}
	return &expansion->occurrences.items[known];
}

static void learn_occurrences(struct expansion *expansion, const struct policy_arch *arch)
{
	for (size_t i = 0; i < arch->syscall_count; i++)
		for (uint32_t j = 0; j < arch->syscalls[i].rule_count; j++) {
			uint32_t count;
			const struct policy_rule *rule = &arch->syscalls[i].rules[j];
			const struct literal *literals =
			    rule->condition_count ? cube_literals(&expansion->cubes, rule, arch->arch, &count) : NULL;
			for (uint32_t k = 0; literals && k < count; k++) {
				struct occurrence *occurrence = expansion_occurrence(expansion, &literals[k]);
				if (occurrence)
					occurrence->rules++;
			}
		}
}

enum { LEAST_TAIL = 2 };

uint32_t expansion_rank(struct expansion *expansion, const struct literal *literal)
{
	if (literal->urgent)
		return 0;
	if (literal_is_wide(literal))
		return 2;
	const struct occurrence *occurrence = expansion_occurrence(expansion, literal);
	return !occurrence || occurrence->rules < LEAST_TAIL ? 1 : 2 + occurrence->rules;
}

static uint8_t rarest_word(struct expansion *expansion, struct span list)
{
	const struct cube *first = expansion_cubes(expansion, list)[0];
	uint32_t best = UINT32_MAX;
	uint8_t word = GRAPH_WORDS;

	for (uint32_t i = 0; i < first->count; i++) {
		const struct literal *literal = &first->literals[i];
		uint32_t rank = expansion_rank(expansion, literal);
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
	uint8_t word = (expansion->order == EXPANSION_RARE_FIRST ? rarest_word : most_common_word)(expansion, list);
	struct partition partition = {.word = word};
	size_t work;

	assert(word >= GRAPH_ARGS && word < GRAPH_WORDS);
	if (!partition_divide(&partition, expansion, list, expansion->budget, &work))
		return expansion_fail(expansion);
	if (partition.edge_count == 1)
		work *= 2;
	expansion->gave_up = work > expansion->budget || expansion->graph->edges.count > expansion->most_edges;
	if (expansion->gave_up)
		return (struct graph_id){0};
	expansion->budget -= work;
	if (partition.edge_count == 1)
		return split_bits(expansion, list, bits_on(expansion_cubes(expansion, list)[0], word));
	return expansion_split_word(expansion, list, &partition);
}

/* A list that was met in an order, and its graph. */
struct expansion_list {
	struct graph_id id;
	enum expansion_order order;
	size_t count;
	const struct cube *const *cubes;
};

static uint32_t hash_list(const struct expansion_list *list)
{
	uint64_t hash = (uint64_t)list->order << 32 | list->count;

	for (size_t i = 0; i < list->count; i++)
		hash = hash_add(hash, list->cubes[i]->id);
	return hash_end(hash);
}

static bool is_same_list(const void *items, uint32_t index, const void *key)
{
	const struct expansion_list *list = (const struct expansion_list *)items + index, *wanted = key;

	return list->count == wanted->count && list->order == wanted->order &&
	       memcmp(list->cubes, wanted->cubes, list->count * sizeof(*list->cubes)) == 0;
}

static bool remember(struct expansion *expansion, uint32_t hash, const struct expansion_list *list)
{
	const struct cube **copy = arena_take(expansion->arena, list->count * sizeof(*copy));

	if (!copy || !vec_push_in(&expansion->lists, expansion->arena, *list) ||
	    !table_add(&expansion->table, hash, (uint32_t)expansion->lists.count - 1))
		return false;
	memcpy(copy, list->cubes, list->count * sizeof(*copy));
	expansion->lists.items[expansion->lists.count - 1].cubes = copy;
	return true;
}

static struct graph_id build(struct expansion *expansion, struct span span)
{
	struct expansion_list list = {
	    .order = expansion->order, .count = span.count, .cubes = expansion_cubes(expansion, span)};

	assert(list.cubes[list.count - 1]->count == 0);
	if (list.cubes[0]->count == 0)
		return list.cubes[0]->target;
	uint32_t hash = hash_list(&list);
	uint32_t known = table_find(&expansion->table, hash, is_same_list, expansion->lists.items, &list);
	if (known != TABLE_NONE)
		return expansion->lists.items[known].id;
	list.id = split(expansion, span);
	if (expansion->gave_up)
		return list.id;
	list.cubes = expansion_cubes(expansion, span); /* which may have moved */
	return remember(expansion, hash, &list) ? list.id : expansion_fail(expansion);
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

/* The graph of a list, unless the expansion is given up. */
static struct graph_id build_in_order(struct expansion *expansion, int order, const struct cube *const *cubes,
                                      size_t count)
{
	size_t start = expansion->stack.count, spare = BUDGET_SPARE - expansion->spent;
	size_t extra = spare < BUDGET_EXTRA ? spare : BUDGET_EXTRA;

	expansion->order = (enum expansion_order)order;
	expansion->gave_up = false;
	expansion->budget = extra;
	expansion->most_edges = expansion->graph->edges.count + EDGES_EXTRA;
	for (size_t i = 0; i < count; i++) {
		expansion->budget += BUDGET_PER_LITERAL * (size_t)(cubes[i]->count + 1);
		expansion->most_edges += EDGES_PER_LITERAL * (size_t)cubes[i]->count;
		if (expansion_push(expansion, cubes[i]))
			break;
	}
	struct graph_id id = pop(expansion, start);
	expansion->spent += expansion->budget < extra ? extra - expansion->budget : 0;
	return id;
}

/* How many words the cubes look at. */
static size_t words_of(const struct cube *const *cubes, size_t count)
{
	uint32_t words = 0;

	for (size_t i = 0; i < count; i++)
		for (uint32_t j = 0; j < cubes[i]->count; j++)
			words |= (literal_is_wide(&cubes[i]->literals[j]) ? 3u : 1u) << cubes[i]->literals[j].word;
	return (size_t)__builtin_popcount(words);
}

/* The smaller one of a graph and of what mixtures of look-ups and chains there are of a list. */
static struct graph_id smaller_mixture(struct expansion *expansion, struct graph_id best, size_t least, size_t nodes,
                                       const struct cube *const *cubes, size_t count)
{
	for (int order = EXPANSION_MIXTURE; order <= EXPANSION_CHAIN; order++) {
		struct graph_id id = build_in_order(expansion, order, cubes, count);
		size_t size = mixture_size(expansion, id, nodes);
		if (size < least - (expansion->one_arch ? 0 : least / 4)) {
			least = size;
			best = id;
		}
	}
	return best;
}

void expansion_init(struct expansion *expansion, struct graph *graph, struct arena *arena, const struct policy *policy)
{
	*expansion = (struct expansion){
	    .graph = graph,
	    .arena = arena,
	    .cubes = {.arena = arena, .table.arena = arena},
	    .table.arena = arena,
	    .literals.arena = arena,
	    .one_arch = policy->arch_count == 1,
	};
	for (size_t i = 0; i < policy->arch_count; i++)
		learn_occurrences(expansion, &policy->archs[i]);
}

/*
 * Where one order looks at no word twice, another can do better only by what it shares with other architectures, whose
 * words are narrower.
 */
enum { ONE_RULE = 2 }; /* cubes of a list */

struct graph_id expansion_graph(struct expansion *expansion, const struct cube *const *cubes, size_t count)
{
	struct graph_id best = {0};
	struct price least = {SIZE_MAX, SIZE_MAX};
	size_t nodes = expansion->graph->nodes.count, literals = 0;

	assert(count > 0 && cubes[count - 1]->count == 0);
	if (cubes[0]->count == 0)
		return cubes[0]->target;
	for (int order = 0; order < EXPANSION_ORDERS; order++) {
		size_t before = expansion->graph->nodes.count;
		struct graph_id id = build_in_order(expansion, order, cubes, count);
		struct price price = price_since(expansion->graph, before);
		if (!expansion->gave_up && price.cost < least.cost) {
			least = price;
			best = id;
		}
		if (expansion->one_arch && least.nodes <= words_of(cubes, count))
			break;
	}
	if (count <= ONE_RULE || expansion->graph->failed)
		return best;
	for (size_t i = 0; i < count; i++)
		literals += cubes[i]->count;
	/* Tests of one rule after the other load each word once at least. */
	size_t size = least.nodes == SIZE_MAX ? SIZE_MAX : mixture_size(expansion, best, nodes);
	size_t loads = words_of(cubes, count) < literals / 4 ? words_of(cubes, count) : literals / 4;
	return size > literals + loads ? smaller_mixture(expansion, best, size, nodes, cubes, count) : best;
}
