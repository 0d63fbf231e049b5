/*
 * FORCE (Aloul, Markov and Sakallah 2003): again and again every bit moves to the middle of the rules that look at it, and each rule is in
 * the middle of its bits. The best of the orders that are met is taken.
 */
#include "prove/diagram.h"

#include <string.h>

#include "base/vec.h"

enum { ARGS = 6, BITS = ARGS * INPUT_WIDE_BITS, ROUNDS = 60, RULES_MOST = 512 };

/* What places are multiplied by, so that means need no fractions. */
enum { UNIT = 1 << 16 };

/* Rules as what they look at: numbers of bits, by argument and bit. Rule i has those from ends[i - 1] on. */
struct ordering {
	struct arena *arena;
	ARENA_VEC(uint16_t) bits;
	ARENA_VEC(size_t) ends;
	uint16_t line[BITS], best[BITS]; /* the bits that are looked at, in order */
	uint32_t used;
	int64_t place[BITS], sum[BITS];
	uint32_t degree[BITS];
	bool failed;
};

static void add_bits(struct ordering *a, unsigned arg, uint64_t mask)
{
	while (mask) {
		unsigned bit = 63 - (unsigned)__builtin_clzll(mask);
		if (!vec_push_in(&a->bits, a->arena, (uint16_t)(arg * INPUT_WIDE_BITS + bit)))
			a->failed = true;
		mask &= ~(UINT64_C(1) << bit);
	}
}

static void add_rule(struct ordering *a, const struct policy_rule *rule)
{
	uint64_t masks[ARGS] = {0};

	for (uint32_t i = 0; i < rule->condition_count; i++) {
		const struct policy_condition *c = &rule->conditions[i];
		masks[c->arg] |= c->mask & INPUT_WIDE_MAX;
	}
	for (unsigned arg = 0; arg < ARGS; arg++)
		add_bits(a, arg, masks[arg]);
	if (!vec_push_in(&a->ends, a->arena, a->bits.count))
		a->failed = true;
}

/* At first in the order in which rules look at them. */
static void line_up(struct ordering *a)
{
	for (size_t i = 0; i < a->bits.count; i++) {
		uint16_t bit = a->bits.items[i];
		if (a->degree[bit]++ == 0) {
			a->place[bit] = (int64_t)a->used * UNIT;
			a->line[a->used++] = bit;
		}
	}
}

static void move(struct ordering *a)
{
	size_t first = 0;

	memset(a->sum, 0, sizeof(a->sum));
	for (size_t i = 0; i < a->ends.count; first = a->ends.items[i++]) {
		size_t end = a->ends.items[i];
		int64_t middle = 0;
		for (size_t j = first; j < end; j++)
			middle += a->place[a->bits.items[j]];
		for (size_t j = first; j < end; j++)
			a->sum[a->bits.items[j]] += middle / (int64_t)(end - first);
	}
	for (uint32_t i = 0; i < a->used; i++)
		a->place[a->line[i]] = a->sum[a->line[i]] / a->degree[a->line[i]];
	for (uint32_t i = 1; i < a->used; i++) {
		uint16_t bit = a->line[i];
		uint32_t at = i;
		for (; at > 0 && a->place[a->line[at - 1]] > a->place[bit]; at--)
			a->line[at] = a->line[at - 1];
		a->line[at] = bit;
	}
	for (uint32_t i = 0; i < a->used; i++)
		a->place[a->line[i]] = (int64_t)i * UNIT;
}

/* How far apart the bits of the rules are, all in all. */
static int64_t span(const struct ordering *a)
{
	int64_t result = 0;
	size_t first = 0;

	for (size_t i = 0; i < a->ends.count; first = a->ends.items[i++]) {
		int64_t least = INT64_MAX, most = 0;
		for (size_t j = first; j < a->ends.items[i]; j++) {
			int64_t place = a->place[a->bits.items[j]];
			least = place < least ? place : least;
			most = place > most ? place : most;
		}
		result += most > least ? most - least : 0;
	}
	return result;
}

/* Bits at which no rule looks come last. */
static uint16_t *levels_of(const struct ordering *a)
{
	uint16_t *levels = ARENA_ARRAY(a->arena, uint16_t, INPUT_WIDE_FIELDS * INPUT_WIDE_BITS);
	uint16_t next = INPUT_NUMBER_LEVELS;

	for (uint32_t i = 0; levels && i < a->used; i++)
		levels[a->best[i]] = next++;
	for (unsigned bit = 0; levels && bit < INPUT_WIDE_FIELDS * INPUT_WIDE_BITS; bit++)
		if (!levels[bit])
			levels[bit] = next++;
	return levels;
}

const uint16_t *diagram_order(const struct policy_rule *rules, uint32_t count, struct arena *arena)
{
	struct ordering a = {.arena = arena};
	int64_t least = INT64_MAX;

	for (uint32_t i = 0; i < count && i < RULES_MOST; i++)
		add_rule(&a, &rules[i]);
	if (a.failed)
		return NULL;
	line_up(&a);
	for (int round = 0; round < ROUNDS; round++) {
		int64_t here = span(&a);
		if (here < least) {
			least = here;
			memcpy(a.best, a.line, sizeof(a.best));
		}
		move(&a);
	}
	return levels_of(&a);
}
