/*
 * Literals, cubes and the division of a word, each beside the calls for which they hold: conditions of a rule are taken
 * apart, one word after the other is known, and what is left holds for the same calls.
 */
#include <check.h>

#include "compile/expansion.h"
#include "support/random.h"
#include "support/run.h"

enum { HALVES = 14, CALLS = 120, RULES = 1500, LISTS = 300, LIST_MOST = 8 };

static const uint32_t halves[HALVES] = {0, 1,          2,          3,          4,          6,          7,
                                        8, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffd, 0xfffffffe, 0xffffffff};
static const uint32_t masks[] = {0, 1, 3, 5, 6, 0x80000001, 0xfffffffc, 0xfffffffe, 0x80000000, 0xffffffff};

/* Asked a million times: an assertion of Check's costs a system call. */
#define EXPECT(condition)                               \
	do {                                            \
		if (!(condition))                       \
			ck_abort_msg("%s", #condition); \
	} while (0)

/* A call as the words that the graph looks at. */
struct words {
	uint32_t word[GRAPH_WORDS];
};

static struct arena arena;
static struct graph graph;
static struct cube_set set;
static struct words calls[CALLS];
static const struct callgate_arch *arch;
static struct graph_id yes, no;

static void begin(struct random *random, const char *name)
{
	arena = (struct arena){0};
	set = (struct cube_set){.arena = &arena, .table.arena = &arena};
	arch = callgate_arch_find_name(name);
	ck_assert_ptr_nonnull(arch);
	graph_init(&graph, &arena, 16);
	yes = graph_leaf(&graph, SECCOMP_RET_ALLOW);
	no = graph_leaf(&graph, SECCOMP_RET_ERRNO);
	for (uint32_t i = 0; i < CALLS; i++)
		for (uint8_t arg = 0; arg < 2; arg++) {
			calls[i].word[GRAPH_HIGH(arg)] =
			    arch->word_bits == 32 ? 0 : halves[random_below(random, HALVES)];
			calls[i].word[GRAPH_LOW(arg)] = halves[random_below(random, HALVES)];
		}
}

static uint64_t random_wide(struct random *random, const uint32_t *from, uint32_t count)
{
	return (uint64_t)from[random_below(random, count)] << 32 | from[random_below(random, count)];
}

static void random_conditions(struct random *random, struct policy_condition *conditions, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct policy_condition *c = &conditions[i];
		*c = (struct policy_condition){(uint8_t)random_below(random, 2),
		                               (uint8_t)(POLICY_NE + random_below(random, 7)), policy_word_mask(arch),
		                               0};
		if (c->op == POLICY_MASKED_EQ)
			c->mask &= random_wide(random, masks, sizeof(masks) / sizeof(*masks));
		c->value = random_wide(random, halves, HALVES) & c->mask;
	}
}

static bool literal_holds(const struct literal *l, const struct words *call)
{
	uint32_t word = call->word[l->word];
	uint64_t wide = literal_is_wide(l) ? (uint64_t)word << 32 | call->word[l->word + 1] : 0,
	         to = (uint64_t)l->a << 32 | l->b;
	bool holds = l->kind == LITERAL_IN     ? l->a <= word && word <= l->b
	             : l->kind == LITERAL_BITS ? (word & l->a) == l->b
	             : l->kind == LITERAL_GE   ? wide >= to
	                                       : wide == to;

	return holds != l->negated;
}

static bool all_hold(const struct literal *literals, uint32_t count, const struct words *call)
{
	for (uint32_t i = 0; i < count; i++)
		if (!literal_holds(&literals[i], call))
			return false;
	return true;
}

static bool rule_holds(const struct policy_rule *rule, const struct words *call)
{
	for (uint32_t i = 0; i < rule->condition_count; i++) {
		uint8_t arg = rule->conditions[i].arg;
		uint64_t value = (uint64_t)call->word[GRAPH_HIGH(arg)] << 32 | call->word[GRAPH_LOW(arg)];
		if (!policy_condition_holds(&rule->conditions[i], arch, value))
			return false;
	}
	return true;
}

/* What a literal says of itself: no literal that always holds, a test of it, its hull, and where nothing changes. */
static void check_literal(const struct literal *l)
{
	struct graph_id test = literal_graph(&graph, l, yes, no);

	EXPECT(graph_verify(&graph, false, NULL) == 0);
	EXPECT(l->kind != LITERAL_IN || l->a > 0 || l->b < UINT32_MAX);
	EXPECT(l->kind != LITERAL_BITS || !l->negated);
	for (uint32_t i = 0; i < CALLS; i++) {
		struct graph_id id = test;
		while (graph_at(&graph, id)->kind != GRAPH_LEAF)
			id = graph_step(&graph, id, calls[i].word[graph_at(&graph, id)->word]);
		bool holds = literal_holds(l, &calls[i]);
		EXPECT(graph_same(id, holds ? yes : no));
		for (uint8_t word = GRAPH_ARGS; word < GRAPH_ARGS + 4; word++) {
			uint32_t first = 0, last = UINT32_MAX, value = calls[i].word[word];
			literal_hull(l, word, &first, &last);
			EXPECT(!holds || (first <= value && value <= last));
			if (l->kind == LITERAL_IN && !l->negated && l->word == word)
				EXPECT(first == l->a && last == l->b);
			if (l->kind == LITERAL_GE && l->word == word)
				EXPECT(l->negated ? last == l->a : first == l->a);
		}
	}
}

/* The interval around a value in which no literal of the cube changes. */
static struct finding interval_around(const struct cube *cube, uint8_t word, uint32_t value)
{
	struct finding finding = {.word = word, .first = 0, .last = UINT32_MAX};

	for (uint32_t i = 0; i < cube->count; i++) {
		uint32_t breakpoints[2], count = literal_breakpoints(&cube->literals[i], word, breakpoints);
		EXPECT(count <= 2 && (count == 0 || literal_reads(&cube->literals[i], word)));
		for (uint32_t j = 0; j < count; j++) {
			EXPECT(breakpoints[j] > 0);
			if (breakpoints[j] <= value && breakpoints[j] > finding.first)
				finding.first = breakpoints[j];
			if (breakpoints[j] > value && breakpoints[j] - 1 < finding.last)
				finding.last = breakpoints[j] - 1;
		}
	}
	return finding;
}

static bool is_found(const struct finding *finding, const struct words *call)
{
	uint32_t value = call->word[finding->word];

	return finding->bits ? literal_holds(finding->bits, call) == finding->holds
	                     : finding->first <= value && value <= finding->last;
}

/* Where the finding holds, the cofactor holds for the same calls; and where one number is known, nothing reads the
 * word. */
static const struct cube *check_cofactor(const struct cube *cube, const struct finding *finding)
{
	const struct cube *rest = cube_cofactor(&set, cube, finding);

	EXPECT(!set.failed);
	for (uint32_t i = 0; i < CALLS; i++)
		if (is_found(finding, &calls[i]) && all_hold(cube->literals, cube->count, &calls[i]) !=
		                                        (rest && all_hold(rest->literals, rest->count, &calls[i])))
			ck_abort_msg("call %u, word %u in [0x%x, 0x%x]", i, finding->word, finding->first,
			             finding->last);
	for (uint32_t i = 0; rest && i < rest->count; i++) {
		const struct literal *l = &rest->literals[i];
		EXPECT(!literal_reads(l, finding->word) ||
		       (l->kind == LITERAL_BITS && (finding->bits || finding->first != finding->last)) ||
		       (finding->bits && l->kind != LITERAL_BITS));
		EXPECT(!finding->bits || !literal_same(l, finding->bits));
	}
	return rest;
}

/* All words of a call, one after the other: in the end the cube is known to hold or not. */
static void check_order(struct random *random, const struct cube *cube, const struct words *call)
{
	bool holds = all_hold(cube->literals, cube->count, call);

	for (uint32_t i = 0, start = random_below(random, 4); cube && i < 4; i++) {
		uint8_t word = (uint8_t)(GRAPH_ARGS + (start + i) % 4);
		struct finding finding = interval_around(cube, word, call->word[word]);
		for (uint32_t j = 0; j < cube->count; j++)
			if (cube->literals[j].kind == LITERAL_BITS && cube->literals[j].word == word) {
				finding = (struct finding){.word = word,
				                           .bits = &cube->literals[j],
				                           .holds = literal_holds(&cube->literals[j], call)};
				i--;
				break;
			}
		cube = check_cofactor(cube, &finding);
	}
	EXPECT(holds == (cube && cube->count == 0));
}

static const struct cube *random_cube(struct random *random, uint32_t target)
{
	struct policy_condition conditions[3];
	struct policy_rule rule = {.condition_count = random_below(random, 4), .conditions = conditions};
	uint32_t count;

	random_conditions(random, conditions, rule.condition_count);
	const struct literal *literals = cube_literals(&set, &rule, arch, &count);
	for (uint32_t i = 0; i < CALLS; i++)
		EXPECT(rule_holds(&rule, &calls[i]) == (literals && all_hold(literals, count, &calls[i])));
	return literals ? cube_make(&set, (struct graph_id){target}, literals, count) : NULL;
}

START_TEST(rules_are_taken_apart)
{
	static const char *const names[] = {"x86_64", "x86", "s390x", "x32"};
	struct random random = random_start("rules_are_taken_apart");

	for (int run = 0; run < RULES; run++) {
		begin(&random, names[run % 4]);
		const struct cube *cube = random_cube(&random, 0);
		for (uint32_t i = 0; cube && i < cube->count; i++) {
			EXPECT(!cube->literals[i].urgent);
			check_literal(&cube->literals[i]);
		}
		for (uint32_t i = 0; cube && i < 4; i++)
			check_order(&random, cube, &calls[i]);
		arena_finish(&arena);
	}
}
END_TEST

static bool is_in(const struct partition *partition, uint32_t edge, uint32_t cube)
{
	for (uint32_t at = partition->edges[edge].weight; at; at = partition->living.items[at].next)
		if (partition->living.items[at].cube == cube)
			return true;
	return false;
}

/* In each edge are the cubes that can match there, in their order, up to one that always does. */
static void check_edges(struct expansion *expansion, const struct partition *partition, struct span list)
{
	for (uint32_t edge = 0; edge < partition->edge_count; edge++) {
		uint32_t first = partition->edges[edge].first,
		         last = edge + 1 < partition->edge_count ? partition->edges[edge + 1].first - 1 : UINT32_MAX;
		bool closed = false;
		EXPECT(edge == 0 ? first == 0 : first > partition->edges[edge - 1].first);
		for (uint32_t i = 0; i < list.count; i++) {
			const struct cube *cube = expansion_cubes(expansion, list)[i];
			struct finding around = interval_around(cube, partition->word, first),
			               here = {partition->word, first, last, NULL, false};
			EXPECT(around.first <= first && last <= around.last);
			const struct cube *rest = cube_cofactor(&set, cube, &here);
			EXPECT(closed || !rest || is_in(partition, edge, i));
			EXPECT(!closed || !is_in(partition, edge, i));
			closed |= rest && rest->count == 0 &&
			          (cube->count == 0 || (cube->count == 1 && cube->literals[0].kind == LITERAL_IN &&
			                                !cube->literals[0].negated));
		}
		for (uint32_t at = partition->edges[edge].weight, next; at && (next = partition->living.items[at].next);
		     at = next)
			ck_assert_uint_lt(partition->living.items[at].cube, partition->living.items[next].cube);
	}
}

START_TEST(words_are_divided)
{
	struct random random = random_start("words_are_divided");

	for (int run = 0; run < LISTS; run++) {
		begin(&random, run % 2 ? "x86_64" : "x86");
		struct expansion expansion = {.arena = &arena, .graph = &graph};
		struct partition partition = {.word = (uint8_t)(GRAPH_ARGS + random_below(&random, 4))};
		struct span list = {0, 0};
		size_t work, living = 0;
		for (uint32_t i = 0; i < LIST_MOST; i++) {
			const struct cube *cube = random_cube(&random, i);
			if (cube && (cube->count || i + 1 == LIST_MOST))
				EXPECT(vec_push_in(&expansion.stack, &arena, cube));
		}
		EXPECT(vec_push_in(&expansion.stack, &arena, cube_make(&set, yes, NULL, 0)));
		list.count = expansion.stack.count;
		EXPECT(partition_divide(&partition, &expansion, list, SIZE_MAX, &work));
		check_edges(&expansion, &partition, list);
		for (uint32_t edge = 0; edge < partition.edge_count; edge++)
			for (uint32_t i = 0; i < list.count; i++)
				living += is_in(&partition, edge, i);
		ck_assert_uint_eq(work, living);
		/* With less work allowed no cube is begun that comes after. */
		struct partition less = {.word = partition.word};
		size_t most = random_below(&random, (uint32_t)work), done;
		EXPECT(partition_divide(&less, &expansion, list, most, &done));
		EXPECT(most < done && done <= work && done <= most + partition.edge_count);
		arena_finish(&arena);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("cube");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, rules_are_taken_apart);
	tcase_add_test(tcase, words_are_divided);
	return test_run(tcase);
}
