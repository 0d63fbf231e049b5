/* The decision graph: what its functions make is what they are asked for, and graph_verify() names each way in which a
 * graph can be wrong. */
#include <check.h>
#include <string.h>

#include <linux/filter.h>

#include "compile/graph.h"
#include "support/run.h"

static struct arena arena;
static struct graph graph;
static struct graph_id allow, deny, killed;

static void begin(void)
{
	arena = (struct arena){0};
	graph_init(&graph, &arena, 8);
	killed = graph_leaf(&graph, SECCOMP_RET_KILL_PROCESS);
	allow = graph_leaf(&graph, SECCOMP_RET_ALLOW);
	deny = graph_leaf(&graph, SECCOMP_RET_ERRNO | 1);
}

static void end(void)
{
	arena_finish(&arena);
}

static void expect_child(struct graph_id id, uint32_t value, struct graph_id child)
{
	ck_assert_msg(graph_same(graph_step(&graph, id, value), child), "0x%x", value);
}

START_TEST(a_range_is_inside_from_its_first_to_its_last_number)
{
	static const uint32_t ranges[][2] = {{0, 0}, {0, 5}, {3, 3}, {3, 9}, {7, UINT32_MAX}, {UINT32_MAX, UINT32_MAX}};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		uint32_t first = ranges[i][0], last = ranges[i][1];
		struct graph_id id = graph_range(&graph, GRAPH_NR, first, last, allow, deny);
		expect_child(id, first, allow);
		expect_child(id, last, allow);
		expect_child(id, first + (last - first) / 2, allow);
		if (first > 0)
			expect_child(id, first - 1, deny);
		if (last < UINT32_MAX)
			expect_child(id, last + 1, deny);
		ck_assert_uint_eq(graph_at(&graph, id)->edge_count, 1u + (first > 0) + (last < UINT32_MAX));
		ck_assert_int_eq(graph_verify(&graph, false, NULL), 0);
	}
	ck_assert(graph_same(graph_range(&graph, GRAPH_NR, 0, UINT32_MAX, allow, deny), allow));
	ck_assert(graph_same(graph_range(&graph, GRAPH_NR, 3, 9, deny, deny), deny));
}
END_TEST

START_TEST(equal_neighbours_are_one_and_their_weights_add_up)
{
	struct graph_edge edges[] = {{0, allow, 1},          {5, allow, 2},  {7, deny, 3},
	                             {9, allow, UINT32_MAX}, {11, allow, 1}, {12, killed, 4}};

	ck_assert_uint_eq(graph_merge_edges(edges, 6), 4);
	static const uint32_t first[] = {0, 7, 9, 12}, weight[] = {3, 3, UINT32_MAX, 4};
	for (size_t i = 0; i < 4; i++) {
		ck_assert_uint_eq(edges[i].first, first[i]);
		ck_assert_uint_eq(edges[i].weight, weight[i]);
	}
	struct graph_id id = graph_switch(&graph, GRAPH_NR, edges, 4);
	expect_child(id, 6, allow);
	expect_child(id, 8, deny);
	expect_child(id, 11, allow);
	expect_child(id, UINT32_MAX, killed);
	struct graph_edge same[] = {{0, deny, 1}, {4, deny, 1}};
	ck_assert(graph_same(graph_switch(&graph, GRAPH_NR, same, 2), deny));
}
END_TEST

START_TEST(what_can_be_reached_is_below_the_root)
{
	bool reached[8];
	struct graph_id low = graph_bits(&graph, GRAPH_LOW(0), 1, 1, allow, deny);
	struct graph_id other = graph_bits(&graph, GRAPH_LOW(1), 1, 1, killed, low);
	struct graph_id root = graph_bits(&graph, GRAPH_NR, 6, 4, low, deny);

	graph_reach(&graph, root, reached);
	ck_assert(reached[root.index] && reached[low.index] && reached[allow.index] && reached[deny.index]);
	ck_assert(!reached[other.index] && !reached[killed.index]);
	graph_reach(&graph, other, reached);
	ck_assert(reached[other.index] && reached[low.index] && reached[killed.index] && !reached[root.index]);
}
END_TEST

static bool holds(const struct graph_branch *branch, uint32_t value)
{
	value &= branch->mask;
	return branch->op == BPF_JEQ   ? value == branch->k
	       : branch->op == BPF_JGE ? value >= branch->k
	                               : (value & branch->k) != 0;
}

/* The branch of a node goes where the node goes, for all small numbers. */
START_TEST(a_branch_decides_as_its_node_does)
{
	struct graph_edge below[] = {{0, allow, 1}, {3, deny, 1}},
	                  three[] = {{0, allow, 1}, {3, deny, 1}, {4, killed, 1}},
	                  wide[] = {{0, allow, 1}, {3, deny, 1}, {5, allow, 1}};
	struct graph_id branches[] = {
	    graph_switch(&graph, GRAPH_NR, below, 2),        graph_range(&graph, GRAPH_NR, 5, 5, allow, deny),
	    graph_bits(&graph, GRAPH_NR, 4, 4, allow, deny), graph_bits(&graph, GRAPH_NR, 4, 0, allow, deny),
	    graph_bits(&graph, GRAPH_NR, 6, 0, allow, deny), graph_bits(&graph, GRAPH_NR, 6, 2, allow, deny),
	    graph_bits(&graph, GRAPH_NR, 6, 6, allow, deny)};
	struct graph_branch branch;

	for (size_t i = 0; i < sizeof(branches) / sizeof(*branches); i++) {
		ck_assert(graph_branch_of(&graph, branches[i], &branch));
		for (uint32_t value = 0; value < 16; value++)
			expect_child(branches[i], value, holds(&branch, value) ? branch.then : branch.otherwise);
	}
	ck_assert_int_eq(graph_verify(&graph, true, NULL), 0);
	ck_assert(!graph_branch_of(&graph, allow, &branch));
	ck_assert(!graph_branch_of(&graph, graph_switch(&graph, GRAPH_NR, three, 3), &branch));
	ck_assert(!graph_branch_of(&graph, graph_switch(&graph, GRAPH_NR, wide, 3), &branch));
}
END_TEST

static void expect_flaw(const char *text)
{
	struct diag diag = {0};

	ck_assert_int_eq(graph_verify(&graph, false, &diag), -EINVAL);
	ck_assert_msg(strstr(diag.text, text), "%s: %s", text, diag.text);
}

START_TEST(every_flaw_is_named)
{
	uint32_t index = graph_bits(&graph, GRAPH_NR, 6, 4, allow, deny).index;
	struct graph_node good = graph.nodes.items[index], *bad = &graph.nodes.items[index];
	struct graph_edge edges[2] = {graph.edges.items[good.first_edge], graph.edges.items[good.first_edge + 1]};
	struct graph_edge *edge = &graph.edges.items[good.first_edge];

#define EXPECT_FLAW(change, text)                                      \
	do {                                                           \
		change;                                                \
		expect_flaw(text);                                     \
		*bad = good;                                           \
		edge[0] = edges[0];                                    \
		edge[1] = edges[1];                                    \
		ck_assert_int_eq(graph_verify(&graph, true, NULL), 0); \
	} while (0)
	EXPECT_FLAW(bad->kind = GRAPH_LEAF, "node 3 is a leaf with edges");
	EXPECT_FLAW(bad->kind = GRAPH_BITS + 1, "is of no kind");
	EXPECT_FLAW(bad->word = GRAPH_WORDS, "decides nothing");
	EXPECT_FLAW(bad->edge_count = 1, "decides nothing");
	EXPECT_FLAW(bad->edge_count = 3, "tests nothing");
	EXPECT_FLAW(bad->mask = bad->value = 0, "tests nothing");
	EXPECT_FLAW(bad->value = 5, "tests nothing");
	EXPECT_FLAW(bad->first_edge++, "has edges outside the graph");
	EXPECT_FLAW(edge[0].child.index = index, "has a child that is not older");
	EXPECT_FLAW(edge[1].child.index = index, "has a child that is not older");
	EXPECT_FLAW(edge[0].first = 1, "does not start at 0");
	EXPECT_FLAW(edge[1].first = 0, "has edges out of order");
	EXPECT_FLAW(edge[1].child = edge[0].child, "has equal neighbours");
	graph.nodes.items[0].value = SECCOMP_RET_ALLOW;
	expect_flaw("node 0 is not KILL_PROCESS");
	graph.nodes.items[0] = (struct graph_node){.kind = GRAPH_BITS, .value = SECCOMP_RET_KILL_PROCESS};
	expect_flaw("node 0 is not KILL_PROCESS");
	graph.nodes.items[0] = (struct graph_node){.kind = GRAPH_LEAF, .value = SECCOMP_RET_KILL_PROCESS};
	graph.failed = true;
	expect_flaw("node 0 is not KILL_PROCESS");
}
END_TEST

START_TEST(a_switch_is_no_branch)
{
	struct graph_edge edges[] = {{0, allow, 1}, {3, deny, 1}, {4, killed, 1}};
	struct diag diag = {0};

	graph_switch(&graph, GRAPH_NR, edges, 3);
	ck_assert_int_eq(graph_verify(&graph, false, &diag), 0);
	ck_assert_int_eq(graph_verify(&graph, true, &diag), -EINVAL);
	ck_assert_msg(strstr(diag.text, "node 3 needs more than one comparison"), "%s", diag.text);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("graph");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, a_range_is_inside_from_its_first_to_its_last_number);
	tcase_add_test(tcase, equal_neighbours_are_one_and_their_weights_add_up);
	tcase_add_test(tcase, what_can_be_reached_is_below_the_root);
	tcase_add_test(tcase, a_branch_decides_as_its_node_does);
	tcase_add_test(tcase, every_flaw_is_named);
	tcase_add_test(tcase, a_switch_is_no_branch);
	return test_run(tcase);
}
