/*
 * Lists of cubes in linear time and size. Cubes that follow each other and have the same target may change places:
 * cubes that one word tells apart are looked up together, one such group after the other, and the rest is tested one by
 * one. No cube is in two places.
 */
#include <stdlib.h>

#include "compile/expansion.h"

/* A cube of a run, and the literal by which it is found, if it has one. */
struct member {
	const struct cube *cube;
	const struct literal *key;
};

static int compare(uint32_t x, uint32_t y)
{
	return (x > y) - (x < y);
}

/* Orders members by their keys; members without a key come last. */
static int by_key(const void *a, const void *b)
{
	const struct member *left = a, *right = b;
	const struct literal *x = left->key, *y = right->key;
	int order = !x - !y;

	if (x && y) {
		order = compare(x->word, y->word);
		order = order ? order : compare(x->a, y->a);
		order = order ? order : compare(x->b, y->b);
	}
	return order ? order : compare(left->cube->id, right->cube->id);
}

/* An interval is worth being looked up among others; of one value better than of many. */
static bool is_key(const struct literal *literal, bool single)
{
	return literal->kind == LITERAL_IN && !literal->negated && (literal->a == literal->b) == single &&
	       (single || (literal->a > 0 && literal->b < UINT32_MAX));
}

/* The word in which the cubes that have no key yet have the most different single values; GRAPH_WORDS: none has one. */
static uint8_t best_word(struct expansion *expansion, const struct member *members, size_t count)
{
	size_t values[GRAPH_WORDS + 1] = {0};
	uint8_t best = GRAPH_WORDS;

	expansion->run++;
	for (size_t i = 0; i < count; i++)
		for (uint32_t j = 0; !members[i].key && j < members[i].cube->count; j++) {
			const struct literal *literal = &members[i].cube->literals[j];
			struct occurrence *occurrence =
			    is_key(literal, true) ? expansion_occurrence(expansion, literal) : NULL;
			if (!occurrence || occurrence->run == expansion->run)
				continue;
			occurrence->run = expansion->run;
			if (++values[literal->word] > values[best])
				best = literal->word;
		}
	return best;
}

/* Gives members keys in one word after the other: single values, and at last an interval where there is none. */
static void choose_keys(struct expansion *expansion, struct member *members, size_t count)
{
	uint8_t word;

	do {
		word = best_word(expansion, members, count);
		for (size_t i = 0; i < count; i++)
			for (uint32_t j = 0; !members[i].key && j < members[i].cube->count; j++) {
				const struct literal *literal = &members[i].cube->literals[j];
				if ((word == GRAPH_WORDS || literal->word == word) &&
				    is_key(literal, word < GRAPH_WORDS))
					members[i].key = literal;
			}
	} while (word < GRAPH_WORDS);
}

/*
 * A cube as tests one after the other, in the order of their ranks; what many rules test comes last, as a tail for all
 * of them.
 */
static struct graph_id chain_one(struct expansion *expansion, const struct cube *cube, struct graph_id otherwise)
{
	struct graph_id id = cube->target;
	uint64_t before = UINT64_MAX; /* rank and position of the literal that was taken last */

	for (uint32_t taken = 0; taken < cube->count; taken++) {
		uint64_t best = 0;
		for (uint32_t i = 0; i < cube->count; i++) {
			bool is_common = expansion->common >> cube->literals[i].word & 1;
			uint64_t rank = (uint64_t)expansion_rank(expansion, &cube->literals[i]) << 32 |
			                (uint64_t)cube->literals[i].word << 16 | (i + 1);
			rank |= (uint64_t)is_common << 63;
			if (rank < before && rank > best)
				best = rank;
		}
		id = literal_graph(expansion->graph, &cube->literals[(best & 0xffff) - 1], id, otherwise);
		before = best;
	}
	return id;
}

/*
 * Members with keys in one word, looked up together as far as their intervals do not overlap; where nothing matches:
 * `otherwise`.
 */
static struct graph_id look_up(struct expansion *expansion, struct member *members, size_t *count,
                               struct graph_id otherwise)
{
	struct partition partition = {.word = members->key->word};
	struct span list = {expansion->stack.count, 0};
	const struct literal *last = NULL;
	size_t left = 0, work;

	for (size_t i = 0; i < *count; i++) {
		const struct literal *key = members[i].key;
		if (last && key->a <= last->b && (key->a != last->a || key->b != last->b)) {
			members[left++] = members[i];
			continue;
		}
		expansion_push(expansion, members[i].cube);
		last = key;
	}
	expansion_push(expansion, cube_make(&expansion->cubes, otherwise, NULL, 0));
	*count = left;
	list.count = expansion->stack.count - list.start;
	if (expansion->graph->failed || expansion->cubes.failed ||
	    !partition_divide(&partition, expansion, list, SIZE_MAX, &work))
		return expansion_fail(expansion);
	/* The other half of that argument is what all of them may test last. */
	uint32_t common = expansion->common;
	expansion->common |= 1u << (GRAPH_ARGS + ((partition.word - GRAPH_ARGS) ^ 1));
	struct graph_id id = expansion_split_word(expansion, list, &partition);
	expansion->common = common;
	expansion->stack.count = list.start;
	return id;
}

/* Cubes with the same target, whose order is of no importance. */
static struct graph_id mix_run(struct expansion *expansion, struct span run, struct graph_id otherwise)
{
	struct member *members = ARENA_ARRAY(expansion->arena, struct member, run.count);

	if (!members)
		return expansion_fail(expansion);
	for (size_t i = 0; i < run.count; i++)
		members[i].cube = expansion_cubes(expansion, run)[i];
	if (expansion->order == EXPANSION_MIXTURE && run.count > 1) {
		choose_keys(expansion, members, run.count);
		qsort(members, run.count, sizeof(*members), by_key);
	}
	for (size_t i = 0, end; i < run.count; i = end) {
		const struct literal *key = members[i].key;
		size_t count, before = SIZE_MAX;
		for (end = i + 1; key && end < run.count && members[end].key && members[end].key->word == key->word;)
			end++;
		for (count = end - i; count > 1 && count <= before - before / 4;) {
			before = count;
			otherwise = look_up(expansion, members + i, &count, otherwise);
		}
		while (count-- > 0)
			otherwise = chain_one(expansion, members[i + count].cube, otherwise);
	}
	return otherwise;
}

/* Run after run of cubes with the same target, from the last one on. */
struct graph_id mixture_build(struct expansion *expansion, struct span list)
{
	struct graph_id next = expansion_cubes(expansion, list)[list.count - 1]->target;
	size_t end = list.count - 1;

	while (end > 0 && !expansion->graph->failed) {
		size_t start = end - 1;
		const struct cube *const *cubes = expansion_cubes(expansion, list);
		while (start > 0 && graph_same(cubes[start - 1]->target, cubes[end - 1]->target))
			start--;
		next = mix_run(expansion, (struct span){list.start + start, end - start}, next);
		end = start;
	}
	return next;
}

/*
 * About how many comparisons a switch takes: none for going back to what was before a single value, but some to divide
 * many of those.
 */
static size_t comparisons_of(const struct graph_edge *edges, uint32_t count)
{
	size_t comparisons = 1, singles = 0;

	for (uint32_t i = 2; i < count; i++)
		if (graph_same(edges[i].child, edges[i - 2].child) && edges[i].first - edges[i - 1].first == 1)
			singles++;
		else
			comparisons++;
	return comparisons + singles / 2;
}

enum { REACHED = 1, LOADS = 2 };

size_t mixture_size(struct expansion *expansion, struct graph_id root, size_t before)
{
	const struct graph *graph = expansion->graph;
	size_t size = 0;

	if (root.index < before)
		return 0;
	uint8_t *marks = ARENA_ARRAY(expansion->arena, uint8_t, root.index + 1 - before);
	if (!marks)
		return SIZE_MAX;
	marks[root.index - before] = REACHED | LOADS;
	for (size_t i = root.index + (size_t)1; i-- > before;) {
		const struct graph_node *node = &graph->nodes.items[i];
		struct graph_branch branch = {.mask = UINT32_MAX};
		if (!marks[i - before] || node->kind == GRAPH_LEAF)
			continue;
		const struct graph_edge *edges = &graph->edges.items[node->first_edge];
		(void)graph_branch_of(graph, (struct graph_id){(uint32_t)i}, &branch);
		bool keeps_word = branch.mask == UINT32_MAX;
		size += comparisons_of(edges, node->edge_count) + !keeps_word + !!(marks[i - before] & LOADS);
		for (uint32_t j = 0; j < node->edge_count; j++) {
			uint32_t child = edges[j].child.index;
			if (child >= before)
				marks[child - before] |= keeps_word && graph->nodes.items[child].word == node->word
				                             ? REACHED
				                             : REACHED | LOADS;
		}
	}
	return size;
}
