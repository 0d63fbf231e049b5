#include "query/witness.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/simulate.h"

/* Sets the bit that the node tests first. */
static void set_bit(struct seccomp_data *call, const struct diagram_node *n)
{
	uint64_t bit = UINT64_C(1) << diagram_first_bit(n);

	switch (n->field) {
	case INPUT_ARCH:
		call->arch |= (uint32_t)bit;
		break;
	case INPUT_NR:
		call->nr |= (int)(uint32_t)bit;
		break;
	case INPUT_IP:
		call->instruction_pointer |= bit;
		break;
	default:
		assert(n->field < INPUT_IP);
		call->args[n->field - INPUT_ARG] |= bit;
	}
}

static bool tests_arch(const struct diagram *d, node n)
{
	return diagram_tests_number(d, n) && diagram_at(d, n)->field == INPUT_ARCH;
}

/*
 * Where arch or nr is tested at all, the tests decide it; else it is the region's first. But no architecture has the
 * value 0, and in struct callgate_call it stands for the native one: another one says more.
 */
static struct seccomp_data start(const struct diagram *d, const struct region *region, node a, node b)
{
	bool arch = tests_arch(d, a) || tests_arch(d, b);
	bool number = diagram_tests_number(d, a) || diagram_tests_number(d, b);
	uint32_t first = region->arch_first ? region->arch_first : region->arch_last > 0;

	return (struct seccomp_data){.arch = arch ? 0 : first, .nr = number ? 0 : (int)region->nr_first};
}

struct seccomp_data witness_of_difference(const struct diagram *d, const struct region *region, node a, node b)
{
	struct seccomp_data call = start(d, region, a, b);
	struct diagram_node x = *diagram_at(d, a), y = *diagram_at(d, b);
	assert(!node_same(a, b));

	while (x.level != LEVEL_LEAF || y.level != LEVEL_LEAF) {
		uint32_t level = x.level < y.level ? x.level : y.level;
		struct diagram_node low_x = diagram_branch(d, &x, level, false),
		                    low_y = diagram_branch(d, &y, level, false);
		bool high = diagram_content_same(&low_x, &low_y);
		if (high)
			set_bit(&call, x.level == level ? &x : &y);
		x = high ? diagram_branch(d, &x, level, true) : low_x;
		y = high ? diagram_branch(d, &y, level, true) : low_y;
	}
	return call;
}

struct seccomp_data witness_of(const struct diagram *d, const struct region *region, node condition)
{
	return witness_of_difference(d, region, condition, d->zero);
}

static uint64_t call_field(const struct seccomp_data *call, unsigned field)
{
	return field == INPUT_ARCH ? call->arch
	       : field == INPUT_NR ? (uint32_t)call->nr
	       : field == INPUT_IP ? call->instruction_pointer
	                           : call->args[field - INPUT_ARG];
}

uint32_t witness_leaf(const struct diagram *d, node n, const struct seccomp_data *call)
{
	while (!diagram_is_leaf(d, n))
		n = diagram_next(diagram_at(d, n), call_field(call, diagram_at(d, n)->field));
	return (uint32_t)diagram_at(d, n)->pattern;
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
	if (at->field < INPUT_WIDE_FIELDS && !(s->fixed >> at->field & 1))
		return holds(s, (node){at->equal}) && (!at->pattern || holds(s, (node){at->less})) &&
		       (at->pattern == at->mask || holds(s, (node){at->greater}));
	return holds(s, diagram_next(at, call_field(s->call, at->field)));
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

uint32_t witness_verdict(const struct filter *filter, const struct seccomp_data *call)
{
	if (filter->policy)
		return policy_eval(filter->policy, call, NULL);
	size_t i = filter->program_count - 1;
	uint32_t verdict = bpf_simulate(filter->programs[i], call, NULL);
	while (i-- > 0)
		verdict = callgate_action_strictest(verdict, bpf_simulate(filter->programs[i], call, NULL));
	return verdict;
}
