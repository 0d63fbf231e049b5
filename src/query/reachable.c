#include "query/reachable.h"

#include <stdlib.h>
#include <string.h>

#include <linux/audit.h>

#include "bpf/simulate.h"
#include "prove/space.h"
#include "query/witness.h"

struct search {
	const struct query *query;
	struct space space;
	const struct region *region;
	reachable_visitor visitor;
	void *closure;
};

static void visit_calls(void *closure, node calls)
{
	struct search *s = closure;
	struct diagram *d = &s->space.diagram;

	if (d->failed || node_same(calls, d->zero))
		return;
	struct seccomp_data call = witness_of(d, s->region, calls);
	s->visitor(s->closure, &call);
}

/* Where the upper halves of all wide fields are zero. */
static node narrow(struct diagram *d)
{
	node result = d->one;

	for (unsigned field = 0; field < INPUT_WIDE_FIELDS; field++) {
		struct diagram_number upper = {(enum input_field)field, INPUT_WORD_BITS, INPUT_WORD_BITS,
		                               INPUT_WORD_MAX};
		result = diagram_compare(d, upper, POLICY_EQ, 0, result, d->zero);
	}
	return result;
}

/* Architectures of one kind only are in a region whose first and last one are. */
static bool is_narrow(const struct region *region)
{
	return !(region->arch_last & __AUDIT_ARCH_64BIT);
}

static int visit_region(void *closure, const struct region *region, const node *verdicts)
{
	(void)verdicts;

	struct search *s = closure;
	struct diagram *d = &s->space.diagram;
	node calls = diagram_and(d, space_calls(d, region), query_node(d, s->query));

	if (is_narrow(region))
		calls = diagram_and(d, calls, narrow(d));
	s->region = region;
	if (!d->failed && !node_same(calls, d->zero) &&
	    !filter_paths(&s->space.filters[0], region, calls, visit_calls, s))
		return -ENOMEM;
	return 0;
}

int reachable_visit(const struct filter *filter, const struct query *query, reachable_visitor visitor, void *closure)
{
	struct search s = {.query = query, .visitor = visitor, .closure = closure};
	struct region half = query->region;
	struct arena_room room;
	int result = space_init(&s.space, &room, &filter, 1, 0, 0);

	assert(region_is_valid(&query->region));
	/* The audit values of 32-bit architectures, and those of 64-bit ones. */
	if (half.arch_last >= __AUDIT_ARCH_64BIT && half.arch_first < __AUDIT_ARCH_64BIT)
		half.arch_last = __AUDIT_ARCH_64BIT - 1;
	if (result == 0)
		result = space_walk(&s.space, &half, visit_region, &s);
	if (result == 0 && half.arch_last != query->region.arch_last) {
		half.arch_first = __AUDIT_ARCH_64BIT;
		half.arch_last = query->region.arch_last;
		result = space_walk(&s.space, &half, visit_region, &s);
	}
	space_finish(&s.space);
	return result;
}

/* ---- rules ---- */

struct deciding {
	const struct policy *policy;
	struct reachable_rule *rule;
};

static void see_call(void *closure, const struct seccomp_data *call)
{
	struct deciding *deciding = closure;
	struct reachable_rule *found = deciding->rule;
	const struct policy_rule *rule;

	(void)policy_eval(deciding->policy, call, &rule);
	if (rule && rule->id == found->id) {
		found->decides = true;
	} else if (rule && !found->other) {
		found->other = rule->id;
		found->call = *call;
	}
}

static int see_rules(struct deciding *deciding, const struct policy_syscall *syscall, uint32_t audit)
{
	const struct filter filter = {.policy = deciding->policy};
	struct reachable_rule *found = deciding->rule;
	int result = 0;

	for (uint32_t i = 0; i < syscall->rule_count; i++)
		for (uint32_t j = 0; j < syscall->rules[i].condition_count; j++)
			found->fields |= (witness_fields)(1u << syscall->rules[i].conditions[j].arg);
	if (syscall->rule_count == 1 && syscall->rules[0].condition_count == 0)
		found->decides = true;
	for (uint32_t i = 0; i < syscall->rule_count && result == 0 && !found->decides; i++) {
		const struct policy_rule *rule = &syscall->rules[i];
		struct query query = {
		    {audit, audit, syscall->nr, syscall->nr}, rule->condition_count, rule->conditions};
		if (rule->id == found->id)
			result = reachable_visit(&filter, &query, see_call, deciding);
	}
	return result;
}

int reachable_find_rule(const struct policy *policy, struct reachable_rule *rule)
{
	struct deciding deciding = {policy, rule};
	int result = 0;

	for (size_t i = 0; i < policy->arch_count; i++)
		for (size_t j = 0; result == 0 && j < policy->archs[i].syscall_count; j++)
			result = see_rules(&deciding, &policy->archs[i].syscalls[j], policy->archs[i].arch->audit);
	return result;
}

/* ---- branches ---- */

struct branches {
	const struct callgate_program *program;
	struct diagram diagram;
	struct execution execution;
	unsigned long (*taken)[2]; /* of one call */
	struct reachable_edge (*edges)[2];
};

static void set_operand(struct reachable_edge *edge, struct value value, bool big_endian)
{
	if (value.kind != VALUE_WORD || value.shift)
		return;
	edge->mask = value.number;
	if (value.word == WORD_NR || value.word == WORD_ARCH) {
		edge->operand = value.word == WORD_NR ? REACHABLE_NR : REACHABLE_ARCH;
		return;
	}
	edge->operand = value.word < WORD_ARG ? REACHABLE_POINTER : REACHABLE_ARGUMENT;
	edge->argument = value.word < WORD_ARG ? 0 : (value.word - WORD_ARG) / 2u;
	edge->upper = (value.word % 2 != 0) != big_endian;
}

/* What this call is the first to reach. */
static void follow_call(void *closure, const struct seccomp_data *call)
{
	struct branches *b = closure;
	size_t count = b->program->count;

	memset(b->taken, 0, count * sizeof(*b->taken));
	(void)bpf_simulate_counting(b->program, call, NULL, b->taken);
	for (size_t pc = 0; pc < count; pc++)
		for (int held = 0; held < 2; held++) {
			struct reachable_edge *edge = &b->edges[pc][held];
			if (!b->taken[pc][held] || edge->reached)
				continue;
			edge->reached = true;
			edge->call = *call;
			struct value a = execution_accumulator(&b->execution, (const unsigned long(*)[2])b->taken, pc);
			set_operand(edge, a, b->program->big_endian);
		}
}

/* No architecture has the audit value 0. */
static const struct query every_call = {.region = {1, INPUT_WORD_MAX, 0, INPUT_WORD_MAX}};

int reachable_branches(const struct callgate_program *program, struct reachable_edge (*edges)[2])
{
	struct filter filter = {.programs = &program, .program_count = 1};
	struct branches b = {.program = program, .edges = edges};
	struct arena_room room;
	struct arena arena;
	int result = -ENOMEM;

	arena_start(&arena, &room);
	diagram_init(&b.diagram, 0, 0);
	diagram_reset(&b.diagram);
	b.taken = calloc(program->count, sizeof(*b.taken));
	if (b.taken && !b.diagram.failed && execution_init(&b.execution, program, &b.diagram, &arena))
		result = reachable_visit(&filter, &every_call, follow_call, &b);
	if (result == 0)
		result = b.diagram.failed;
	free(b.taken);
	diagram_finish(&b.diagram);
	arena_finish(&arena);
	return result;
}
