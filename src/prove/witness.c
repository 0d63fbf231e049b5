#include "prove/witness.h"

#include <stdlib.h>
#include <string.h>

/* The wide fields of the input in the order of enum input_field. */
struct path {
	uint64_t wide[INPUT_WIDE_FIELDS];
	uint32_t arch, nr;
};

static void set_bit(struct path *path, const struct input_order *order, uint32_t level)
{
	unsigned bit = order->bit[level];

	switch (order->field[level]) {
	case INPUT_ARCH:
		path->arch |= UINT32_C(1) << bit;
		break;
	case INPUT_NR:
		path->nr |= UINT32_C(1) << bit;
		break;
	default:
		path->wide[order->field[level]] |= UINT64_C(1) << bit;
	}
}

/* No architecture has the value 0, and in struct callgate_call it stands for the native one: another one says more. */
static struct path path_in(const struct cell *cell)
{
	uint32_t arch = cell->arch_first ? cell->arch_first : cell->arch_last > 0;

	return (struct path){.arch = arch, .nr = cell->nr_first};
}

/* Where arch and nr are tested at all, the tests decide them, and the cell's first numbers do not. */
static void start_numbers(struct path *path, const struct diagram *d, node n)
{
	if (diagram_tests_number(d, n))
		path->arch = path->nr = 0;
}

static struct seccomp_data path_call(const struct path *path)
{
	struct seccomp_data call = {
	    .nr = (int)path->nr, .arch = path->arch, .instruction_pointer = path->wide[INPUT_IP]};

	for (int i = 0; i < 6; i++)
		call.args[i] = path->wide[INPUT_ARG + i];
	return call;
}

struct seccomp_data witness_of_difference(const struct diagram *d, const struct cell *cell, node a, node b,
                                          node ret_leaves[2])
{
	struct path path = path_in(cell);

	start_numbers(&path, d, a);
	start_numbers(&path, d, b);
	while (!diagram_is_leaf(d, a) || !diagram_is_leaf(d, b)) {
		uint32_t x = diagram_at(d, a)->level, y = diagram_at(d, b)->level, level = x < y ? x : y;
		node low_a = diagram_low(d, a, level), low_b = diagram_low(d, b, level);
		bool high = node_same(low_a, low_b);
		if (high)
			set_bit(&path, &d->order, level);
		a = high ? diagram_high(d, a, level) : low_a;
		b = high ? diagram_high(d, b, level) : low_b;
	}
	ret_leaves[0] = a;
	ret_leaves[1] = b;
	return path_call(&path);
}

struct seccomp_data witness_of(const struct diagram *d, const struct cell *cell, node condition)
{
	node leaves[2];

	return witness_of_difference(d, cell, condition, d->zero, leaves);
}

static bool call_bit(const struct seccomp_data *call, const struct input_order *order, uint32_t level)
{
	unsigned bit = order->bit[level], field = order->field[level];
	uint64_t number = field == INPUT_ARCH ? call->arch
	                  : field == INPUT_NR ? (uint32_t)call->nr
	                  : field == INPUT_IP ? call->instruction_pointer
	                                      : call->args[field - INPUT_ARG];

	return number >> bit & 1;
}

struct search {
	const struct diagram *d;
	const struct seccomp_data *call;
	witness_fields fixed;
	uint8_t *seen; /* a bit for each node */
};

/* Is the condition one for the call, whatever the fields are that are not fixed? */
static bool holds(struct search *s, node n)
{
	if (diagram_is_leaf(s->d, n))
		return node_same(n, s->d->one);
	if (s->seen[n.id / 8] >> n.id % 8 & 1)
		return true;
	s->seen[n.id / 8] |= (uint8_t)(1u << n.id % 8);
	const struct diagram_node *at = diagram_at(s->d, n);
	unsigned field = s->d->order.field[at->level];
	if (field < INPUT_WIDE_FIELDS && !(s->fixed >> field & 1))
		return holds(s, (node){at->low}) && holds(s, (node){at->high});
	return holds(s, (node){call_bit(s->call, &s->d->order, at->level) ? at->high : at->low});
}

witness_fields witness_depends(const struct diagram *d, node condition, const struct seccomp_data *call)
{
	size_t size = d->count / 8 + 1;
	struct search search = {d, call, (1u << INPUT_WIDE_FIELDS) - 1, malloc(size)};

	for (unsigned field = INPUT_WIDE_FIELDS; search.seen && field-- > 0;) {
		search.fixed = (witness_fields)(search.fixed & ~(1u << field));
		memset(search.seen, 0, size);
		if (!holds(&search, condition))
			search.fixed = (witness_fields)(search.fixed | 1u << field);
	}
	free(search.seen);
	return search.fixed;
}
