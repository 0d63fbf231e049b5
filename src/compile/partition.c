#include "compile/partition.h"

#include <stdlib.h>
#include <string.h>

/* A form is alive from edge `first` to edge `last`. */
struct partition_span {
	uint32_t first, last;
	uint32_t form;
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
	return (x->form > y->form) - (x->form < y->form);
}

static void sort_cuts(struct partition *partition)
{
	size_t kept = 0;

	qsort(partition->edges, partition->edge_count, sizeof(partition->edges[0]), by_first);
	for (size_t i = 1; i < partition->edge_count; i++)
		if (partition->edges[i].first != partition->edges[kept].first)
			partition->edges[++kept] = partition->edges[i];
	partition->edge_count = kept + 1;
}

static bool find_cuts(struct partition *partition, const struct form *const *forms, size_t count)
{
	size_t room = 1;

	for (size_t i = 0; i < count; i++)
		for (uint32_t j = 0; j < forms[i]->count; j++)
			room += word_test_reads(&forms[i]->tests[j], partition->word) ? 2 : 0;
	partition->edges = calloc(room, sizeof(partition->edges[0]));
	if (!partition->edges)
		return false;
	partition->edge_count = 1;
	for (size_t i = 0; i < count; i++)
		for (uint32_t j = 0; j < forms[i]->count; j++) {
			uint32_t cuts[2];
			const struct word_test *test = &forms[i]->tests[j];
			uint32_t found = word_test_reads(test, partition->word)
			                     ? word_test_cuts(test, partition->word, cuts)
			                     : 0;
			for (uint32_t k = 0; k < found; k++)
				partition->edges[partition->edge_count++].first = cuts[k];
		}
	sort_cuts(partition);
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

static bool find_spans(struct partition *partition, const struct form *const *forms, size_t count)
{
	partition->spans = calloc(count, sizeof(partition->spans[0]));
	partition->alive = calloc(count, sizeof(partition->alive[0]));
	if (!partition->spans || !partition->alive)
		return false;
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
	qsort(partition->spans, partition->span_count, sizeof(partition->spans[0]), by_first_edge);
	return true;
}

bool partition_start(struct partition *partition, uint8_t word, const struct form *const *forms, size_t count)
{
	*partition = (struct partition){.word = word};
	if (find_cuts(partition, forms, count) && find_spans(partition, forms, count))
		return true;
	partition_finish(partition);
	return false;
}

void partition_finish(struct partition *partition)
{
	free(partition->edges);
	free(partition->spans);
	free(partition->alive);
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
