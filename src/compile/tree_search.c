#include "compile/tree_search.h"

enum {
	HEAVY = 3,  /* a hole has one in so many of those that pass, or more */
	CLOSE = 6,  /* a range of so many edges is divided wherever it is best */
	WINDOW = 1, /* how much farther than Knuth's bounds the search looks where there is a hole */
	MARGIN = 3, /* how far from the middle of its weight a long switch may be divided */
	LONG = 12,
	NO_HOLE = TREE_MOST,
	NEVER = 1u << 30, /* the cost of what makes no sense; more than any tree's */
};

/* What is known of the ranges that start with one edge, while they grow. */
struct row {
	struct tree_cell *cells; /* by last edge */
	uint32_t first, before;  /* the weight before the first edge */
	uint32_t hole, heaviest; /* and its weight */
	struct graph_id rule;
	bool is_whole;                /* of all that is searched */
	bool has_rule, is_chain;      /* all but the rule are few single values */
	uint32_t length;              /* of the chain, */
	uint32_t cost;                /* what it costs, */
	uint32_t weights[TREE_CHAIN]; /* and its exceptions, likeliest first */
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

/* An exception more is asked for by all that heavier ones do not take away; what is behind it in the chain costs the same. */
static void except(struct row *row, uint32_t weight, uint32_t passing, uint32_t size_cost)
{
	uint32_t at = row->length++;

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
		row->hole = last;
	}
	row->cells[last].hole = (uint8_t)row->hole;
	if (graph_same(edge->child, row->rule)) {
		row->cost += row->length * edge->weight;
		row->has_rule = true;
	} else if (is_single && row->is_chain && row->length < TREE_CHAIN) {
		except(row, edge->weight, passing, search->size_cost);
	} else {
		row->is_chain = false;
	}
}

/* What the chain costs once its range has a hole: an exception, which is the first of the chain, or a part of the rule. */
static uint32_t chain_without_hole(const struct row *row, const struct tree_search *search, uint32_t here)
{
	if (graph_same(search->edges[row->hole].child, row->rule))
		return row->cost - row->length * row->heaviest;
	return row->cost - here;
}

/* Looks at the places [from, to] to divide. `left` and `right` are the parts at `from`, of which one has the hole, or none. */
static inline void divide_between(const struct tree_cell *left, bool left_hole, const struct tree_cell *right,
                                  bool right_hole, uint32_t stride, uint32_t from, uint32_t to,
                                  struct divided *divided)
{
	const struct tree_cell *end = left + (to - from);

	for (uint32_t least = divided->cost; left <= end; left++, right += stride) {
		uint32_t cost = left->costs[left_hole] + right->costs[right_hole];
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

	divide_between(&row->cells[places.from - 1], false,
	               &row->cells[(places.from - row->first) * stride + last], false, stride, places.from,
	               places.to, &divided);
	return divided;
}

static struct divided divide_holed(const struct row *row, uint32_t stride, uint32_t last,
                                   struct places places)
{
	struct divided divided = {UINT32_MAX, places.from};
	uint32_t from = places.from, to = places.to, middle = row->hole < to ? row->hole : to;
	const struct tree_cell *left = row->cells - 1, *right = row->cells - row->first * stride + last;

	if (from <= middle)
		divide_between(left + from, false, right + from * stride, true, stride, from, middle,
		               &divided);
	from = from > row->hole ? from : row->hole + 1;
	if (from <= to)
		divide_between(left + from, true, right + from * stride, false, stride, from, to, &divided);
	return divided;
}

/* Where the best place to divide is: between those of the range without its first and without its last edge. */
static inline struct places places_of(const struct row *row, uint32_t stride, uint32_t last, bool holed)
{
	const struct tree_cell *cell = &row->cells[last];
	uint32_t a = cell[-1].splits[holed], b = cell[stride].splits[holed];
	uint32_t from = (a < b ? a : b) - holed * WINDOW, to = (a < b ? b : a) + holed * WINDOW;

	if (last - row->first < CLOSE || from <= row->first)
		from = row->first + 1;
	if (last - row->first < CLOSE || to > last)
		to = last;
	return (struct places){from, to};
}

static inline void put(struct tree_cell *cell, bool holed, uint32_t cost, enum tree_move move, uint32_t split)
{
	cell->costs[holed] = cost;
	cell->moves[holed] = (uint8_t)move;
	cell->splits[holed] = (uint8_t)split;
}

static bool is_chain(const struct row *row)
{
	return row->is_chain && row->has_rule;
}

/* The range without its hole. */
static void solve_holed(const struct tree_search *search, const struct row *row, uint32_t last, uint32_t here,
                        struct places places)
{
	struct divided divided = divide_holed(row, search->count, last, places);

	put(&row->cells[last], true, divided.cost + here - row->heaviest, TREE_DIVIDE, divided.split);
}

static inline struct divided better(struct divided a, uint32_t cost, uint32_t split)
{
	return cost < a.cost ? (struct divided){cost, split} : a;
}

/*
 * A range that a chain could decide. With one exception that is best; with two it can only be better to cut off the rule's first or
 * last edge before.
 */
static void solve_chain(const struct tree_search *search, const struct row *row, uint32_t last, uint32_t here)
{
	struct tree_cell *cell = &row->cells[last];
	struct divided divided = {NEVER, (row->first + last + 1) / 2};

	if (row->length == 2) {
		divided = better(divided, here + cell[search->count].costs[0], row->first + 1);
		divided = better(divided, here + cell[-1].costs[0], last);
	} else if (row->length > 2) {
		divided = divide(row, search->count, last, places_of(row, search->count, last, false));
		divided.cost += here;
	}
	if (row->cost <= divided.cost)
		put(cell, false, row->cost, TREE_CHAIN_OF, divided.split);
	else
		put(cell, false, divided.cost, TREE_DIVIDE, divided.split);
	put(cell, true, row->hole == NO_HOLE ? NEVER : chain_without_hole(row, search, here), TREE_CHAIN_OF,
	    divided.split);
}

/* Any other range, to be divided at one of the places, or asked for its heaviest value before. */
static void solve(const struct tree_search *search, const struct row *row, uint32_t last, uint32_t passing,
                  struct places places)
{
	struct tree_cell *cell = &row->cells[last];
	uint32_t here = passing + search->size_cost;
	struct divided divided = {NEVER, places.from};

	if (row->heaviest * 2 < passing) {
		divided = divide(row, search->count, last, places);
		divided.cost += here;
	}
	put(cell, false, divided.cost, TREE_DIVIDE, divided.split);
	cell->splits[1] = (uint8_t)divided.split;
	if (row->heaviest * HEAVY < passing)
		return;
	solve_holed(search, row, last, here,
	            row->is_whole ? places : places_of(row, search->count, last, true));
	if (cell->costs[1] + here < divided.cost)
		put(cell, false, cell->costs[1] + here, TREE_ASK, cell->splits[divided.cost == NEVER]);
}

/* One edge: nothing is to be decided; but where nothing at all is left, nobody is to look. */
static void settle_one(struct row *row, const struct tree_search *search)
{
	uint32_t first = row->first;
	bool is_single = search->singles[first];

	row->hole = is_single ? first : NO_HOLE;
	row->heaviest = is_single ? weight_of(search, first) : 0;
	row->cells[first] = (struct tree_cell){
	    .costs = {0, NEVER},
	    .splits = {(uint8_t)first, (uint8_t)first},
	    .moves = {TREE_SETTLED, TREE_SETTLED},
	    .hole = (uint8_t)row->hole,
	};
	row->rule = search->edges[search->rules[first]].child;
	row->has_rule = graph_same(search->edges[first].child, row->rule);
	row->is_chain = true;
	row->length = row->cost = 0;
	if (!row->has_rule)
		except(row, weight_of(search, first), weight_of(search, first), search->size_cost);
}

/* Two edges: one comparison, and none where one of them is a hole. */
static void settle_two(const struct tree_search *search, const struct row *row, uint32_t passing)
{
	row->cells[row->first + 1] = (struct tree_cell){
	    .costs = {passing + search->size_cost, 0},
	    .splits = {(uint8_t)(row->first + 1), (uint8_t)(row->first + 1)},
	    .moves = {TREE_DIVIDE, TREE_SETTLED},
	    .hole = (uint8_t)row->hole,
	};
}

/* Ranges that start with an edge and end with one in (first, end). */
static void solve_row(struct tree_search *search, uint32_t first, uint32_t end)
{
	struct row row = {
	    .cells = search->cells + first * search->count, .first = first, .before = search->sums[first]};

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
	struct row row = {.cells = search->cells, .hole = NO_HOLE, .is_whole = true};
	uint32_t last = search->count - 1;

	for (uint32_t i = 0; i <= last; i++)
		if (search->singles[i] && weight_of(search, i) > row.heaviest) {
			row.heaviest = weight_of(search, i);
			row.hole = i;
		}
	row.cells[last].hole = (uint8_t)row.hole;
	solve(search, &row, last, search->sums[search->count], (struct places){from, to});
}

/* In a chain the child of the next longer edge is the rule; where there is none, that of the last one. */
static void prepare(struct tree_search *search, const struct graph_edge *edges, uint32_t count)
{
	uint32_t rule = count - 1;

	search->edges = edges;
	search->count = count;
	search->sums[0] = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t next = i + 1 < count ? edges[i + 1].first : 0;
		search->sums[i + 1] = search->sums[i] + edges[i].weight;
		search->singles[i] = edges[i].first + 1 == next;
	}
	for (uint32_t i = count; i-- > 0;) {
		rule = search->singles[i] ? rule : i;
		search->rules[i] = (uint8_t)rule;
		if (i + 2 < count && search->singles[i] && search->singles[i + 1] &&
		    graph_same(edges[i].child, edges[i + 2].child))
			search->rules[i] = (uint8_t)i;
	}
}

void tree_search_run(struct tree_search *search, const struct graph_edge *edges, uint32_t count)
{
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
                                uint32_t hole)
{
	struct graph_id rule = search->edges[search->rules[first]].child;
	struct tree_chain chain = {.length = 0};

	for (uint32_t edge = first; edge <= last; edge++) {
		uint32_t at = chain.length;
		if (edge == hole || graph_same(search->edges[edge].child, rule) || at == TREE_CHAIN)
			continue;
		chain.length++;
		for (; at > 0 && weight_of(search, chain.edges[at - 1]) < weight_of(search, edge); at--)
			chain.edges[at] = chain.edges[at - 1];
		chain.edges[at] = edge;
	}
	return chain;
}
