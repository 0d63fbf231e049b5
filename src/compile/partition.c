#include "compile/partition.h"

#include <stdlib.h>
#include <string.h>

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
	return (x->form > y->form) - (x->form < y->form);
}

/* What is short is sorted by insertion: qsort() has its price. */
static void sort_cuts(struct partition *partition)
{
	struct graph_edge *edges = partition->edges;
	size_t kept = 0, count = partition->edge_count;

	if (count > 2 * PARTITION_FEW)
		qsort(edges, count, sizeof(edges[0]), by_first);
	for (size_t i = 1; i < count && count <= 2 * PARTITION_FEW; i++)
		for (size_t at = i; at > 0 && by_first(&edges[at - 1], &edges[at]) > 0; at--) {
			struct graph_edge edge = edges[at];
			edges[at] = edges[at - 1];
			edges[at - 1] = edge;
		}
	for (size_t i = 1; i < count; i++)
		if (edges[i].first != edges[kept].first)
			edges[++kept] = edges[i];
	partition->edge_count = kept + 1;
}

static void sort_spans(struct partition *partition)
{
	struct partition_span *spans = partition->spans;

	if (partition->span_count > PARTITION_FEW) {
		qsort(spans, partition->span_count, sizeof(spans[0]), by_first_edge);
		return;
	}
	for (size_t i = 1; i < partition->span_count; i++)
		for (size_t at = i; at > 0 && by_first_edge(&spans[at - 1], &spans[at]) > 0; at--) {
			struct partition_span span = spans[at];
			spans[at] = spans[at - 1];
			spans[at - 1] = span;
		}
}

/* Room for two cuts of each test on the word, and for every form. */
static bool allocate(struct partition *partition, const struct form *const *forms, size_t count)
{
	size_t edges = 1;

	for (size_t i = 0; i < count; i++)
		for (uint32_t j = 0; j < forms[i]->count; j++)
			edges += word_test_reads(&forms[i]->tests[j], partition->word) ? 2 : 0;
	partition->block = NULL;
	partition->edges = partition->few_edges;
	partition->spans = partition->few_spans;
	partition->alive = partition->few_alive;
	if (edges <= 2 * PARTITION_FEW + 1 && count <= PARTITION_FEW)
		return true;
	partition->block = malloc(edges * sizeof(struct graph_edge) +
	                          count * (sizeof(struct partition_span) + sizeof(uint32_t)));
	partition->edges = partition->block;
	partition->spans = (struct partition_span *)(partition->edges + edges);
	partition->alive = (uint32_t *)(partition->spans + count);
	return partition->block != NULL;
}

static void find_cuts(struct partition *partition, const struct form *const *forms, size_t count)
{
	partition->edges[0] = (struct graph_edge){0};
	partition->edge_count = 1;
	for (size_t i = 0; i < count; i++)
		for (uint32_t j = 0; j < forms[i]->count; j++) {
			uint32_t cuts[2];
			const struct word_test *test = &forms[i]->tests[j];
			uint32_t found = word_test_reads(test, partition->word)
			                     ? word_test_cuts(test, partition->word, cuts)
			                     : 0;
			for (uint32_t k = 0; k < found; k++)
				partition->edges[partition->edge_count++] =
				    (struct graph_edge){.first = cuts[k]};
		}
	sort_cuts(partition);
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

static void find_spans(struct partition *partition, const struct form *const *forms, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t first = 0, last = UINT32_MAX;
		for (uint32_t j = 0; j < forms[i]->count; j++)
			if (word_test_reads(&forms[i]->tests[j], partition->word))
				word_test_hull(&forms[i]->tests[j], partition->word, &first, &last);
		if (first > last)
			continue;
		struct partition_span *span = &partition->spans[partition->span_count++];
		*span =
		    (struct partition_span){edge_of(partition, first), edge_of(partition, last), (uint32_t)i};
		partition->work += span->last - span->first + 1;
	}
	sort_spans(partition);
}

bool partition_start(struct partition *partition, uint8_t word, const struct form *const *forms, size_t count)
{
	partition->word = word;
	partition->work = partition->span_count = partition->next_span = partition->alive_count = 0;
	if (!allocate(partition, forms, count))
		return false;
	find_cuts(partition, forms, count);
	find_spans(partition, forms, count);
	return true;
}

void partition_finish(struct partition *partition)
{
	free(partition->block);
}

static bool is_behind(const struct partition *partition, uint32_t a, uint32_t b)
{
	return partition->spans[a].form > partition->spans[b].form;
}

/* Merges the spans [from, to), which are in order of their forms, into the ones alive. */
static void insert(struct partition *partition, size_t from, size_t to)
{
	size_t old = partition->alive_count, at = old + (to - from);

	partition->alive_count = at;
	while (to > from) {
		if (old > 0 && is_behind(partition, partition->alive[old - 1], (uint32_t)(to - 1)))
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
	return partition->spans[partition->alive[i]].form;
}
