/* One word, divided wherever the outcome of some literal changes. */
#include <stdlib.h>

#include "compile/expansion.h"

static int by_first(const void *a, const void *b)
{
	const struct graph_edge *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

static bool find_breakpoints(struct partition *partition, struct arena *arena, const struct cube *const *cubes,
                             size_t count)
{
	ARENA_VEC(struct graph_edge) found = {0};
	size_t kept = 0;

	if (!vec_reserve_in(&found, arena, 2 * count))
		return false;
	found.items[found.count++] = (struct graph_edge){0};
	for (size_t i = 0; i < count; i++)
		for (uint32_t j = 0; j < cubes[i]->count; j++) {
			uint32_t breakpoints[2];
			uint32_t more = literal_breakpoints(&cubes[i]->literals[j], partition->word, breakpoints);
			while (more > 0)
				if (!vec_push_in(&found, arena, ((struct graph_edge){.first = breakpoints[--more]})))
					return false;
		}
	struct graph_edge *edges = partition->edges = found.items;
	qsort(edges, found.count, sizeof(edges[0]), by_first);
	for (size_t i = 1; i < found.count; i++)
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
static bool add_cube(struct partition *partition, struct arena *arena, const struct cube *cube, uint32_t index)
{
	uint32_t first = 0, last = UINT32_MAX;
	bool closes = cube->count == 0 || (cube->count == 1 && cube->literals[0].kind == LITERAL_IN &&
	                                   cube->literals[0].word == partition->word && !cube->literals[0].negated);

	for (uint32_t i = 0; i < cube->count; i++)
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

bool partition_divide(struct partition *partition, struct expansion *expansion, struct span list, size_t most,
                      size_t *ret_work)
{
	const struct cube *const *cubes = expansion_cubes(expansion, list);

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
