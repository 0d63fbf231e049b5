/*
 * The search for the cheapest tree of two-way comparisons.
 *
 * Optimal search trees cost too much to find in general; three facts make nearly optimal ones cheap. Where one child is
 * the base and single values are the exceptions, a short chain of ==, the likeliest first, is best. If it is worth
 * asking for a single value before a range is divided, then for the heaviest one, the range's singleton from then on.
 * And the best place to divide moves with the ends of the range, as in Knuth's search trees. So this is dynamic
 * programming over ranges of edges, each with its singleton and without.
 */
#include "compile/tree.h"

#include <assert.h>
#include <string.h>

/* Short switches are those of small policies, which are to be built fast; long ones gain more by a longer search. */
enum { LONG_SWITCH = 150, SHORT_MOST = 32 };

enum {
	MOST = 48,  /* edges of a search */
	CHAIN = 4,  /* exceptions in a chain */
	HEAVY = 3,  /* a singleton is taken out only if one in so many of those that pass have it */
	CLOSE = 6,  /* a range of so many edges is divided wherever it is best */
	WINDOW = 1, /* how much farther than Knuth's bounds the search looks where there is a singleton */
	MARGIN = 3, /* how far from the middle of its weight a long search may be divided */
	LONG = 12,  /* edges of a long search */
	NO_SINGLETON = MOST,
	NEVER = 1u << 30, /* the cost of what makes no sense; more than any tree's */
};

/* What to do with a range of edges. */
enum move {
	DIVIDE,     /* >= the value of an edge? */
	EQUAL,      /* == the heaviest single value? */
	EXCEPTIONS, /* == each exception? */
	DECIDED,    /* nothing is to be decided */
};

/* A range of edges: [0] all of it, [1] without its singleton. */
struct range {
	uint32_t costs[2];
	/* 4 times the edge before which it is best to divide, if it is to be divided, and an enum move. */
	uint16_t choices[2];
	uint16_t singleton; /* the edge of the heaviest single value; NO_SINGLETON if there is none */
};

/* Places to divide at: before the edges [from, to]. */
struct places {
	uint32_t from, to;
};

/* A place to divide a range, and the cost of both parts. */
struct divided {
	uint32_t cost, split;
};

struct search {
	struct graph *graph;
	uint8_t word;
	size_t most;        /* edges of a part that is searched as a whole */
	uint32_t size_cost; /* of a comparison for being there */
	/* Of the part at hand: */
	const struct graph_edge *edges;
	uint32_t count;
	struct places middle;            /* where a long search may be divided first; from is 0 in a short one */
	uint32_t sums[MOST + 1];         /* the weights before each edge */
	bool singles[MOST];              /* the edge is one value */
	uint8_t bases[MOST];             /* the edge whose child is the base of ranges that start with this one */
	struct range ranges[MOST][MOST]; /* by first and last edge */
};

/* What is known of the ranges that start with one edge, while they grow. */
struct row {
	struct range *ranges; /* by last edge */
	uint32_t first;
	uint32_t singleton, heaviest; /* its weight */
	struct graph_id base;
	bool has_base;           /* some edge leads to the base */
	bool is_chain;           /* all other edges are few single values: the exceptions */
	uint32_t length, cost;   /* of the chain of exceptions */
	uint32_t weights[CHAIN]; /* of the exceptions, the heaviest first */
};

/* Adds an exception: what no heavier one takes away is compared with it, and its weight is spared the lighter ones. */
static void except(struct row *row, uint32_t weight, uint32_t passing, uint32_t size_cost)
{
	uint32_t at = row->length++;

	assert(at < CHAIN);
	row->cost += size_cost;
	for (; at > 0 && row->weights[at - 1] < weight; at--)
		row->weights[at] = row->weights[at - 1];
	row->weights[at] = weight;
	row->cost += at * weight + passing;
	while (at-- > 0)
		row->cost -= row->weights[at];
}

/* The row's ranges have one more edge, which may be their singleton. */
static inline void extend(struct row *row, const struct search *search, uint32_t last)
{
	if (search->singles[last] && search->edges[last].weight > row->heaviest) {
		row->heaviest = search->edges[last].weight;
		row->singleton = last;
	}
	row->ranges[last].singleton = (uint16_t)row->singleton;
}

/* The same for a chain, if there is one with this edge. */
static inline void extend_chain(struct row *row, const struct search *search, uint32_t last, uint32_t passing)
{
	const struct graph_edge *edge = &search->edges[last];

	if (graph_same(edge->child, row->base)) {
		row->cost += row->length * edge->weight;
		row->has_base = true;
	} else if (search->singles[last] && row->length < CHAIN) {
		except(row, edge->weight, passing, search->size_cost);
	} else {
		row->is_chain = false;
	}
}

/* Looks at the places to divide a range that ends with `last`; the part with its singleton, if any, is without it. */
static inline struct divided divide_between(const struct search *search, const struct row *row, uint32_t last,
                                            struct places places, bool left_without, bool right_without,
                                            struct divided best)
{
	const struct range *left = &row->ranges[places.from - 1], *right = &search->ranges[places.from][last];

	for (uint32_t at = places.from; at <= places.to; at++, left++, right += MOST) {
		uint32_t cost = left->costs[left_without] + right->costs[right_without];
		if (cost < best.cost)
			best = (struct divided){cost, at};
	}
	return best;
}

static inline struct divided divide(const struct search *search, const struct row *row, uint32_t last,
                                    struct places places)
{
	return divide_between(search, row, last, places, false, false, (struct divided){UINT32_MAX, places.from});
}

static inline struct divided divide_without(const struct search *search, const struct row *row, uint32_t last,
                                            struct places places)
{
	struct places before = {places.from, row->singleton < places.to ? row->singleton : places.to};
	struct places after = {row->singleton < places.from ? places.from : row->singleton + 1, places.to};
	struct divided best =
	    divide_between(search, row, last, before, false, true, (struct divided){UINT32_MAX, places.from});

	return after.from > after.to ? best : divide_between(search, row, last, after, true, false, best);
}

/* Where the best place to divide is: between those of the range without its first and without its last edge. */
static inline struct places places_of(const struct row *row, uint32_t last, bool without)
{
	const struct range *range = &row->ranges[last];

	assert(last > row->first);
	if (last - row->first < CLOSE)
		return (struct places){row->first + 1, last};
	uint32_t a = range[-1].choices[without], b = range[MOST].choices[without];
	struct places places = {((a < b ? a : b) >> 2) - without * WINDOW, ((a < b ? b : a) >> 2) + without * WINDOW};

	if (places.from <= row->first)
		places.from = row->first + 1;
	if (places.to > last)
		places.to = last;
	return places;
}

static inline void put(struct range *range, bool without, uint32_t cost, enum move move, uint32_t split)
{
	range->costs[without] = cost;
	range->choices[without] = (uint16_t)(split << 2 | move);
}

/*
 * A range that a chain could decide; with one exception the chain is best. Once the range has its singleton, that was
 * the first of the chain's exceptions, or a part of the base.
 */
static inline void solve_chain(const struct search *search, const struct row *row, uint32_t last, uint32_t here)
{
	struct range *range = &row->ranges[last];
	struct divided divided = {NEVER, (row->first + last + 1) / 2};
	uint32_t rest = NEVER;

	if (row->length > 1) {
		divided = divide(search, row, last, places_of(row, last, false));
		divided.cost += here;
	}
	if (row->singleton != NO_SINGLETON) {
		bool is_base = graph_same(search->edges[row->singleton].child, row->base);
		rest = row->cost - (is_base ? row->length * row->heaviest : here);
	}
	bool is_best = row->cost <= divided.cost;
	put(range, false, is_best ? row->cost : divided.cost, is_best ? EXCEPTIONS : DIVIDE, divided.split);
	put(range, true, rest, EXCEPTIONS, divided.split);
}

/* Any other range: divided, at these places or where it is best, or asked for its heaviest value first. */
static inline void solve(const struct search *search, const struct row *row, uint32_t last, uint32_t passing,
                         const struct places *places)
{
	struct range *range = &row->ranges[last];
	uint32_t here = passing + search->size_cost;
	struct divided divided = {NEVER, places ? places->from : row->first + 1};

	if (row->heaviest * 2 < passing) {
		divided = divide(search, row, last, places ? *places : places_of(row, last, false));
		divided.cost += here;
	}
	put(range, false, divided.cost, DIVIDE, divided.split);
	range->choices[1] = range->choices[0];
	if (row->heaviest * HEAVY < passing)
		return;
	struct divided rest = divide_without(search, row, last, places ? *places : places_of(row, last, true));
	put(range, true, rest.cost + here - row->heaviest, DIVIDE, rest.split);
	if (range->costs[1] + here < divided.cost)
		put(range, false, range->costs[1] + here, EQUAL, (divided.cost == NEVER ? rest : divided).split);
}

/*
 * Ranges that start with an edge. In one edge nothing is to be decided, and a range without its only edge is empty, and
 * no tree leads there. Two edges take one comparison, and none without the singleton. Ranges that cross all places
 * where a long search may be divided first are no part of its tree, but for the whole.
 */
static void solve_row(struct search *search, uint32_t first)
{
	/* The first range that crosses. */
	uint32_t crossing = first < search->middle.from ? search->middle.to : search->count;
	uint32_t end = first > 0 ? crossing : search->count, size_cost = search->size_cost;
	struct row row = {
	    .ranges = search->ranges[first],
	    .first = first,
	    .singleton = NO_SINGLETON,
	    .base = search->edges[search->bases[first]].child,
	    .is_chain = true,
	};

	for (uint32_t last = first, before = search->sums[first]; last < end; last++) {
		uint32_t passing = search->sums[last + 1] - before;
		bool crosses = last >= crossing;
		extend(&row, search, last);
		if (crosses && last + 1 < search->count)
			continue;
		if (row.is_chain)
			extend_chain(&row, search, last, passing);
		if (last <= first + 1) {
			bool is_pair = last > first;
			put(&row.ranges[last], false, is_pair ? passing + size_cost : 0, is_pair ? DIVIDE : DECIDED,
			    last);
			put(&row.ranges[last], true, is_pair ? 0 : NEVER, DECIDED, last);
		} else if (!crosses && row.is_chain && row.has_base) {
			solve_chain(search, &row, last, passing + size_cost);
		} else {
			solve(search, &row, last, passing, crosses ? &search->middle : NULL);
		}
	}
}

/* The base of a range is the child of its first edge that is no single value, or else of its last edge. */
static void prepare(struct search *search, const struct graph_edge *edges, uint32_t count)
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

/* Searches among all trees for 2 to MOST edges. */
static void run(struct search *search, const struct graph_edge *edges, uint32_t count)
{
	uint32_t half = 1; /* the edge before which half of the weight has passed */

	assert(count >= 2 && count <= MOST);
	prepare(search, edges, count);
	while (half + 1 < count && search->sums[half] < search->sums[count] / 2)
		half++;
	search->middle = (struct places){0, 0};
	if (count >= LONG && half > MARGIN + 1 && half + MARGIN + 1 < count)
		search->middle = (struct places){half - MARGIN, half + MARGIN};
	for (uint32_t first = count; first-- > 0;)
		solve_row(search, first);
}

static struct graph_id equal(const struct search *search, uint32_t edge, struct graph_id otherwise)
{
	uint32_t value = search->edges[edge].first;

	return graph_range(search->graph, search->word, value, value, search->edges[edge].child, otherwise);
}

/* == for the exceptions in a range, the likeliest first, without the edge `singleton`. */
static struct graph_id build_chain(const struct search *search, uint32_t first, uint32_t last, uint32_t singleton)
{
	struct graph_id base = search->edges[search->bases[first]].child, id = base;
	uint32_t length = 0, exceptions[CHAIN];

	for (uint32_t edge = first; edge <= last && length < CHAIN; edge++) {
		uint32_t at = length;
		if (edge == singleton || graph_same(search->edges[edge].child, base))
			continue;
		length++;
		for (; at > 0 && search->edges[exceptions[at - 1]].weight < search->edges[edge].weight; at--)
			exceptions[at] = exceptions[at - 1];
		exceptions[at] = edge;
	}
	while (length-- > 0)
		id = equal(search, exceptions[length], id);
	return id;
}

/* The tree for a range of edges, or for all of the range but its singleton. */
static struct graph_id build(struct search *search, uint32_t first, uint32_t last, bool without)
{
	const struct range *range = &search->ranges[first][last];
	uint32_t split = range->choices[without] >> 2;

	switch ((enum move)(range->choices[without] & 3)) {
	case DECIDED:
		return search->edges[without && range->singleton == first ? last : first].child;
	case EQUAL:
		return equal(search, range->singleton, build(search, first, last, true));
	case EXCEPTIONS:
		return build_chain(search, first, last, without ? range->singleton : NO_SINGLETON);
	case DIVIDE:
		break;
	}
	assert(first < split && split <= last);
	struct graph_id upper = build(search, split, last, without && split <= range->singleton);
	struct graph_id lower = build(search, first, split - 1, without && split > range->singleton);
	return graph_range(search->graph, search->word, search->edges[split].first, UINT32_MAX, upper, lower);
}

/* Is it an edge of one value? There is another one after it. */
static bool is_single(const struct graph_edge *edges, size_t i)
{
	return edges[i + 1].first - edges[i].first == 1;
}

/*
 * Where to divide what is too long for the search: where the weight is nearly in balance (a lack of balance lengthens
 * the paths by about half its square), and where it is no single value that is cut off, for which == would do.
 */
static size_t place_to_divide(const struct graph_edge *edges, size_t count, uint64_t total, uint32_t size_cost)
{
	uint64_t before = 0, least = UINT64_MAX, cut_off = size_cost * (total * 4 / 3 + 1);
	size_t best = count / 2;

	for (size_t at = 1; at <= count - count / 8; at++) {
		before += edges[at - 1].weight;
		uint64_t lack = before * 2 > total ? before * 2 - total : total - before * 2;
		bool beside_single = (at > 1 && is_single(edges, at - 1)) || (at + 1 < count && is_single(edges, at));
		uint64_t cost = lack * lack + (beside_single ? cut_off : 0);
		if (at >= count / 8 && cost < least) {
			least = cost;
			best = at;
		}
	}
	return best;
}

/*
 * Takes out an edge of one value, which goes to the neighbour that is no single value. Returns how many edges are left.
 */
static size_t take_out(struct graph_edge *edges, size_t count, size_t at)
{
	assert(at + 1 < count);
	if (at == 0 || is_single(edges, at - 1))
		edges[at + 1].first = edges[at].first;
	memmove(&edges[at], &edges[at + 1], (count - at - 1) * sizeof(*edges));
	return graph_merge_edges(edges, count - 1);
}

static struct graph_id solve_any(struct search *search, struct graph_edge *edges, size_t count)
{
	uint64_t total = 0;
	size_t heavy = count;

	assert(count > 0);
	if (count == 1)
		return edges[0].child;
	for (size_t i = 0; i < count; i++)
		total += edges[i].weight;
	for (size_t i = 0; i + 1 < count; i++)
		if (edges[i].weight >= total / 2 && is_single(edges, i))
			heavy = i;
	if (heavy < count) { /* to ask for it first is best */
		struct graph_edge edge = edges[heavy];
		struct graph_id rest = solve_any(search, edges, take_out(edges, count, heavy));
		return graph_range(search->graph, search->word, edge.first, edge.first, edge.child, rest);
	}
	if (count <= search->most) {
		run(search, edges, (uint32_t)count);
		return build(search, 0, (uint32_t)count - 1, false);
	}
	size_t middle = place_to_divide(edges, count, total, search->size_cost);
	uint32_t first = edges[middle].first;
	struct graph_id upper = solve_any(search, edges + middle, count - middle);
	struct graph_id lower = solve_any(search, edges, middle);
	return graph_range(search->graph, search->word, first, UINT32_MAX, upper, lower);
}

struct graph_id tree_graph(struct graph *graph, uint8_t word, struct graph_edge *edges, size_t count,
                           uint32_t size_cost)
{
	struct search search;

	search.graph = graph;
	search.word = word;
	search.most = count > LONG_SWITCH ? MOST : SHORT_MOST;
	search.size_cost = size_cost;
	return solve_any(&search, edges, count);
}
