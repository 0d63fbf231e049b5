#include "compile/tree_search.h"

enum {
	HEAVY = 3,  /* a hole has one in so many of those that pass, or more */
	WINDOW = 1, /* how much farther than Knuth's bounds the search looks where there are holes */
	MARGIN = 4, /* how far from the middle of its weight a long switch may be divided */
	LONG = 32,
	NEVER = 1u << 30, /* the cost of what makes no sense; more than any tree's */
};

static uint32_t weight_of(const struct tree_search *search, uint32_t edge)
{
	return search->edges[edge].weight;
}

/* Puts an edge where it belongs in a list by weight that has room for `most`; returns the new length. */
static uint32_t insert(const struct tree_search *search, uint32_t *list, uint32_t length, uint32_t most,
                       uint32_t edge)
{
	uint32_t at = length;

	if (length == most && weight_of(search, list[most - 1]) >= weight_of(search, edge))
		return length;
	at -= length == most;
	for (; at > 0 && weight_of(search, list[at - 1]) < weight_of(search, edge); at--)
		list[at] = list[at - 1];
	list[at] = edge;
	return length < most ? length + 1 : length;
}

static void range_extend(struct tree_range *range, const struct tree_search *search, uint32_t edge)
{
	uint32_t most = search->holes_most, count = range->heavy_count;

	range->last = edge;
	if (search->singles[edge] &&
	    (count < most || weight_of(search, range->heavy[most - 1]) < weight_of(search, edge)))
		range->heavy_count = insert(search, range->heavy, count, most, edge);
}

struct tree_range tree_range_of(const struct tree_search *search, uint32_t first, uint32_t last)
{
	struct tree_range range = {.first = first};

	for (uint32_t i = first; i <= last; i++)
		range_extend(&range, search, i);
	return range;
}

/* Which child is the rule? The one of a longer edge; of single values only, the weightier of two. */
static void chain_start(struct tree_chain *chain, const struct tree_search *search,
                        const struct tree_range *range)
{
	uint64_t weights[2] = {0};

	chain->is_possible = true;
	chain->is_settled = false;
	chain->length = 0;
	for (uint32_t i = range->first; i <= range->last && !chain->is_settled; i++) {
		weights[(i - range->first) % 2] += weight_of(search, i);
		chain->is_settled = !search->singles[i];
		chain->rest = search->edges[i].child;
	}
	if (!chain->is_settled)
		chain->rest = search->edges[range->first + (weights[1] > weights[0])].child;
}

static void chain_extend(struct tree_chain *chain, const struct tree_search *search, uint32_t edge)
{
	if (graph_same(search->edges[edge].child, chain->rest))
		return;
	if (chain->length == TREE_CHAIN || !search->singles[edge])
		chain->is_possible = false;
	else
		chain->length = insert(search, chain->edges, chain->length, TREE_CHAIN, edge);
}

void tree_chain_of(struct tree_chain *chain, const struct tree_search *search, const struct tree_range *range)
{
	chain_start(chain, search, range);
	for (uint32_t i = range->first; i <= range->last && chain->is_possible; i++)
		chain_extend(chain, search, i);
}

static uint32_t chain_cost(const struct tree_search *search, const struct tree_range *range, uint32_t holes,
                           const struct tree_chain *chain, uint32_t passing)
{
	uint32_t cost = 0;

	for (uint32_t i = 0; i < chain->length; i++) {
		if (tree_is_hole(range, holes, chain->edges[i]))
			continue;
		cost += passing + search->size_cost;
		passing -= weight_of(search, chain->edges[i]);
	}
	return cost;
}

/* Has everything that is left the same child? Two edges that are side by side never have. */
static bool is_settled(const struct tree_search *search, const struct tree_range *range, uint32_t holes)
{
	uint32_t length = range->last - range->first + 1, left = range->first;

	if (length > 2 * holes + 1)
		return false;
	while (left < range->last && tree_is_hole(range, holes, left))
		left++;
	for (uint32_t i = left + 1; i <= range->last; i++)
		if (!tree_is_hole(range, holes, i) &&
		    !graph_same(search->edges[i].child, search->edges[left].child))
			return false;
	return true;
}

/* The cheapest of the places [from, to] to divide [first, last], where nothing is before the costs of `left` and `right`. */
struct divided {
	uint32_t cost, split;
};

/* Looks at the places [from, to], between which there is no hole. `left` and `right` are the costs at `from`. */
static inline void divide_between(const uint32_t *left, const uint32_t *right, uint32_t stride, uint32_t from,
                                  uint32_t to, struct divided *divided)
{
	for (uint32_t at = from; at <= to; at++, left++, right += stride) {
		uint32_t cost = *left + *right;
		if (cost < divided->cost) {
			divided->cost = cost;
			divided->split = at;
		}
	}
}

/* The first place from `split` on behind which there is one hole more. */
static uint32_t next_hole(const struct tree_range *range, uint32_t holes, uint32_t split)
{
	uint32_t next = UINT32_MAX;

	for (uint32_t i = 0; i < holes; i++)
		if (range->heavy[i] >= split && range->heavy[i] < next)
			next = range->heavy[i];
	return next;
}

static struct divided divide_anywhere(const struct tree_search *search, const struct tree_range *range,
                                      uint32_t holes, uint32_t from, uint32_t to)
{
	struct divided divided = {UINT32_MAX, from};

	while (from <= to) {
		uint32_t hole = next_hole(range, holes, from), end = hole < to ? hole : to;
		uint32_t below = tree_holes_before(range, holes, from);
		divide_between(search->costs + tree_cell(search, range->first, from - 1, below),
		               search->costs + tree_cell(search, from, range->last, holes - below),
		               search->count, from, end, &divided);
		from = end + 1;
	}
	return divided;
}

/* The best place is between those without the first and without the last edge, or, where there are holes, not far off. */
static inline struct divided divide_bounded(const uint32_t *costs, uint32_t count, uint32_t first,
                                            uint32_t last, uint32_t a, uint32_t b)
{
	uint32_t from = a < b ? a : b, to = a < b ? b : a;

	from += from == first;
	struct divided divided = {UINT32_MAX, from};
	divide_between(costs + first * count + from - 1, costs + from * count + last, count, from, to,
	               &divided);
	return divided;
}

static struct divided divide_whole(const struct tree_search *search, uint32_t first, uint32_t last)
{
	uint32_t count = search->count, cell = first * count + last;

	return divide_bounded(search->costs, count, first, last, search->splits[cell - 1],
	                      search->splits[cell + count]);
}

static struct divided divide(const struct tree_search *search, const struct tree_range *range, uint32_t holes)
{
	uint32_t cell = tree_cell(search, range->first, range->last, holes);
	uint32_t a = search->splits[cell - 1], b = search->splits[cell + search->count];
	uint32_t from = a < b ? a : b, to = a < b ? b : a;

	from = from > range->first + WINDOW ? from - WINDOW : range->first + 1;
	to = to + WINDOW < range->last ? to + WINDOW : range->last;
	return divide_anywhere(search, range, holes, from, to);
}

/* `passing` is the weight of the range without its holes; `may_ask` if the cell with one hole more is solved. */
static void choose(struct tree_search *search, const struct tree_range *range, uint32_t holes,
                   const struct tree_chain *chain, uint32_t passing, bool may_ask, struct divided divided)
{
	uint32_t cell = tree_cell(search, range->first, range->last, holes);
	uint32_t cost = divided.cost + passing + search->size_cost;
	enum tree_move move = TREE_DIVIDE;

	if (may_ask) {
		uint32_t asked =
		    search->costs[cell + search->count * search->count] + passing + search->size_cost;
		move = asked < cost ? TREE_ASK : move;
		cost = asked < cost ? asked : cost;
	}
	if (chain->is_possible) {
		uint32_t chained = chain_cost(search, range, holes, chain, passing);
		move = chained <= cost ? TREE_CHAIN_OF : move;
		cost = chained <= cost ? chained : cost;
	}
	search->costs[cell] = cost;
	search->moves[cell] = (uint8_t)move;
	search->splits[cell] = (uint8_t)divided.split;
}

/* Nothing to decide; but where nothing at all is left, nobody is to look. */
static void settle(struct tree_search *search, const struct tree_range *range, uint32_t holes)
{
	uint32_t cell = tree_cell(search, range->first, range->last, holes);

	search->costs[cell] = range->last - range->first + 1 > holes ? 0 : NEVER;
	search->moves[cell] = TREE_SETTLED;
	search->splits[cell] = (uint8_t)range->last;
}

/*
 * The cells with holes, each of which has to be heavy; then it is so in every part of the range that has it, too. Returns how many
 * levels there are.
 */
static uint32_t solve_holes(struct tree_search *search, const struct tree_range *range,
                            const struct tree_chain *chain, uint32_t passing)
{
	uint32_t weights[TREE_HOLES + 1] = {passing}, levels = 0;

	while (levels < range->heavy_count &&
	       weight_of(search, range->heavy[levels]) * HEAVY >= weights[levels]) {
		weights[levels + 1] = weights[levels] - weight_of(search, range->heavy[levels]);
		levels++;
	}
	for (uint32_t i = levels; i > 0; i--) {
		if (is_settled(search, range, i))
			settle(search, range, i);
		else
			choose(search, range, i, chain, weights[i], i < levels, divide(search, range, i));
	}
	return levels;
}

static void solve_range(struct tree_search *search, const struct tree_range *range,
                        const struct tree_chain *chain)
{
	uint32_t passing = search->sums[range->last + 1] - search->sums[range->first];
	uint32_t levels = solve_holes(search, range, chain, passing);
	struct divided divided = divide_whole(search, range->first, range->last);

	choose(search, range, 0, chain, passing, levels > 0, divided);
	for (uint32_t i = levels + 1; i <= search->holes_most; i++)
		search->splits[tree_cell(search, range->first, range->last, i)] = (uint8_t)divided.split;
}

/*
 * The same for most ranges, which can only be divided: from `last` on, up to before `end` or before a range whose heaviest value
 * is heavy. Returns where it ended.
 */
static uint32_t solve_plain(struct tree_search *search, const struct tree_range *range, uint32_t last,
                            uint32_t end)
{
	const uint32_t count = search->count, first = range->first;
	const uint32_t heaviest = range->heavy_count ? weight_of(search, range->heavy[0]) : 0;
	const uint32_t before = search->sums[first], size_cost = search->size_cost;
	uint32_t *costs = search->costs + first * count;
	uint8_t *splits = search->splits + first * count, *below = splits + count,
	        *holed = splits + count * count;
	uint32_t low = splits[last - 1];

	for (; last < end; last++) {
		uint32_t passing = search->sums[last + 1] - before, high = below[last];
		if ((search->singles[last] && weight_of(search, last) > heaviest) ||
		    heaviest * HEAVY >= passing)
			break;
		struct divided divided = divide_bounded(search->costs, count, first, last, low, high);
		costs[last] = divided.cost + passing + size_cost;
		search->moves[first * count + last] = TREE_DIVIDE;
		low = divided.split;
		splits[last] = holed[last] = (uint8_t)low;
	}
	return last;
}

/* Ranges that start with an edge and end with one in (first, end). */
static void solve_row(struct tree_search *search, uint32_t first, uint32_t end)
{
	struct tree_range range = {.first = first};
	struct tree_chain chain = {.is_settled = false};

	range_extend(&range, search, first);
	for (uint32_t i = 0; i <= search->holes_most; i++)
		settle(search, &range, i);
	for (uint32_t last = first + 1; last < end; last++) {
		if (!chain.is_possible && last - first > 2 && search->holes_most == 1)
			last = solve_plain(search, &range, last, end);
		if (last == end)
			break;
		range_extend(&range, search, last);
		if (chain.is_settled && chain.is_possible)
			chain_extend(&chain, search, last);
		else if (!chain.is_settled && last - first <= 2 * TREE_CHAIN)
			tree_chain_of(&chain, search, &range);
		else
			chain.is_possible = false;
		solve_range(search, &range, &chain);
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
	struct tree_range range = tree_range_of(search, 0, search->count - 1);
	struct tree_chain chain;

	tree_chain_of(&chain, search, &range);
	choose(search, &range, 0, &chain, search->sums[search->count], false,
	       divide_anywhere(search, &range, 0, from, to));
}

static void prepare(struct tree_search *search, const struct graph_edge *edges, uint32_t count)
{
	search->edges = edges;
	search->count = count;
	search->holes_most = count <= TREE_FEW ? TREE_HOLES : 1;
	search->sums[0] = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t next = i + 1 < count ? edges[i + 1].first : 0;
		search->sums[i + 1] = search->sums[i] + edges[i].weight;
		search->singles[i] = edges[i].first + 1 == next;
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
