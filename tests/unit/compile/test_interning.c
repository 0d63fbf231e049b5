/*
 * Nodes and cubes are found again by a hash of 32 bits and told apart by what they are. Each of these tables is filled
 * until some pairs of different items have the same hash, whatever the hash is: of COUNT items about COUNT^2 / 2^33,
 * which is eight.
 */
#include <check.h>

#include "compile/cube.h"
#include "support/random.h"
#include "support/run.h"

enum { COUNT = 1 << 18, LEAVES = 1 << 9 };

static struct arena arena;
static struct graph graph;
static struct graph_id leaves[LEAVES];
static struct random numbers;

static void begin(void)
{
	arena = (struct arena){0};
	numbers = (struct random){20240229};
	graph_init(&graph, &arena, COUNT);
	for (uint32_t i = 0; i < LEAVES; i++)
		leaves[i] = graph_leaf(&graph, SECCOMP_RET_ERRNO | i);
}

static void end(void)
{
	arena_finish(&arena);
}

/* Checked by hand: an assertion of Check's costs more than what is tested. */
static void expect(bool holds, uint32_t i)
{
	if (!holds)
		ck_abort_msg("item %u is another one", i);
}

static bool is_node(struct graph_id id, struct graph_node node, struct graph_edge first, struct graph_edge second)
{
	const struct graph_node *found = graph_at(&graph, id);
	const struct graph_edge *edges = graph_edges(&graph, id);

	return found->kind == node.kind && found->word == node.word && found->mask == node.mask &&
	       found->value == node.value && found->edge_count == 2 && edges[0].first == first.first &&
	       graph_same(edges[0].child, first.child) && edges[1].first == second.first &&
	       graph_same(edges[1].child, second.child);
}

START_TEST(leaves_differ_by_their_action)
{
	for (uint32_t i = 0; i < COUNT; i++) {
		uint32_t action = (uint32_t)random_next(&numbers);
		const struct graph_node *found = graph_at(&graph, graph_leaf(&graph, action));
		expect(found->kind == GRAPH_LEAF && found->value == action, i);
	}
}
END_TEST

START_TEST(nodes_differ_by_what_they_compare)
{
	for (uint32_t i = 0; i < COUNT; i++) {
		uint32_t mask = (uint32_t)random_next(&numbers) | 1, value = mask & (uint32_t)random_next(&numbers);
		uint8_t word = (uint8_t)random_below(&numbers, GRAPH_WORDS);
		struct graph_id id = graph_bits(&graph, word, mask, value, leaves[0], leaves[1]);
		expect(is_node(id, (struct graph_node){.kind = GRAPH_BITS, .word = word, .mask = mask, .value = value},
		               (struct graph_edge){0, leaves[1], 1}, (struct graph_edge){1, leaves[0], 1}),
		       i);
	}
}
END_TEST

START_TEST(nodes_differ_by_where_their_edges_start)
{
	for (uint32_t i = 0; i < COUNT; i++) {
		struct graph_edge edges[] = {{0, leaves[0], 1}, {(uint32_t)random_next(&numbers) | 1, leaves[1], 1}};
		struct graph_edge first = edges[0], second = edges[1];
		struct graph_id id = graph_switch(&graph, GRAPH_NR, edges, 2);
		expect(is_node(id, (struct graph_node){.kind = GRAPH_SWITCH, .word = GRAPH_NR}, first, second), i);
	}
}
END_TEST

START_TEST(nodes_differ_by_their_children)
{
	for (uint32_t i = 0; i < LEAVES; i++)
		for (uint32_t j = 0; j < LEAVES; j++) {
			struct graph_id id = graph_bits(&graph, GRAPH_NR, 1, 1, leaves[i], leaves[j]);
			expect(i == j ? graph_same(id, leaves[i])
			              : is_node(id,
			                        (struct graph_node){
			                            .kind = GRAPH_BITS, .word = GRAPH_NR, .mask = 1, .value = 1},
			                        (struct graph_edge){0, leaves[j], 1},
			                        (struct graph_edge){1, leaves[i], 1}),
			       i * LEAVES + j);
		}
}
END_TEST

static void make_cube(struct cube_set *set, struct graph_id target, const struct literal *literals, uint32_t count,
                      uint32_t i)
{
	const struct cube *cube = cube_make(set, target, literals, count);
	bool is_same = cube && graph_same(cube->target, target) && cube->count == count;

	for (uint32_t j = 0; is_same && j < count; j++)
		is_same = literal_same(&cube->literals[j], &literals[j]);
	expect(is_same, i);
	expect(cube_make(set, target, literals, count) == cube, i);
}

static struct literal random_literal(uint8_t word)
{
	return (struct literal){.kind = LITERAL_EQ,
	                        .word = word,
	                        .a = (uint32_t)random_next(&numbers),
	                        .b = (uint32_t)random_next(&numbers)};
}

/* Of the same target and number of literals; of one target or another; and the first literals of one another. */
START_TEST(cubes_differ_by_each_literal_and_by_their_target)
{
	struct literal fixed = random_literal(GRAPH_HIGH(1));

	for (int round = 0; round < 3; round++) {
		struct cube_set set = {.arena = &arena, .table.arena = &arena};
		for (uint32_t i = 0; i < COUNT / 2; i++) {
			struct literal literals[] = {random_literal(GRAPH_HIGH(0)), random_literal(GRAPH_HIGH(1))};
			struct graph_id target = round == 2 ? (struct graph_id){i} : leaves[0];
			if (round == 1)
				literals[0] = fixed;
			make_cube(&set, target, round == 2 ? &fixed : literals, round == 2 ? 1 : 2, i);
			if (round == 0)
				make_cube(&set, target, literals, 1, i);
		}
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("interning");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, leaves_differ_by_their_action);
	tcase_add_test(tcase, nodes_differ_by_what_they_compare);
	tcase_add_test(tcase, nodes_differ_by_where_their_edges_start);
	tcase_add_test(tcase, nodes_differ_by_their_children);
	tcase_add_test(tcase, cubes_differ_by_each_literal_and_by_their_target);
	return test_run(tcase);
}
