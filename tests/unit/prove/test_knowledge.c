/*
 * What is known of arguments, beside the calls for which it holds: random conditions are decided one after the other,
 * and of a set of calls those are kept for which the answers hold.
 */
#include <check.h>
#include <stdio.h>

#include "prove/knowledge.h"
#include "support/random.h"
#include "support/run.h"

enum { HALVES = 20, CALLS = HALVES * HALVES, RUNS = 1500, STEPS = 8, SMALL = 24 };

static const uint32_t halves[HALVES] = {0,  1,  2,  3,  4,  5,          6,          7,          8,          9,
                                        12, 15, 16, 17, 31, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff};
static const uint32_t masks[] = {0, 1,  2,          3,          4,          6,          8,
                                 9, 15, 0x80000000, 0x80000001, 0xfffffffe, 0xfffffff0, 0xffffffff};

/* The same knowledge as a list of calls: those of `halves`, by their number, whose argument is not ruled out. */
struct state {
	struct knowledge knowledge;
	bool alive[CALLS];
};

static struct arena arena;
static struct knowledge_base base;
static const struct callgate_arch *arch;

static uint64_t argument(uint32_t call)
{
	return ((uint64_t)halves[call / HALVES] << 32 | halves[call % HALVES]) & base.word;
}

static void begin(struct state *state, const char *name)
{
	arena = (struct arena){0};
	arch = callgate_arch_find_name(name);
	ck_assert_ptr_nonnull(arch);
	base = (struct knowledge_base){.arena = &arena, .big_endian = arch->big_endian, .word = policy_word_mask(arch)};
	state->knowledge = knowledge_none();
	for (uint32_t i = 0; i < CALLS; i++)
		state->alive[i] = argument(i) == argument(i % HALVES) || base.word == UINT64_MAX;
}

static uint64_t random_wide(struct random *random, const uint32_t *from, uint32_t count)
{
	return (uint64_t)from[random_below(random, count)] << 32 | from[random_below(random, count)];
}

static struct policy_condition random_condition(struct random *random, uint8_t arg)
{
	struct policy_condition c = {arg, (uint8_t)(POLICY_NE + random_below(random, 7)), base.word, 0};

	if (c.op == POLICY_MASKED_EQ)
		c.mask = random_wide(random, masks, sizeof(masks) / sizeof(*masks)) & base.word;
	c.value = random_wide(random, halves, HALVES) & c.mask;
	return c;
}

static bool test_holds(const struct knowledge_test *test, uint8_t arg, uint64_t value)
{
	bool is_second = test->word == 2 * arg + 1;
	uint32_t word = is_second != base.big_endian ? (uint32_t)(value >> 32) : (uint32_t)value;

	return test->order ? word >= test->value : (word & test->mask) == test->value;
}

/* Decides a condition, by as many tests as it takes, some this way and some that; false if no call is left. */
static bool decide(struct random *random, struct state *state, const struct policy_condition *c)
{
	enum interval_answer answer;
	struct knowledge_test test;
	int tests = 0;

	while ((answer = knowledge_condition(&base, &state->knowledge, c, &test)) == INTERVAL_EITHER) {
		ck_assert_int_le(++tests, 3);
		ck_assert_int_eq(test.word / 2, c->arg);
		ck_assert_int_eq(knowledge_decide(&base, &state->knowledge, &test), INTERVAL_EITHER);
		bool holds = random_below(random, 2),
		     is_possible = knowledge_assume(&base, &state->knowledge, &test, holds);
		for (uint32_t i = 0; i < CALLS; i++)
			state->alive[i] = state->alive[i] && test_holds(&test, c->arg, argument(i)) == holds;
		for (uint32_t i = 0; i < CALLS && !is_possible; i++)
			ck_assert(!state->alive[i]);
		if (!is_possible)
			return false;
	}
	for (uint32_t i = 0; i < CALLS; i++)
		if (state->alive[i] && policy_condition_holds(c, arch, argument(i)) != (answer == INTERVAL_TRUE))
			ck_abort_msg("0x%llx: operator %u 0x%llx 0x%llx", (unsigned long long)argument(i), c->op,
			             (unsigned long long)c->mask, (unsigned long long)c->value);
	return true;
}

static bool walk(struct random *random, struct state *state, struct policy_condition *conditions, uint8_t arg)
{
	for (int i = 0; i < STEPS; i++) {
		conditions[i] = random_condition(random, arg);
		if (!decide(random, state, &conditions[i]))
			return false;
	}
	return true;
}

/* What was decided stays so, where a call is left. */
static void expect_decided(const struct state *before, const struct state *state,
                           const struct policy_condition *conditions)
{
	struct knowledge_test test;
	uint32_t left = 0;

	for (uint32_t i = 0; i < CALLS; i++)
		left += state->alive[i];
	for (int i = 0; left && i < STEPS; i++) {
		enum interval_answer answer = knowledge_condition(&base, &before->knowledge, &conditions[i], &test);
		ck_assert_int_ne(answer, INTERVAL_EITHER);
		ck_assert_int_eq(knowledge_condition(&base, &state->knowledge, &conditions[i], &test), answer);
	}
}

START_TEST(conditions_are_decided_as_calls_are)
{
	static const char *const names[] = {"x86_64", "x86", "s390x", "ppc"};
	struct random random = random_start("conditions_are_decided_as_calls_are");
	struct state state, left, right;
	struct policy_condition conditions[STEPS], more[STEPS];
	unsigned long joined = 0;

	for (int run = 0; run < RUNS; run++) {
		uint8_t arg = (uint8_t)random_below(&random, 6);
		begin(&state, names[run % 4]);
		if (walk(&random, &state, conditions, arg)) {
			/* Two ways from here, and what is known where they meet. */
			left = right = state;
			bool is_left = walk(&random, &left, more, arg), is_right = walk(&random, &right, more, arg);
			if (is_left && is_right) {
				expect_decided(&state, &left, conditions);
				joined++;
				knowledge_join(&base, &left.knowledge, &right.knowledge);
				for (uint32_t i = 0; i < CALLS; i++)
					left.alive[i] |= right.alive[i];
				expect_decided(&state, &left, conditions);
				(void)walk(&random, &left, more, arg);
			}
		}
		ck_assert(!base.failed);
		arena_finish(&arena);
	}
	printf("%lu of %d walks were joined\n", joined, RUNS);
	ck_assert_uint_gt(joined, RUNS / 50);
}
END_TEST

/* Of one word that is compared with whole numbers, everything is known that there is to know. */
START_TEST(whole_numbers_are_known_exactly)
{
	struct random random = random_start("whole_numbers_are_known_exactly");
	struct state state;

	for (int run = 0; run < RUNS; run++) {
		bool alive[SMALL];
		uint32_t left = SMALL;
		begin(&state, "x86_64");
		struct knowledge_test test = {2, true, 0, SMALL};
		ck_assert(knowledge_assume(&base, &state.knowledge, &test, false));
		for (uint32_t i = 0; i < SMALL; i++)
			alive[i] = true;
		while (left) {
			bool order = random_below(&random, 3) == 0, holds = random_below(&random, 4) == 0;
			uint32_t value = random_below(&random, SMALL + 2), count = 0;
			test = (struct knowledge_test){2, order, order ? 0 : UINT32_MAX, value};
			for (uint32_t i = 0; i < SMALL; i++)
				count += alive[i] && (order ? i >= value : i == value);
			enum interval_answer answer = knowledge_decide(&base, &state.knowledge, &test);
			ck_assert_int_eq(answer, count == 0      ? INTERVAL_FALSE
			                         : count == left ? INTERVAL_TRUE
			                                         : INTERVAL_EITHER);
			if (answer != INTERVAL_EITHER && left == 1)
				break;
			if (answer != INTERVAL_EITHER)
				continue;
			for (uint32_t i = 0; i < SMALL; i++)
				alive[i] = alive[i] && (order ? i >= value : i == value) == holds;
			left = holds ? count : left - count;
			ck_assert(knowledge_assume(&base, &state.knowledge, &test, holds) == (left > 0));
		}
		arena_finish(&arena);
	}
}
END_TEST

/* Bits that an interval fixes, and the interval that bits leave. */
START_TEST(bits_and_intervals_say_more_of_each_other)
{
	struct state state;
	struct knowledge_test from = {4, true, 0, 0x128}, to = {4, true, 0, 0x12c}, bit = {4, false, 0xfffffffc, 0x128};

	begin(&state, "x86_64");
	ck_assert(knowledge_assume(&base, &state.knowledge, &from, true));
	ck_assert_int_eq(knowledge_decide(&base, &state.knowledge, &bit), INTERVAL_EITHER);
	ck_assert(knowledge_assume(&base, &state.knowledge, &to, false));
	ck_assert_int_eq(knowledge_decide(&base, &state.knowledge, &bit), INTERVAL_TRUE);
	bit.value = 0x12c;
	ck_assert_int_eq(knowledge_decide(&base, &state.knowledge, &bit), INTERVAL_FALSE);
	/* The other way round. */
	begin(&state, "x86_64");
	bit.value = 0x128;
	ck_assert(knowledge_assume(&base, &state.knowledge, &bit, true));
	ck_assert_int_eq(knowledge_decide(&base, &state.knowledge, &from), INTERVAL_TRUE);
	ck_assert_int_eq(knowledge_decide(&base, &state.knowledge, &to), INTERVAL_FALSE);
	from.value++;
	ck_assert_int_eq(knowledge_decide(&base, &state.knowledge, &from), INTERVAL_EITHER);
	/* Neither leaves a number. */
	struct knowledge_test high = {4, true, 0, 0x200};
	struct knowledge none = knowledge_none();
	struct knowledge_test low = {4, false, 0xffffff00, 0x100};
	ck_assert(knowledge_assume(&base, &none, &high, true));
	ck_assert(!knowledge_assume(&base, &none, &low, true));
	arena_finish(&arena);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("prove-knowledge");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, conditions_are_decided_as_calls_are);
	tcase_add_test(tcase, whole_numbers_are_known_exactly);
	tcase_add_test(tcase, bits_and_intervals_say_more_of_each_other);
	return test_run(tcase);
}
