/* In which order the nodes stand in the program: the smaller child next to its parent, so that few jumps are long. */
#include "compile/pass.h"

/* A walk without recursion: a chain of rules can be as deep as it is long. */
struct walk {
	const struct graph_node *nodes;
	const struct graph_edge *edges;
	uint32_t *size;    /* instructions below a node if nothing were shared, at most UINT32_MAX */
	uint8_t *progress; /* children visited; 3 when the node is in the order */
	uint32_t *path;
};

enum { DONE = 3 };

static void measure(struct walk *walk, struct graph_id root)
{
	for (uint32_t i = 0; i <= root.index; i++) {
		const struct graph_node *node = &walk->nodes[i];
		uint64_t size = 1;
		for (uint32_t j = 0; j < node->edge_count; j++)
			size += walk->size[walk->edges[node->first_edge + j].child.index];
		walk->size[i] = size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
	}
}

/* The larger child is visited first: the one that is visited last stands next to the parent. */
static uint32_t child_of(const struct walk *walk, uint32_t index, int turn)
{
	const struct graph_edge *edges = &walk->edges[walk->nodes[index].first_edge];
	bool swap = walk->size[edges[1].child.index] > walk->size[edges[0].child.index];

	return edges[(turn != 0) != swap].child.index;
}

static void visit(struct walk *walk, struct compilation *c)
{
	size_t depth = 1;

	walk->path[0] = c->root.index;
	while (depth > 0) {
		uint32_t index = walk->path[depth - 1];
		if (walk->nodes[index].kind == GRAPH_LEAF || walk->progress[index] >= 2) {
			if (walk->progress[index] == 2)
				c->order[c->order_count++] = index;
			walk->progress[index] = DONE;
			depth--;
			continue;
		}
		uint32_t child = child_of(walk, index, walk->progress[index]++);
		if (walk->progress[child] == 0)
			walk->path[depth++] = child;
	}
}

bool pass_layout(struct compilation *c)
{
	size_t count = c->root.index + (size_t)1;
	uint32_t *block = arena_alloc_array(c->arena, count, 3 * sizeof(uint32_t) + 1);
	struct walk walk = {
	    .nodes = c->graph.nodes.items,
	    .edges = c->graph.edges.items,
	    .size = block + count,
	    .path = block + 2 * count,
	    .progress = (uint8_t *)(block + 3 * count),
	};

	if (!block)
		return false;
	c->order = block;
	c->order_count = 0;
	measure(&walk, c->root);
	visit(&walk, c);
	return true;
}
