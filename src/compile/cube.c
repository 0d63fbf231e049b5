#include "compile/cube.h"

#include <assert.h>
#include <string.h>

/*
 * What becomes of a literal once more is known of a word: the literal holds or fails, or a literal (another one, maybe)
 * remains.
 */
enum outcome { FAILS, HOLDS, REMAINS };

/* `first` may be UINT32_MAX + 1, and is then above every number. */
static enum outcome in_range(struct literal *literal, uint8_t word, uint64_t first, uint32_t last)
{
	if (first > last)
		return FAILS;
	if (first == 0 && last == UINT32_MAX)
		return HOLDS;
	*literal = (struct literal){.kind = LITERAL_IN, .word = word, .a = (uint32_t)first, .b = last};
	return REMAINS;
}

/* The opposite of a literal, or of what became of it. */
static enum outcome negate(struct literal *literal, enum outcome outcome)
{
	if (outcome != REMAINS)
		return outcome == HOLDS ? FAILS : HOLDS;
	if (literal->kind == LITERAL_IN && literal->a == 0)
		return in_range(literal, literal->word, literal->b + UINT64_C(1), UINT32_MAX);
	if (literal->kind == LITERAL_IN && literal->b == UINT32_MAX)
		return in_range(literal, literal->word, 0, literal->a - 1);
	assert(literal->kind != LITERAL_BITS);
	literal->negated = !literal->negated;
	return REMAINS;
}

static enum outcome masked(struct literal *literal, uint8_t word, uint32_t mask, uint32_t value)
{
	uint32_t rest = ~mask;

	if ((rest & (rest + 1)) == 0) /* the mask is a prefix: an interval */
		return in_range(literal, word, value, value | rest);
	*literal = (struct literal){.kind = LITERAL_BITS, .word = word, .a = mask, .b = value};
	return REMAINS;
}

/* argument < or >= value: one literal or, where the high half has to be the least or largest of all, two. */
static void ordered(bool below, uint8_t arg, uint64_t value, struct literal literals[2], enum outcome outcomes[2])
{
	uint32_t high = (uint32_t)(value >> 32), low = (uint32_t)value, end = below ? 0 : UINT32_MAX;
	uint8_t word = GRAPH_HIGH(arg);

	if (low == 0) {
		outcomes[0] = in_range(&literals[0], word, high, UINT32_MAX);
	} else if (high == end) {
		outcomes[0] = in_range(&literals[0], word, end, end);
		outcomes[1] = in_range(&literals[1], GRAPH_LOW(arg), low, UINT32_MAX);
		if (below)
			outcomes[1] = negate(&literals[1], outcomes[1]);
		return;
	} else {
		literals[0] = (struct literal){.kind = LITERAL_GE, .word = word, .a = high, .b = low};
		outcomes[0] = REMAINS;
	}
	if (below)
		outcomes[0] = negate(&literals[0], outcomes[0]);
}

/* A comparison of 64 bits as literals of both halves, whose conjunction it is. */
static void split(const struct policy_condition *c, struct literal literals[2], enum outcome outcomes[2])
{
	uint32_t high = (uint32_t)(c->value >> 32), low = (uint32_t)c->value;
	bool below = c->op == POLICY_LT || c->op == POLICY_LE;
	bool is_of_next = c->op == POLICY_LE || c->op == POLICY_GT; /* <= and > are < and >= of the next number */

	switch ((enum policy_op)c->op) {
	case POLICY_NE:
		literals[0] = (struct literal){
		    .kind = LITERAL_EQ, .word = GRAPH_HIGH(c->arg), .negated = true, .a = high, .b = low};
		outcomes[0] = REMAINS;
		break;
	case POLICY_LT:
	case POLICY_LE:
	case POLICY_GE:
	case POLICY_GT:
		if (is_of_next && c->value == UINT64_MAX)
			outcomes[0] = below ? HOLDS : FAILS;
		else
			ordered(below, c->arg, c->value + is_of_next, literals, outcomes);
		break;
	case POLICY_EQ:
	case POLICY_MASKED_EQ:
		outcomes[0] = masked(&literals[0], GRAPH_HIGH(c->arg), (uint32_t)(c->mask >> 32), high);
		outcomes[1] = masked(&literals[1], GRAPH_LOW(c->arg), (uint32_t)c->mask, low);
	}
}

static uint32_t ends_of(uint32_t first, uint32_t last, uint32_t breakpoints[2])
{
	uint32_t count = 0;

	if (first > 0)
		breakpoints[count++] = first;
	if (last < UINT32_MAX)
		breakpoints[count++] = last + 1;
	return count;
}

uint32_t literal_breakpoints(const struct literal *literal, uint8_t word, uint32_t ret_breakpoints[2])
{
	bool on_high = literal->word == word;
	uint32_t compared = on_high ? literal->a : literal->b;

	if (!literal_reads(literal, word))
		return 0;
	switch ((enum literal_kind)literal->kind) {
	case LITERAL_IN:
		return ends_of(literal->a, literal->b, ret_breakpoints);
	case LITERAL_GE:
		return ends_of(compared, on_high ? compared : UINT32_MAX, ret_breakpoints);
	case LITERAL_EQ:
		return ends_of(compared, compared, ret_breakpoints);
	case LITERAL_BITS:
		break;
	}
	return 0;
}

void literal_hull(const struct literal *literal, uint8_t word, uint32_t *first, uint32_t *last)
{
	bool is_interval = literal->kind == LITERAL_IN && literal->word == word && !literal->negated;
	bool on_high = literal->kind == LITERAL_GE && literal->word == word;

	if ((is_interval || (on_high && !literal->negated)) && *first < literal->a)
		*first = literal->a;
	if (is_interval && *last > literal->b)
		*last = literal->b;
	if (on_high && literal->negated && *last > literal->a)
		*last = literal->a;
}

/*
 * The cofactor of a wide literal that is not negated, where one half is known: an interval of it that starts with
 * `value`, and in which nothing changes.
 */
static enum outcome wide_cofactor(const struct literal *literal, bool on_high, uint32_t value, struct literal *rest)
{
	uint8_t low = (uint8_t)(literal->word + 1);

	if (on_high && value != literal->a)
		return literal->kind == LITERAL_GE && value > literal->a ? HOLDS : FAILS;
	if (on_high)
		return in_range(rest, low, literal->b, literal->kind == LITERAL_GE ? UINT32_MAX : literal->b);
	if (literal->kind == LITERAL_GE)
		return in_range(rest, literal->word, (uint64_t)literal->a + (value < literal->b), UINT32_MAX);
	return value == literal->b ? in_range(rest, literal->word, literal->a, literal->a) : FAILS;
}

/* Where it is known whether another LITERAL_BITS, on the same word, holds. */
static enum outcome bits_cofactor(const struct literal *literal, const struct literal *known, bool holds)
{
	uint32_t common = literal->a & known->a;
	bool agree = (literal->b & common) == (known->b & common);

	if (holds && !agree)
		return FAILS;
	if (holds && common == literal->a)
		return HOLDS;
	return !holds && agree && common == known->a ? FAILS : REMAINS;
}

static enum outcome cofactor(const struct literal *literal, const struct finding *finding, struct literal *ret_literal)
{
	enum outcome outcome;

	assert(finding->first <= finding->last);
	*ret_literal = *literal;
	if (!literal_reads(literal, finding->word))
		return REMAINS;
	if (finding->bits)
		return literal->kind == LITERAL_BITS ? bits_cofactor(literal, finding->bits, finding->holds) : REMAINS;
	if (literal->kind == LITERAL_BITS && finding->first != finding->last)
		return REMAINS;
	if (literal->kind == LITERAL_BITS)
		return (finding->first & literal->a) == literal->b ? HOLDS : FAILS;
	bool on_high = literal->word == finding->word;
	if (literal_is_wide(literal))
		outcome = wide_cofactor(literal, on_high, finding->first, ret_literal);
	else
		outcome = literal->a <= finding->first && finding->first <= literal->b ? HOLDS : FAILS;
	if (literal->negated)
		outcome = negate(ret_literal, outcome);
	ret_literal->urgent = !on_high;
	return outcome;
}

static uint32_t hash_cube(struct graph_id target, const struct literal *literals, uint32_t count)
{
	uint64_t hash = target.index;

	for (uint32_t i = 0; i < count; i++) {
		const struct literal *literal = &literals[i];
		hash = hash_add(hash, (uint64_t)literal->a << 32 | literal->b);
		hash = hash_add(hash, (uint64_t)(literal->urgent << 17 | literal->negated << 16 | literal->kind << 8 |
		                                 literal->word));
	}
	return hash_end(hash);
}

/* A cube that may be there already. */
struct candidate {
	struct graph_id target;
	uint32_t count;
	const struct literal *literals;
};

static bool is_equal(const void *items, uint32_t index, const void *key)
{
	const struct cube *cube = ((const struct cube *const *)items)[index];
	const struct candidate *candidate = key;

	if (!graph_same(cube->target, candidate->target) || cube->count != candidate->count)
		return false;
	for (uint32_t i = 0; i < cube->count; i++)
		if (!literal_same(&cube->literals[i], &candidate->literals[i]))
			return false;
	return true;
}

const struct cube *cube_make(struct cube_set *set, struct graph_id target, const struct literal *literals,
                             uint32_t count)
{
	uint32_t hash = hash_cube(target, literals, count);
	struct candidate candidate = {target, count, literals};

	if (set->failed)
		return NULL;
	uint32_t known = table_find(&set->table, hash, is_equal, set->cubes.items, &candidate);
	if (known != TABLE_NONE)
		return set->cubes.items[known];
	struct cube *cube = arena_take(set->arena, sizeof(*cube) + count * sizeof(*literals));
	set->failed = !cube || !vec_reserve_in(&set->cubes, set->arena, 1) ||
	              !table_add(&set->table, hash, (uint32_t)set->cubes.count);
	if (set->failed)
		return NULL;
	*cube = (struct cube){(uint32_t)set->cubes.count, count, target};
	if (count) /* memcpy() may not be given NULL, not even for nothing */
		memcpy(cube->literals, literals, count * sizeof(*literals));
	set->cubes.items[set->cubes.count++] = cube;
	return cube;
}

/* Room for the literals of the next cube, or NULL. */
static struct literal *start_literals(struct cube_set *set, uint32_t count)
{
	if (!set->failed && !vec_reserve_in(&set->literals, set->arena, count + (size_t)2))
		set->failed = true;
	return set->failed ? NULL : set->literals.items;
}

const struct literal *cube_literals(struct cube_set *set, const struct policy_rule *rule,
                                    const struct callgate_arch *arch, uint32_t *ret_count)
{
	struct literal *literals = start_literals(set, 2 * rule->condition_count);

	*ret_count = 0;
	for (uint32_t i = 0; literals && i < rule->condition_count; i++) {
		const struct policy_condition *condition = &rule->conditions[i];
		/* What registers of 32 bits can't hold is zero; what does not count might as well be. */
		const struct finding no_high = {.word = GRAPH_HIGH(condition->arg)};
		struct literal halves[2];
		enum outcome outcomes[2] = {HOLDS, HOLDS};
		assert(condition->op >= POLICY_NE && condition->op <= POLICY_MASKED_EQ && condition->arg < 6);
		assert(!(condition->value & ~policy_word_mask(arch)));
		split(condition, halves, outcomes);
		for (int j = 0; j < 2; j++) {
			struct literal *literal = &literals[*ret_count];
			if (outcomes[j] == REMAINS)
				*literal = halves[j];
			if (outcomes[j] == REMAINS &&
			    (arch->word_bits == 32 || policy_condition_is_low(condition, arch)))
				outcomes[j] = cofactor(&halves[j], &no_high, literal);
			if (outcomes[j] == FAILS)
				return NULL;
			*ret_count += outcomes[j] == REMAINS;
		}
	}
	return literals;
}

const struct cube *cube_cofactor(struct cube_set *set, const struct cube *cube, const struct finding *finding)
{
	struct literal *literals = start_literals(set, cube->count);
	uint32_t count = 0;

	for (uint32_t i = 0; literals && i < cube->count; i++) {
		enum outcome outcome = cofactor(&cube->literals[i], finding, &literals[count]);
		if (outcome == FAILS)
			return NULL;
		count += outcome == REMAINS;
	}
	return literals ? cube_make(set, cube->target, literals, count) : NULL;
}

struct graph_id literal_graph(struct graph *graph, const struct literal *literal, struct graph_id then,
                              struct graph_id otherwise)
{
	uint8_t word = literal->word, low = (uint8_t)(word + 1);
	uint32_t a = literal->a, b = literal->b;

	if (literal->kind == LITERAL_BITS)
		return graph_bits(graph, word, a, b, then, otherwise);
	if (literal->negated) {
		struct graph_id id = then;
		then = otherwise;
		otherwise = id;
	}
	if (literal->kind == LITERAL_IN)
		return graph_range(graph, word, a, b, then, otherwise);
	if (literal->kind == LITERAL_EQ)
		return graph_range(graph, word, a, a, graph_range(graph, low, b, b, then, otherwise), otherwise);
	struct graph_id equal = graph_range(graph, low, b, UINT32_MAX, then, otherwise);
	struct graph_edge edges[3] = {{0, otherwise, 1}, {a, equal, 2}, {a + 1, then, 1}};
	struct graph_edge *start = a > 0 ? edges : edges + 1;
	return graph_switch(graph, word, start, (size_t)(edges + (a < UINT32_MAX ? 3 : 2) - start));
}
