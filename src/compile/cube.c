#include "compile/cube.h"

#include <assert.h>
#include <string.h>

static const struct cube *fail(struct cube_set *set)
{
	set->failed = true;
	return NULL;
}

static uint32_t hash_cube(uint32_t action, const struct literal *literals, uint32_t count)
{
	uint64_t hash = action;

	for (uint32_t i = 0; i < count; i++) {
		hash = hash_add(hash, (uint64_t)literals[i].a << 32 | literals[i].b);
		hash = hash_add(
		    hash, (uint64_t)(literals[i].urgent << 16 | literals[i].kind << 8 | literals[i].word));
	}
	return hash_end(hash);
}

/* A cube that may be there already. */
struct candidate {
	uint32_t action, count;
	const struct literal *literals;
};

static bool is_equal(const void *items, uint32_t index, const void *key)
{
	const struct cube *cube = ((const struct cube *const *)items)[index];
	const struct candidate *candidate = key;

	if (cube->action != candidate->action || cube->count != candidate->count)
		return false;
	for (uint32_t i = 0; i < cube->count; i++)
		if (!literal_same(&cube->literals[i], &candidate->literals[i]))
			return false;
	return true;
}

const struct cube *cube_make(struct cube_set *set, uint32_t action, const struct literal *literals,
                             uint32_t count)
{
	uint32_t hash = hash_cube(action, literals, count);
	struct candidate candidate = {action, count, literals};

	if (set->failed)
		return NULL;
	uint32_t known = table_find(&set->table, hash, is_equal, set->cubes.items, &candidate);
	if (known != TABLE_NONE)
		return set->cubes.items[known];
	struct cube *cube = arena_take(set->arena, sizeof(*cube) + count * sizeof(*literals));
	if (!cube || !vec_reserve_in(&set->cubes, set->arena, 1) ||
	    !table_add(&set->table, hash, (uint32_t)set->cubes.count))
		return fail(set);
	*cube = (struct cube){(uint32_t)set->cubes.count, action, count};
	if (count) /* memcpy() may not be given NULL, not even for nothing */
		memcpy(cube->literals, literals, count * sizeof(*literals));
	set->cubes.items[set->cubes.count++] = cube;
	return cube;
}

/* Room for the literals of the next cube, or NULL. */
static struct literal *start_literals(struct cube_set *set, uint32_t count)
{
	set->literals.count = 0;
	if (!set->failed && !vec_reserve_in(&set->literals, set->arena, count + (size_t)1))
		set->failed = true;
	return set->failed ? NULL : set->literals.items;
}

const struct cube *cube_of_rule(struct cube_set *set, const struct policy_rule *rule,
                                const struct callgate_arch *arch)
{
	struct literal *literals = start_literals(set, 2 * rule->condition_count);
	uint32_t count = 0, more;

	if (!literals)
		return NULL;
	for (uint32_t i = 0; i < rule->condition_count; i++, count += more)
		if (literal_split(&rule->conditions[i], arch, &literals[count], &more) == LITERAL_FAILS)
			return NULL;
	return cube_make(set, rule->action, literals, count);
}

const struct cube *cube_cofactor(struct cube_set *set, const struct cube *cube, uint8_t word, uint32_t first,
                                 uint32_t last)
{
	struct literal *literals = start_literals(set, cube->count);
	uint32_t count = 0;

	if (!literals)
		return NULL;
	for (uint32_t i = 0; i < cube->count; i++) {
		enum literal_outcome outcome = LITERAL_REMAINS;
		if (literal_reads(&cube->literals[i], word))
			outcome = literal_cofactor(&cube->literals[i], word, first, last, &literals[count]);
		else
			literals[count] = cube->literals[i];
		if (outcome == LITERAL_FAILS)
			return NULL;
		count += outcome == LITERAL_REMAINS;
	}
	return cube_make(set, cube->action, literals, count);
}

const struct cube *cube_cofactor_bits(struct cube_set *set, const struct cube *cube,
                                      const struct literal *known, bool holds)
{
	struct literal *literals = start_literals(set, cube->count);
	uint32_t count = 0;

	if (!literals)
		return NULL;
	for (uint32_t i = 0; i < cube->count; i++) {
		enum literal_outcome outcome = literal_cofactor_bits(&cube->literals[i], known, holds);
		if (outcome == LITERAL_FAILS)
			return NULL;
		if (outcome == LITERAL_REMAINS)
			literals[count++] = cube->literals[i];
	}
	return cube_make(set, cube->action, literals, count);
}

static struct graph_id ordered(struct graph *graph, const struct literal *literal, struct graph_id then,
                               struct graph_id otherwise)
{
	bool below = literal->kind == LITERAL_LT;
	uint8_t low = (uint8_t)(literal->word + 1);
	struct graph_id lower = below ? then : otherwise, upper = below ? otherwise : then;
	struct graph_edge edges[3], halves[2] = {{0, lower, 1}, {literal->b, upper, 1}};
	size_t count = 0;

	if (literal->a > 0)
		edges[count++] = (struct graph_edge){0, lower, 1};
	edges[count++] = (struct graph_edge){literal->a, graph_switch(graph, low, halves, 2), 2};
	if (literal->a < UINT32_MAX)
		edges[count++] = (struct graph_edge){literal->a + 1, upper, 1};
	return graph_switch(graph, literal->word, edges, count);
}

static struct graph_id literal_graph(struct graph *graph, const struct literal *literal, struct graph_id then,
                                     struct graph_id otherwise)
{
	switch ((enum literal_kind)literal->kind) {
	case LITERAL_IN:
		return graph_range(graph, literal->word, literal->a, literal->b, then, otherwise);
	case LITERAL_OUT:
		return graph_range(graph, literal->word, literal->a, literal->b, otherwise, then);
	case LITERAL_BITS:
		return graph_bits(graph, literal->word, literal->a, literal->b, then, otherwise);
	case LITERAL_GE:
	case LITERAL_LT:
		return ordered(graph, literal, then, otherwise);
	case LITERAL_NE:
		break;
	}
	struct graph_id low =
	    graph_range(graph, (uint8_t)(literal->word + 1), literal->b, literal->b, otherwise, then);
	return graph_range(graph, literal->word, literal->a, literal->a, low, then);
}

struct graph_id cube_chain(struct graph *graph, const struct cube *const *cubes, size_t count)
{
	assert(count > 0 && cubes[count - 1]->count == 0);
	struct graph_id next = graph_leaf(graph, cubes[count - 1]->action);

	for (size_t i = count - 1; i-- > 0;) {
		struct graph_id id = graph_leaf(graph, cubes[i]->action);
		for (uint32_t j = cubes[i]->count; j-- > 0;)
			id = literal_graph(graph, &cubes[i]->literals[j], id, next);
		next = id;
	}
	return next;
}
