/*
 * The search for the cheapest tree of two-way comparisons over one switch (tree.h).
 */
#include <assert.h>

#include "compile/tree.h"

enum {
	HEAVY = 3,  /* a singleton is taken out only if one in so many of those that pass have it */
	CLOSE = 6,  /* a range of so many edges is divided wherever it is best */
	WINDOW = 1, /* how much farther than Knuth's bounds the search looks where there is a singleton */
	MARGIN = 3, /* how far from the middle of its weight a long switch may be divided */
	LONG = 12,
	NO_SINGLETON = TREE_MOST,
	NEVER = 1u << 30, /* the cost of what makes no sense; more than any tree's */
};

/* What is known of the ranges that start with one edge, while they grow. */
struct row {
	struct tree_range *ranges;    /* by last edge */
	uint32_t first, before;       /* the weight before the first edge */
	uint32_t singleton, heaviest; /* its weight */
	struct graph_id base;
	bool is_whole;                /* the row is the range of all edges */
	bool has_base;                /* some edge leads to the base */
	bool is_chain;                /* all other edges are few single values: the exceptions */
	uint32_t length, cost;        /* of the chain of exceptions */
	uint32_t weights[TREE_CHAIN]; /* of the exceptions, the heaviest first */
};

/* Places to divide at: before the edges [from, to]. */
struct places {
	uint32_t from, to;
};

/* A place to divide a range, and the cost of both parts. */
struct divided {
	uint32_t cost, split;
};

static uint32_t weight_of(const struct tree_search *search, uint32_t edge)
{
	return search->edges[edge].weight;
}

/* Adds an exception: all that no heavier one takes away is compared with it, and it spares the lighter ones its own weight. */
static void except(struct row *row, uint32_t weight, uint32_t passing, uint32_t size_cost)
{
	uint32_t at = row->length++;

	assert(at < TREE_CHAIN);
	row->cost += size_cost;
	for (; at > 0 && row->weights[at - 1] < weight; at--)
		row->weights[at] = row->weights[at - 1];
	row->weights[at] = weight;
	row->cost += at * weight + passing;
	while (at-- > 0)
		row->cost -= row->weights[at];
}

static void extend(struct row *row, const struct tree_search *search, uint32_t last, uint32_t passing)
{
	const struct graph_edge *edge = &search->edges[last];
	bool is_single = search->singles[last];

	if (is_single && edge->weight > row->heaviest) {
		row->heaviest = edge->weight;
		row->singleton = last;
	}
	row->ranges[last].singleton = (uint8_t)row->singleton;
	if (graph_same(edge->child, row->base)) {
		row->cost += row->length * edge->weight;
		row->has_base = true;
	} else if (is_single && row->is_chain && row->length < TREE_CHAIN) {
		except(row, edge->weight, passing, search->size_cost);
	} else {
		row->is_chain = false;
	}
}

/* What the chain costs once its range has a singleton: an exception, which is the first of the chain, or a part of the base. */
static uint32_t chain_without_singleton(const struct row *row, const struct tree_search *search,
                                        uint32_t here)
{
	if (graph_same(search->edges[row->singleton].child, row->base))
		return row->cost - row->length * row->heaviest;
	return row->cost - here;
}

/* Looks at the places [from, to] to divide. `left` and `right` are the parts at `from`, of which one has the singleton, or none. */
static inline void divide_between(const struct tree_range *left, bool left_without,
                                  const struct tree_range *right, bool right_without, uint32_t stride,
                                  uint32_t from, uint32_t to, struct divided *divided)
{
	const struct tree_range *end = left + (to - from);

	for (uint32_t least = divided->cost; left <= end; left++, right += stride) {
		uint32_t cost = left->costs[left_without] + right->costs[right_without];
		if (cost < least) {
			divided->cost = least = cost;
			divided->split = to - (uint32_t)(end - left);
		}
	}
}

static inline struct divided divide(const struct row *row, uint32_t stride, uint32_t last,
                                    struct places places)
{
	struct divided divided = {UINT32_MAX, places.from};

	divide_between(&row->ranges[places.from - 1], false,
	               &row->ranges[(places.from - row->first) * stride + last], false, stride, places.from,
	               places.to, &divided);
	return divided;
}

static struct divided divide_without(const struct row *row, uint32_t stride, uint32_t last,
                                     struct places places)
{
	struct divided divided = {UINT32_MAX, places.from};
	uint32_t from = places.from, to = places.to, middle = row->singleton < to ? row->singleton : to;
	const struct tree_range *left = row->ranges - 1, *right = row->ranges - row->first * stride + last;

	if (from <= middle)
		divide_between(left + from, false, right + from * stride, true, stride, from, middle,
		               &divided);
	from = from > row->singleton ? from : row->singleton + 1;
	if (from <= to)
		divide_between(left + from, true, right + from * stride, false, stride, from, to, &divided);
	return divided;
}

/* Where the best place to divide is: between those of the range without its first and without its last edge. */
static inline struct places places_of(const struct row *row, uint32_t stride, uint32_t last, bool without)
{
	const struct tree_range *range = &row->ranges[last];
	uint32_t a = range[-1].splits[without], b = range[stride].splits[without];

	assert(last > row->first);
	uint32_t from = (a < b ? a : b) - without * WINDOW, to = (a < b ? b : a) + without * WINDOW;

	if (last - row->first < CLOSE || from <= row->first)
		from = row->first + 1;
	if (last - row->first < CLOSE || to > last)
		to = last;
	return (struct places){from, to};
}

static inline void put(struct tree_range *range, bool without, uint32_t cost, enum tree_move move,
                       uint32_t split)
{
	range->costs[without] = cost;
	range->moves[without] = (uint8_t)move;
	range->splits[without] = (uint8_t)split;
}

static bool is_chain(const struct row *row)
{
	return row->is_chain && row->has_base;
}

/* The range without its singleton. */
static void solve_without(const struct tree_search *search, const struct row *row, uint32_t last,
                          uint32_t here, struct places places)
{
	struct divided divided = divide_without(row, search->count, last, places);

	put(&row->ranges[last], true, divided.cost + here - row->heaviest, TREE_DIVIDE, divided.split);
}

static inline struct divided better(struct divided a, uint32_t cost, uint32_t split)
{
	return cost < a.cost ? (struct divided){cost, split} : a;
}

/*
 * A range that a chain could decide. With one exception the chain is best; with two it can only be better to cut off the first
 * or last edge before.
 */
static void solve_chain(const struct tree_search *search, const struct row *row, uint32_t last, uint32_t here)
{
	struct tree_range *range = &row->ranges[last];
	struct divided divided = {NEVER, (row->first + last + 1) / 2};

	if (row->length == 2) {
		divided = better(divided, here + range[search->count].costs[0], row->first + 1);
		divided = better(divided, here + range[-1].costs[0], last);
	} else if (row->length > 2) {
		divided = divide(row, search->count, last, places_of(row, search->count, last, false));
		divided.cost += here;
	}
	if (row->cost <= divided.cost)
		put(range, false, row->cost, TREE_EXCEPTIONS, divided.split);
	else
		put(range, false, divided.cost, TREE_DIVIDE, divided.split);
	put(range, true, row->singleton == NO_SINGLETON ? NEVER : chain_without_singleton(row, search, here),
	    TREE_EXCEPTIONS, divided.split);
}

/* Any other range, to be divided at one of the places, or asked for its heaviest value before. */
static void solve(const struct tree_search *search, const struct row *row, uint32_t last, uint32_t passing,
                  struct places places)
{
	struct tree_range *range = &row->ranges[last];
	uint32_t here = passing + search->size_cost;
	struct divided divided = {NEVER, places.from};

	if (row->heaviest * 2 < passing) {
		divided = divide(row, search->count, last, places);
		divided.cost += here;
	}
	put(range, false, divided.cost, TREE_DIVIDE, divided.split);
	range->splits[1] = (uint8_t)divided.split;
	if (row->heaviest * HEAVY < passing)
		return;
	solve_without(search, row, last, here,
	              row->is_whole ? places : places_of(row, search->count, last, true));
	if (range->costs[1] + here < divided.cost)
		put(range, false, range->costs[1] + here, TREE_EQUAL, range->splits[divided.cost == NEVER]);
}

/* One edge: nothing is to be decided. A range without its only edge is empty, and no tree leads there. */
static void settle_one(struct row *row, const struct tree_search *search)
{
	uint32_t first = row->first;
	bool is_single = search->singles[first];

	row->singleton = is_single ? first : NO_SINGLETON;
	row->heaviest = is_single ? weight_of(search, first) : 0;
	row->ranges[first] = (struct tree_range){
	    .costs = {0, NEVER},
	    .splits = {(uint8_t)first, (uint8_t)first},
	    .moves = {TREE_DECIDED, TREE_DECIDED},
	    .singleton = (uint8_t)row->singleton,
	};
	row->base = search->edges[search->bases[first]].child;
	row->has_base = graph_same(search->edges[first].child, row->base);
	row->is_chain = true;
	row->length = row->cost = 0;
	if (!row->has_base)
		except(row, weight_of(search, first), weight_of(search, first), search->size_cost);
}

/* Two edges: one comparison, and none without the singleton. */
static void settle_two(const struct tree_search *search, const struct row *row, uint32_t passing)
{
	row->ranges[row->first + 1] = (struct tree_range){
	    .costs = {passing + search->size_cost, 0},
	    .splits = {(uint8_t)(row->first + 1), (uint8_t)(row->first + 1)},
	    .moves = {TREE_DIVIDE, TREE_DECIDED},
	    .singleton = (uint8_t)row->singleton,
	};
}

/* Ranges that start with an edge and end with one in (first, end). */
static void solve_row(struct tree_search *search, uint32_t first, uint32_t end)
{
	struct row row = {
	    .ranges = search->ranges + first * search->count, .first = first, .before = search->sums[first]};

	settle_one(&row, search);
	for (uint32_t last = first + 1; last < end; last++) {
		uint32_t passing = search->sums[last + 1] - row.before;
		extend(&row, search, last, passing);
		if (last == first + 1)
			settle_two(search, &row, passing);
		else if (is_chain(&row))
			solve_chain(search, &row, last, passing + search->size_cost);
		else
			solve(search, &row, last, passing, places_of(&row, search->count, last, false));
	}
}

/* Before which edge half of the weight has passed. */
static uint32_t middle_of(const struct tree_search *search)
{
	uint32_t middle = 1;

	while (middle + 1 < search->count && search->sums[middle] < search->sums[search->count] / 2)
		middle++;
	return middle;
}

/* All of it, which is to be divided in [from, to]. */
static void solve_whole(struct tree_search *search, uint32_t from, uint32_t to)
{
	struct row row = {.ranges = search->ranges, .singleton = NO_SINGLETON, .is_whole = true};
	uint32_t last = search->count - 1;

	for (uint32_t i = 0; i <= last; i++)
		if (search->singles[i] && weight_of(search, i) > row.heaviest) {
			row.heaviest = weight_of(search, i);
			row.singleton = i;
		}
	assert(from >= 1 && from <= to && to <= last);
	row.ranges[last].singleton = (uint8_t)row.singleton;
	solve(search, &row, last, search->sums[search->count], (struct places){from, to});
}

/* The base of a range is the child of its first edge that is no single value; where there is none, that of the last edge. */
static void prepare(struct tree_search *search, const struct graph_edge *edges, uint32_t count)
{
	uint32_t base = count - 1;

	search->edges = edges;
	search->count = count;
	search->sums[0] = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t next = i + 1 < count ? edges[i + 1].first : 0;
		search->sums[i + 1] = search->sums[i] + edges[i].weight;
		search->singles[i] = edges[i].first + 1 == next;
	}
	for (uint32_t i = count; i-- > 0;) {
		base = search->singles[i] ? base : i;
		search->bases[i] = (uint8_t)base;
		if (i + 2 < count && search->singles[i] && search->singles[i + 1] &&
		    graph_same(edges[i].child, edges[i + 2].child))
			search->bases[i] = (uint8_t)i;
	}
}

void tree_search_run(struct tree_search *search, const struct graph_edge *edges, uint32_t count)
{
	assert(count >= 2 && count <= TREE_MOST);
	prepare(search, edges, count);
	uint32_t middle = middle_of(search);
	uint32_t from = middle > MARGIN ? middle - MARGIN : 1;
	uint32_t to = middle + MARGIN < count ? middle + MARGIN : count - 1;
	bool is_long = count >= LONG && from > 1 && to + 1 < count;
	/* Ranges that cross all places where a long switch may be divided first are no part of its tree. */
	for (uint32_t first = count; first-- > 0;)
		solve_row(search, first, is_long && first < from ? to : count);
	if (is_long)
		solve_whole(search, from, to);
}

struct tree_chain tree_chain_of(const struct tree_search *search, uint32_t first, uint32_t last,
                                uint32_t singleton)
{
	struct graph_id base = search->edges[search->bases[first]].child;
	struct tree_chain chain = {.length = 0};

	for (uint32_t edge = first; edge <= last; edge++) {
		uint32_t at = chain.length;
		if (edge == singleton || graph_same(search->edges[edge].child, base) || at == TREE_CHAIN)
			continue;
		chain.length++;
		for (; at > 0 && weight_of(search, chain.edges[at - 1]) < weight_of(search, edge); at--)
			chain.edges[at] = chain.edges[at - 1];
		chain.edges[at] = edge;
	}
	return chain;
}
