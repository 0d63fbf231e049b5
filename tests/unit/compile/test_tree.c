/*
 * Search trees beside the best ones there are, which an exact solver finds for switches with few edges: it tries every
 * tree of
 * >= and == comparisons, over all sets of edges that may still be meant.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/tree.h"
#include "support/graph_eval.h"
#include "support/random.h"
#include "support/run.h"

enum { EDGES_MOST = 10, RUNS = 400, SETS = 1 << EDGES_MOST };

/* The best that was reached; to do worse is a mistake, to do better a reason to write better numbers here. */
#define MEAN_REACHED    1.0067
#define WORST_REACHED   1.262
#define OPTIMAL_REACHED 342

struct question {
	size_t count;
	struct graph_edge edges[EDGES_MOST];
	uint32_t size_cost;
	struct graph graph;
};

static uint32_t last_of(const struct question *q, size_t i)
{
	return i + 1 < q->count ? q->edges[i + 1].first - 1 : UINT32_MAX;
}

static struct question random_question(struct random *random, struct arena *arena)
{
	struct question q = {.count = 2 + random_below(random, EDGES_MOST - 1)};
	uint32_t first = 0, before = 99;

	graph_init(&q.graph, arena, 0);
	for (size_t i = 0; i < q.count; i++) {
		uint32_t child = random_below(random, 3);
		child = child == before ? (child + 1) % 3 : child;
		before = child;
		q.edges[i] = (struct graph_edge){first, graph_leaf(&q.graph, SECCOMP_RET_ERRNO | child),
		                                 1 + random_below(random, random_below(random, 3) ? 100 : 5000)};
		first += random_below(random, 2) ? 1 : 2 + random_below(random, 9);
	}
	q.size_cost = 1 + random_below(random, 400);
	return q;
}

static bool is_decided(const struct question *q, unsigned set)
{
	int first = __builtin_ctz(set);

	for (size_t i = 0; i < q->count; i++)
		if (set >> i & 1 && !graph_same(q->edges[i].child, q->edges[first].child))
			return false;
	return true;
}

/* One comparison that tells `part` from the rest of `set`. */
static uint64_t cost_of_test(const uint64_t *costs, unsigned set, unsigned part)
{
	return (set & part) && (set & ~part) ? costs[set & part] + costs[set & ~part] : UINT64_MAX;
}

/* Every set is solved after all of its subsets. */
static uint64_t exact_cost(const struct question *q)
{
	static uint64_t costs[SETS];

	for (unsigned set = 1; set < 1u << q->count; set++) {
		uint64_t best = UINT64_MAX, weight = 0;
		costs[set] = 0;
		if (is_decided(q, set))
			continue;
		for (unsigned i = 0; i < q->count; i++) {
			uint64_t divided = cost_of_test(costs, set, ~0u << i);
			uint64_t met =
			    q->edges[i].first == last_of(q, i) ? cost_of_test(costs, set, 1u << i) : UINT64_MAX;
			best = divided < best ? divided : best;
			best = met < best ? met : best;
			weight += set >> i & 1 ? q->edges[i].weight : 0;
		}
		costs[set] = best + weight + q->size_cost;
	}
	return costs[(1u << q->count) - 1];
}

static unsigned steps(const struct question *q, struct graph_id root, uint32_t value)
{
	unsigned count = 0;

	for (; graph_at(&q->graph, root)->kind != GRAPH_LEAF; count++)
		root = graph_step(&q->graph, root, value);
	return count;
}

static uint64_t comparisons(const struct graph *graph, struct graph_id id)
{
	struct graph_branch branch;

	if (graph_at(graph, id)->kind == GRAPH_LEAF)
		return 0;
	ck_assert(graph_branch_of(graph, id, &branch));
	return 1 + comparisons(graph, branch.then) + comparisons(graph, branch.otherwise);
}

/* Of the tree that is made; also checks that it decides as it should. */
static uint64_t found_cost(struct question *q)
{
	struct graph_edge edges[EDGES_MOST];

	memcpy(edges, q->edges, sizeof(edges));
	struct graph_id root = tree_graph(&q->graph, GRAPH_NR, edges, q->count, q->size_cost);
	uint64_t cost = comparisons(&q->graph, root) * q->size_cost;

	for (size_t i = 0; i < q->count; i++) {
		unsigned most = 0;
		uint32_t ends[2] = {q->edges[i].first, last_of(q, i)};
		for (int end = 0; end < 2; end++) {
			struct seccomp_data call = {.nr = (int)ends[end]};
			ck_assert_uint_eq(graph_eval(&q->graph, root, &call),
			                  graph_at(&q->graph, q->edges[i].child)->value);
			unsigned count = steps(q, root, ends[end]);
			most = count > most ? count : most;
		}
		cost += (uint64_t)most * q->edges[i].weight;
	}
	return cost;
}

START_TEST(trees_are_close_to_the_best)
{
	struct random random = {20240229};
	double sum = 0, worst = 0;
	int optimal = 0;

	for (int i = 0; i < RUNS; i++) {
		struct arena arena = {0};
		struct question q = random_question(&random, &arena);
		uint64_t exact = exact_cost(&q), found = found_cost(&q);
		double ratio = exact ? (double)found / (double)exact : 1;
		ck_assert_uint_ge(found, exact);
		sum += ratio;
		worst = ratio > worst ? ratio : worst;
		optimal += found == exact;
		arena_finish(&arena);
	}
	double mean = sum / (double)RUNS;
	printf("%d of %d trees are optimal; on average %.4f times the best cost, at most %.3f\n", optimal, RUNS, mean,
	       worst);
	ck_assert_double_le(mean, MEAN_REACHED);
	ck_assert_double_le(worst, WORST_REACHED);
	ck_assert_int_ge(optimal, OPTIMAL_REACHED);
}
END_TEST

/* Far more edges than one search takes: neither deep nor large. */
START_TEST(long_switches_stay_shallow)
{
	enum { COUNT = 4001 };
	struct arena arena = {0};
	struct question q = {.count = 0};
	struct graph_edge *edges = calloc(COUNT, sizeof(*edges));

	ck_assert_ptr_nonnull(edges);
	graph_init(&q.graph, &arena, 0);
	for (uint32_t i = 0; i < COUNT; i++)
		edges[i] = (struct graph_edge){i * 3, graph_leaf(&q.graph, SECCOMP_RET_ERRNO | i % 7), 1000};
	struct graph_id root = tree_graph(&q.graph, GRAPH_NR, edges, COUNT, 1);
	ck_assert(!q.graph.failed);
	ck_assert_uint_eq(comparisons(&q.graph, root), COUNT - 1);
	for (uint32_t i = 0; i < COUNT; i++)
		ck_assert_uint_le(steps(&q, root, edges[i].first), 15);
	arena_finish(&arena);
	free(edges);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("tree");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, trees_are_close_to_the_best);
	tcase_add_test(tcase, long_switches_stay_shallow);
	return test_run(tcase);
}
