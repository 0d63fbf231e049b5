/* Lists of cubes as graphs. */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "compile/cube.h"

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

/* A cube that stands before the one that matches always, and has its target, decides nothing. */
static size_t simplify(const struct cube **cubes, size_t count)
{
	while (count >= 2 && graph_same(cubes[count - 2]->target, cubes[count - 1]->target)) {
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
	struct finding finding = {.word = literal->word, .bits = literal};
	struct graph_id ids[2];

	for (int holds = 0; holds < 2; holds++) {
		size_t start = expansion->stack.count;
		finding.holds = holds;
		for (size_t i = 0; i < list.count; i++)
			if (push(expansion,
			         cube_cofactor(&expansion->cubes, cubes_of(expansion, list)[i], &finding)))
				break;
		ids[holds] = pop_and_build(expansion, start);
	}
	return graph_bits(expansion->graph, literal->word, literal->a, literal->b, ids[1], ids[0]);
}

/* A cube that is alive in an edge of a partition. */
struct living {
	uint32_t cube; /* as an index of the list */
	uint32_t next; /* in `living`, the next one in the same edge; 0: there is none */
};

/*
 * One word of a list of cubes, divided at every breakpoint of theirs, and which of them are alive in each edge: those that can match
 * there, up to the first one that always does. A literal may still fail all over the edge though its cube is alive.
 */
struct partition {
	uint8_t word;
	struct graph_edge
	    *edges; /* until an edge is built: weight is its first one in `living`, child.index the last */
	size_t edge_count;
	uint32_t *
	    open; /* by edge: a later one, or itself, before which no edge is open; while the word is divided */
	ARENA_VEC(struct living) living; /* from 1 on */
};

static int by_first(const void *a, const void *b)
{
	const struct graph_edge *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

static bool find_breakpoints(struct partition *partition, struct arena *arena,
                             const struct cube *const *cubes, size_t count)
{
	size_t most = 1, kept = 0, found = 1;

	for (size_t i = 0; i < count; i++)
		for (uint32_t j = 0; j < cubes[i]->count; j++)
			most += literal_reads(&cubes[i]->literals[j], partition->word) ? 2 : 0;
	struct graph_edge *edges = partition->edges = arena_take(arena, most * sizeof(*edges));
	if (!edges)
		return false;
	edges[0] = (struct graph_edge){0};
	for (size_t i = 0; i < count; i++)
		for (uint32_t j = 0; j < cubes[i]->count; j++) {
			uint32_t breakpoints[2], more = 0;
			if (literal_reads(&cubes[i]->literals[j], partition->word))
				more =
				    literal_breakpoints(&cubes[i]->literals[j], partition->word, breakpoints);
			while (more > 0)
				edges[found++] = (struct graph_edge){.first = breakpoints[--more]};
		}
	qsort(edges, found, sizeof(edges[0]), by_first);
	for (size_t i = 1; i < found; i++)
		if (edges[i].first != edges[kept].first)
			edges[++kept] = edges[i];
	partition->edge_count = kept + 1;
	return true;
}

/* The edge that holds a value. */
static uint32_t edge_of(const struct partition *partition, uint32_t value)
{
	size_t low = 0, high = partition->edge_count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (partition->edges[middle].first <= value)
			low = middle;
		else
			high = middle;
	}
	return (uint32_t)low;
}

/* The first open edge from this one on. */
static uint32_t next_open(const struct partition *partition, uint32_t edge)
{
	uint32_t *open = partition->open;

	while (open[edge] != edge)
		edge = open[edge] = open[open[edge]];
	return edge;
}

/* Adds the cube to all open edges where it is alive; where it always matches it closes them. */
static bool add_cube(struct partition *partition, struct arena *arena, const struct cube *cube,
                     uint32_t index)
{
	uint32_t first = 0, last = UINT32_MAX;
	bool closes =
	    cube->count == 0 || (cube->count == 1 && cube->literals[0].kind == LITERAL_IN &&
	                         cube->literals[0].word == partition->word && !cube->literals[0].negated);

	for (uint32_t i = 0; i < cube->count; i++)
		if (literal_reads(&cube->literals[i], partition->word))
			literal_hull(&cube->literals[i], partition->word, &first, &last);
	if (first > last)
		return true;
	uint32_t end = edge_of(partition, last), edge = next_open(partition, edge_of(partition, first));
	for (; edge <= end; edge = next_open(partition, edge + 1)) {
		uint32_t added = (uint32_t)partition->living.count;
		if (!vec_push_in(&partition->living, arena, ((struct living){index, 0})))
			return false;
		struct graph_edge *at = &partition->edges[edge];
		*(at->weight ? &partition->living.items[at->child.index].next : &at->weight) = added;
		at->child.index = added;
		if (closes)
			partition->open[edge] = edge + 1;
	}
	return true;
}

/* Divides the word; the work is that of all edges, but as soon as it is above `most` no cubes are added. False when memory is out. */
static bool divide(struct expansion *expansion, struct partition *partition, struct span list, size_t most,
                   size_t *ret_work)
{
	const struct cube *const *cubes = cubes_of(expansion, list);

	if (!find_breakpoints(partition, expansion->arena, cubes, list.count))
		return false;
	expansion->open.count = 0;
	if (!vec_reserve_in(&expansion->open, expansion->arena, partition->edge_count + 1) ||
	    !vec_reserve_in(&partition->living, expansion->arena, list.count + partition->edge_count))
		return false;
	partition->open = expansion->open.items;
	for (uint32_t i = 0; i <= partition->edge_count; i++)
		partition->open[i] = i;
	partition->living.items[partition->living.count++] = (struct living){0};
	for (size_t i = 0; i < list.count && partition->living.count - 1 <= most; i++)
		if (!add_cube(partition, expansion->arena, cubes[i], (uint32_t)i))
			return false;
	*ret_work = partition->living.count - 1;
	return true;
}

static struct graph_id split_word(struct expansion *expansion, struct span list,
                                  const struct partition *partition)
{
	for (size_t i = 0; i < partition->edge_count; i++) {
		struct graph_edge *edge = &partition->edges[i];
		uint32_t last = i + 1 < partition->edge_count ? edge[1].first - 1 : UINT32_MAX;
		struct finding finding = {.word = partition->word, .first = edge->first, .last = last};
		size_t start = expansion->stack.count;
		uint32_t at = edge->weight;
		for (edge->weight = 0; at; at = partition->living.items[at].next) {
			uint32_t index = partition->living.items[at].cube;
			edge->weight++;
			if (push(expansion, cube_cofactor(&expansion->cubes, cubes_of(expansion, list)[index],
			                                  &finding)))
				break;
		}
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

static bool is_same_literal(const void *items, uint32_t index, const void *key)
{
	return literal_same(&((const struct occurrence *)items)[index].literal, key);
}

/* What is known of a literal; NULL when memory is out. Wide ones count as the same if their kind and high half are. */
static struct occurrence *occurrence_of(struct expansion *expansion, const struct literal *literal)
{
	struct occurrence new = {.literal = *literal};
	struct literal *key = &new.literal;

	if (literal_is_wide(literal))
		key->b = 0;
	key->urgent = false;
	uint32_t hash = hash_end(hash_add((uint64_t)(key->negated << 16 | key->kind << 8 | key->word),
	                                  (uint64_t)key->a << 32 | key->b));
	uint32_t known =
	    table_find(&expansion->literals, hash, is_same_literal, expansion->occurrences.items, key);
	if (known == TABLE_NONE) {
		known = (uint32_t)expansion->occurrences.count;
		if (!table_add(&expansion->literals, hash, known) ||
		    !vec_push_in(&expansion->occurrences, expansion->arena, new)) {
			expansion->graph->failed = true;
			return NULL;
		}
	}
	return &expansion->occurrences.items[known];
}

static void learn_frequencies(struct expansion *expansion, const struct policy_arch *arch)
{
	for (size_t i = 0; i < arch->syscall_count; i++)
		for (uint32_t j = 0; j < arch->syscalls[i].rule_count; j++) {
			uint32_t count;
			const struct literal *literals =
			    cube_literals(&expansion->cubes, &arch->syscalls[i].rules[j], arch->arch, &count);
			for (uint32_t k = 0; literals && k < count; k++) {
				struct occurrence *occurrence = occurrence_of(expansion, &literals[k]);
				if (occurrence)
					occurrence->rules++;
			}
		}
}

enum { LEAST_TAIL = 2 };

/*
 * The order in which the literals of a cube are asked: first the urgent ones, then those of the cube alone, then wide ones, low half first,
 * as that mostly decides alone; then those that many rules have, in the order of their words so that the tails are equal.
 */
static uint32_t rank_of(struct expansion *expansion, const struct literal *literal)
{
	if (literal->urgent)
		return 0;
	if (literal_is_wide(literal))
		return 2;
	const struct occurrence *occurrence = occurrence_of(expansion, literal);
	return !occurrence || occurrence->rules < LEAST_TAIL ? 1 : 2 + occurrence->rules;
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
	struct partition partition = {.word = word};
	size_t work;

	assert(word >= GRAPH_ARGS && word < GRAPH_WORDS);
	if (!divide(expansion, &partition, list, expansion->budget, &work))
		return fail(expansion);
	if (partition.edge_count == 1)
		work *= 2;
	if (work > expansion->budget)
		return cube_chain(expansion->graph, cubes_of(expansion, list), list.count);
	expansion->budget -= work;
	if (partition.edge_count == 1)
		return split_bits(expansion, list, bits_on(cubes_of(expansion, list)[0], word));
	return split_word(expansion, list, &partition);
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

	if (!copy || !table_add(&expansion->table, hash, (uint32_t)expansion->lists.count) ||
	    !vec_push_in(&expansion->lists, expansion->arena, *list))
		return false;
	memcpy(copy, list->cubes, list->count * sizeof(*copy));
	expansion->lists.items[expansion->lists.count - 1].cubes = copy;
	return true;
}

static struct graph_id build(struct expansion *expansion, struct span span)
{
	struct expansion_list list = {
	    .order = expansion->order, .count = span.count, .cubes = cubes_of(expansion, span)};

	assert(list.cubes[list.count - 1]->count == 0);
	if (list.cubes[0]->count == 0)
		return list.cubes[0]->target;
	uint32_t hash = hash_list(&list);
	uint32_t known = table_find(&expansion->table, hash, is_same_list, expansion->lists.items, &list);
	if (known != TABLE_NONE)
		return expansion->lists.items[known].id;
	list.id = split(expansion, span);
	list.cubes = cubes_of(expansion, span); /* which may have moved */
	return remember(expansion, hash, &list) ? list.id : fail(expansion);
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
	    .table.arena = arena,
	    .literals.arena = arena,
	    .one_arch = policy->arch_count == 1,
	};
	for (size_t i = 0; i < policy->arch_count; i++)
		learn_frequencies(expansion, &policy->archs[i]);
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
		return cubes[0]->target;
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
