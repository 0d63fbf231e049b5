#include "compile/chain.h"

static struct graph_id ordered(struct graph *graph, const struct word_test *test, struct graph_id then,
                               struct graph_id otherwise)
{
	bool below = test->kind == WORD_LT;
	uint8_t low = (uint8_t)(test->word + 1);
	struct graph_id lower = below ? then : otherwise, upper = below ? otherwise : then;
	struct graph_edge edges[3], halves[2] = {{0, lower, 1}, {test->b, upper, 1}};
	size_t count = 0;

	if (test->a > 0)
		edges[count++] = (struct graph_edge){0, lower, 1};
	edges[count++] = (struct graph_edge){test->a, graph_switch(graph, low, halves, 2), 2};
	if (test->a < UINT32_MAX)
		edges[count++] = (struct graph_edge){test->a + 1, upper, 1};
	return graph_switch(graph, test->word, edges, count);
}

static struct graph_id test_graph(struct graph *graph, const struct word_test *test, struct graph_id then,
                                  struct graph_id otherwise)
{
	switch ((enum word_kind)test->kind) {
	case WORD_IN:
		return graph_range(graph, test->word, test->a, test->b, then, otherwise);
	case WORD_OUT:
		return graph_range(graph, test->word, test->a, test->b, otherwise, then);
	case WORD_BITS:
		return graph_bits(graph, test->word, test->a, test->b, then, otherwise);
	case WORD_GE:
	case WORD_LT:
		return ordered(graph, test, then, otherwise);
	case WORD_NE:
		break;
	}
	struct graph_id low =
	    graph_range(graph, (uint8_t)(test->word + 1), test->b, test->b, otherwise, then);
	return graph_range(graph, test->word, test->a, test->a, low, then);
}

struct graph_id chain_graph(struct graph *graph, const struct form *const *forms, size_t count)
{
	struct graph_id next = graph_leaf(graph, forms[count - 1]->action);

	for (size_t i = count - 1; i-- > 0;) {
		struct graph_id id = graph_leaf(graph, forms[i]->action);
		for (uint32_t j = forms[i]->count; j-- > 0;)
			id = test_graph(graph, &forms[i]->tests[j], id, next);
		next = id;
	}
	return next;
}
