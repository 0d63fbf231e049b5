/* The pass that makes search trees: every switch becomes a tree of branches; what cannot be reached is left out. */
#include "compile/pass.h"
#include "compile/tree.h"

struct lowering {
	const struct graph *old;
	struct graph *graph;
	bool *reached;
	struct graph_id *map;               /* old -> new, for the nodes that are reached */
	uint32_t *frequency;                /* how often an old node is passed, of PASS_WEIGHTS: its block frequency */
	uint32_t size_cost;                 /* what an instruction more is worth, in the same unit */
	ARENA_VEC(struct graph_edge) edges; /* of the switch at hand */
	ARENA_VEC(uint32_t) shares;         /* of its edges */
	/* By new node: instructions of the longest path from there, without the node's own load. */
	ARENA_VEC(uint16_t) lengths;
};

/*
 * To make the program one per cent smaller is worth as much as to make its paths so much shorter: in a program of n
 * instructions one instruction costs SIZE_WORTH / 16 / n of all weights together.
 */
enum { SIZE_WORTH = 19, SIZE_LEAST = 6 };

/* What the longest path adds to the weights of a switch (/1024 of everything), for numbers and for arguments. */
enum { DEPTH_NUMBERS = 75, DEPTH_WORDS = 700 };

/* How much the length of a child's path matters, by how many instructions it is shorter than that of the longest. */
enum { DEPTH_STEPS = 11 };
static const uint32_t depth_shares[DEPTH_STEPS] = {65536, 28672, 12544, 5488, 2401, 1050, 459, 201, 88, 38, 16};

/* What the weights of edges are to be multiplied with (/2^32) so that all of them together are `frequency`. */
static uint64_t scale_of(const struct graph_edge *edges, uint32_t count, uint32_t frequency)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < count; i++)
		total += edges[i].weight;
	return ((uint64_t)frequency << 32) / (total ? total : 1);
}

/* Sets the frequency of every node: parents come before their children. */
static void spread(struct lowering *lowering, struct graph_id root)
{
	uint64_t edges = SIZE_LEAST;

	lowering->frequency[root.index] = PASS_WEIGHTS;
	for (uint32_t i = root.index + 1; i-- > 0;) {
		const struct graph_node *node = &lowering->old->nodes.items[i];
		const struct graph_edge *edge = graph_edges(lowering->old, (struct graph_id){i});
		if (!lowering->reached[i] || !node->edge_count)
			continue;
		uint64_t scale = scale_of(edge, node->edge_count, lowering->frequency[i]);
		edges += node->edge_count;
		for (uint32_t j = 0; j < node->edge_count; j++)
			lowering->frequency[edge[j].child.index] += (uint32_t)(edge[j].weight * scale >> 32);
	}
	lowering->size_cost = (uint32_t)((uint64_t)SIZE_WORTH * PASS_WEIGHTS / (16 * edges)) + 1;
}

/* The longest path from a child, for a parent that has looked at `word`. */
static uint32_t length_from(const struct lowering *lowering, uint8_t word, struct graph_id child)
{
	const struct graph_node *node = graph_at(lowering->graph, child);
	bool has_load = node->kind != GRAPH_LEAF && node->word != word;

	return lowering->lengths.items[child.index] + has_load;
}

/* Measures the nodes that were added since the last call; false when memory ran out. */
static bool measure_lengths(struct lowering *lowering)
{
	const struct graph *graph = lowering->graph;
	size_t known = lowering->lengths.count;

	if (!vec_reserve_in(&lowering->lengths, graph->arena, graph->nodes.count - known))
		return false;
	for (uint32_t i = (uint32_t)known; i < graph->nodes.count; i++) {
		const struct graph_node *node = &graph->nodes.items[i];
		struct graph_branch branch;
		uint32_t longest = 0, own = 1;
		for (uint32_t j = 0; j < node->edge_count; j++) {
			uint32_t length =
			    length_from(lowering, node->word, graph->edges.items[node->first_edge + j].child);
			longest = length > longest ? length : longest;
		}
		if (graph_branch_of(graph, (struct graph_id){i}, &branch) && branch.mask != UINT32_MAX)
			own = 2;
		longest = longest + own < UINT16_MAX ? longest + own : UINT16_MAX;
		lowering->lengths.items[lowering->lengths.count++] = (uint16_t)longest;
	}
	return true;
}

/* Adds to the weights of a switch, so that its longest path becomes short. */
static void weigh_depth(const struct lowering *lowering, uint8_t word, struct graph_edge *edges, uint32_t count)
{
	uint32_t longest = 0, *shares = lowering->shares.items;
	uint64_t sum = 0, all = (uint64_t)PASS_WEIGHTS / 1024 * (word == GRAPH_NR ? DEPTH_NUMBERS : DEPTH_WORDS);

	for (uint32_t i = 0; i < count; i++) {
		shares[i] = length_from(lowering, word, edges[i].child);
		longest = shares[i] > longest ? shares[i] : longest;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint32_t less = longest - shares[i];
		shares[i] = depth_shares[less < DEPTH_STEPS ? less : DEPTH_STEPS - 1];
		sum += shares[i];
	}
	uint64_t unit = (all << 16) / sum;
	for (uint32_t i = 0; i < count; i++)
		edges[i].weight += (uint32_t)(unit * shares[i] >> 16);
}

static struct graph_id fail(struct lowering *lowering)
{
	lowering->graph->failed = true;
	return (struct graph_id){0};
}

/* The edges of an old switch with their new children, equal neighbours as one. Returns how many there are. */
static uint32_t map_edges(const struct lowering *lowering, struct graph_id id, struct graph_edge *edges)
{
	const struct graph_node *node = graph_at(lowering->old, id);
	const struct graph_edge *old = graph_edges(lowering->old, id);
	uint64_t scale = scale_of(old, node->edge_count, lowering->frequency[id.index]);

	for (uint32_t i = 0; i < node->edge_count; i++)
		edges[i] = (struct graph_edge){old[i].first, lowering->map[old[i].child.index],
		                               1 + (uint32_t)(old[i].weight * scale >> 32)};
	return (uint32_t)graph_merge_edges(edges, node->edge_count);
}

static bool is_one_comparison(const struct graph_edge *edges, uint32_t count)
{
	return count <= 2 ||
	       (count == 3 && graph_same(edges[0].child, edges[2].child) && edges[2].first - edges[1].first == 1);
}

static struct graph_id lower_switch(struct lowering *lowering, struct graph_id id)
{
	const struct graph_node *node = graph_at(lowering->old, id);
	uint32_t count = node->edge_count;

	if (!vec_reserve_in(&lowering->edges, lowering->graph->arena, count) ||
	    !vec_reserve_in(&lowering->shares, lowering->graph->arena, count))
		return fail(lowering);
	struct graph_edge *edges = lowering->edges.items;
	count = map_edges(lowering, id, edges);
	if (is_one_comparison(edges, count))
		return graph_switch(lowering->graph, node->word, edges, count);
	if (!measure_lengths(lowering))
		return fail(lowering);
	weigh_depth(lowering, node->word, edges, count);
	return tree_graph(lowering->graph, node->word, edges, count, lowering->size_cost);
}

static struct graph_id lower(struct lowering *lowering, struct graph_id id)
{
	const struct graph_node *node = graph_at(lowering->old, id);
	const struct graph_edge *old = graph_edges(lowering->old, id);

	if (node->kind == GRAPH_LEAF)
		return graph_leaf(lowering->graph, node->value);
	if (node->kind == GRAPH_SWITCH)
		return lower_switch(lowering, id);
	return graph_bits(lowering->graph, node->word, node->mask, node->value, lowering->map[old[1].child.index],
	                  lowering->map[old[0].child.index]);
}

bool pass_trees(struct compilation *c)
{
	size_t count = c->graph.nodes.count;
	struct graph graph;
	struct lowering lowering = {.old = &c->graph, .graph = &graph};
	uint32_t *block = arena_alloc_array(c->arena, count, 2 * sizeof(uint32_t) + sizeof(bool));

	graph_init(&graph, c->arena, c->graph.edges.count * 4 / 5);
	if (!block)
		return false;
	lowering.frequency = block;
	lowering.map = (struct graph_id *)(block + count);
	lowering.reached = (bool *)(block + 2 * count);
	graph_reach(&c->graph, c->root, lowering.reached);
	spread(&lowering, c->root);
	for (uint32_t i = 0; i < count && !graph.failed; i++)
		if (lowering.reached[i])
			lowering.map[i] = lower(&lowering, (struct graph_id){i});
	c->root = lowering.map[c->root.index];
	c->graph = graph;
	return !graph.failed;
}
