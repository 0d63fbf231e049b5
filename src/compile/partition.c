/* One word, divided wherever the outcome of some literal changes. */
#include <assert.h>
#include <stdlib.h>

#include "compile/expansion.h"

/* In which edges a cube is alive. */
struct partition_span {
	uint32_t first, last;
	uint32_t cube;
};

static int by_first(const void *a, const void *b)
{
	const struct graph_edge *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

static int by_first_edge(const void *a, const void *b)
{
	const struct partition_span *x = a, *y = b;

	if (x->first != y->first)
		return x->first > y->first ? 1 : -1;
	return (x->cube > y->cube) - (x->cube < y->cube);
}

/* Room for two breakpoints of each literal on the word, and for every cube. */
static bool allocate(struct partition *partition, struct arena *arena, const struct cube *const *cubes,
                     size_t count)
{
	size_t edges = 1;

	for (size_t i = 0; i < count; i++)
		for (uint32_t j = 0; j < cubes[i]->count; j++)
			edges += literal_reads(&cubes[i]->literals[j], partition->word) ? 2 : 0;
	partition->edges = arena_take(arena, edges * sizeof(*partition->edges));
	partition->spans = arena_take(arena, count * sizeof(*partition->spans));
	partition->alive = arena_take(arena, count * sizeof(*partition->alive));
	return partition->edges && partition->spans && partition->alive;
}

static void sort_edges(struct partition *partition)
{
	struct graph_edge *edges = partition->edges;
	size_t kept = 0;

	qsort(edges, partition->edge_count, sizeof(edges[0]), by_first);
	for (size_t i = 1; i < partition->edge_count; i++)
		if (edges[i].first != edges[kept].first)
			edges[++kept] = edges[i];
	partition->edge_count = kept + 1;
}

static void find_breakpoints(struct partition *partition, const struct cube *const *cubes, size_t count)
{
	partition->edges[0] = (struct graph_edge){0};
	partition->edge_count = 1;
	for (size_t i = 0; i < count; i++)
		for (uint32_t j = 0; j < cubes[i]->count; j++) {
			uint32_t breakpoints[2];
			const struct literal *literal = &cubes[i]->literals[j];
			uint32_t found = literal_reads(literal, partition->word)
			                     ? literal_breakpoints(literal, partition->word, breakpoints)
			                     : 0;
			for (uint32_t k = 0; k < found; k++)
				partition->edges[partition->edge_count++] =
				    (struct graph_edge){.first = breakpoints[k]};
		}
	sort_edges(partition);
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

static void find_spans(struct partition *partition, const struct cube *const *cubes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t first = 0, last = UINT32_MAX;
		for (uint32_t j = 0; j < cubes[i]->count; j++)
			if (literal_reads(&cubes[i]->literals[j], partition->word))
				literal_hull(&cubes[i]->literals[j], partition->word, &first, &last);
		if (first > last)
			continue;
		struct partition_span *span = &partition->spans[partition->span_count++];
		*span =
		    (struct partition_span){edge_of(partition, first), edge_of(partition, last), (uint32_t)i};
		partition->work += span->last - span->first + 1;
	}
	qsort(partition->spans, partition->span_count, sizeof(partition->spans[0]), by_first_edge);
}

bool partition_start(struct partition *partition, struct arena *arena, uint8_t word,
                     const struct cube *const *cubes, size_t count)
{
	*partition = (struct partition){.word = word};
	if (!allocate(partition, arena, cubes, count))
		return false;
	find_breakpoints(partition, cubes, count);
	find_spans(partition, cubes, count);
	assert(partition->span_count > 0 && partition->edges[0].first == 0);
	return true;
}

static bool is_after(const struct partition *partition, uint32_t a, uint32_t b)
{
	return partition->spans[a].cube > partition->spans[b].cube;
}

/* Merges the spans [from, to), which are in order of their cubes, into the ones alive. */
static void insert(struct partition *partition, size_t from, size_t to)
{
	size_t old = partition->alive_count, at = old + (to - from);

	partition->alive_count = at;
	while (to > from) {
		if (old > 0 && is_after(partition, partition->alive[old - 1], (uint32_t)(to - 1)))
			partition->alive[--at] = partition->alive[--old];
		else
			partition->alive[--at] = (uint32_t)--to;
	}
}

size_t partition_enter(struct partition *partition, size_t edge)
{
	size_t kept = 0, from = partition->next_span;

	for (size_t i = 0; i < partition->alive_count; i++)
		if (partition->spans[partition->alive[i]].last >= edge)
			partition->alive[kept++] = partition->alive[i];
	partition->alive_count = kept;
	while (partition->next_span < partition->span_count &&
	       partition->spans[partition->next_span].first == edge)
		partition->next_span++;
	insert(partition, from, partition->next_span);
	return partition->alive_count;
}

size_t partition_alive(const struct partition *partition, size_t i)
{
	return partition->spans[partition->alive[i]].cube;
}
