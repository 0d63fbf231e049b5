#include "query/differences.h"

struct comparison {
	const struct filter *filters[2];
	struct space space;
	size_t max, listed; /* at most, and before the present region */
	struct differences result;
	bool unconfirmed;
	int error;
};

/* Is this the difference of the numbers before, of the same architecture? Numbers that nothing names make one row. */
static bool extends(struct comparison *c, const struct difference *next)
{
	for (size_t i = c->result.list.count; i-- > 0;) {
		struct difference *last = &c->result.list.items[i];
		bool next_to = last->nr_last + 1 == next->nr_first && last->nr_last != UINT32_MAX;
		bool same =
		    (next_to || last->nr_last == next->nr_last) && last->witness.call.arch == next->witness.call.arch &&
		    !last->nr_mask && !next->nr_mask && last->witness.expected == next->witness.expected &&
		    last->witness.actual == next->witness.actual && last->witness.depends == 0 &&
		    next->witness.depends == 0 && (next->nr_first != next->nr_last || last->nr_first != last->nr_last);
		if (same) {
			last->nr_last = next->nr_last;
			return true;
		}
	}
	return false;
}

/*
 * Is this the difference of the numbers before in the same region, which go another way to it? Then the call of that
 * row shows it for these numbers too. `both` are the calls that have it.
 */
static bool continues(struct comparison *c, node both, const struct difference *next)
{
	const struct diagram *d = &c->space.diagram;

	for (size_t i = c->result.list.count; i-- > c->listed;) {
		struct difference *last = &c->result.list.items[i];
		struct seccomp_data call = last->witness.call;
		call.nr = (int)next->nr_first;
		if (last->nr_last + 1 == next->nr_first && !last->nr_mask && !next->nr_mask &&
		    last->witness.expected == next->witness.expected && last->witness.actual == next->witness.actual &&
		    witness_leaf(d, both, &call) == 1 && witness_depends(d, both, &call) == last->witness.depends) {
			last->nr_last = next->nr_last;
			return true;
		}
	}
	return false;
}

/*
 * The bits of the number that are tested on the call's way through a function. Numbers that have the same ones go the
 * same way.
 */
static uint32_t tested_bits(const struct diagram *d, node n, const struct seccomp_data *call)
{
	uint32_t nr = (uint32_t)call->nr, tested = 0;

	while (diagram_tests_number(d, n)) {
		const struct diagram_node *at = diagram_at(d, n);
		uint64_t value = at->field == INPUT_NR ? nr : call->arch;
		uint64_t differ = (value & at->mask) ^ at->pattern;
		if (at->field == INPUT_NR) /* the highest one that differs decides, and those before it are equal */
			tested |=
			    (uint32_t)(differ ? at->mask & ~(UINT64_MAX >> 1 >> __builtin_clzll(differ)) : at->mask);
		n = diagram_next(at, value);
	}
	return tested;
}

/* The numbers of a region that go the same way as the call's. */
static void set_numbers(struct difference *row, const struct region *region, uint32_t tested)
{
	uint32_t nr = (uint32_t)row->witness.call.nr;
	uint32_t prefix = ~tested ? ~(UINT32_MAX >> __builtin_clz(~tested)) : UINT32_MAX;

	row->nr_first = region->nr_first;
	row->nr_last = region->nr_last;
	if (!tested)
		return;
	row->nr_first = nr & tested;
	row->nr_last = nr | ~tested;
	row->nr_mask = tested & ~prefix;
	row->nr_value = nr & row->nr_mask;
	assert(row->nr_first >= region->nr_first && row->nr_last <= region->nr_last);
}

/*
 * The difference that this call shows. Returns all calls with the same two verdicts, and numbers that go the same way.
 */
static node report(struct comparison *c, const struct region *region, const node *verdicts, struct seccomp_data call)
{
	struct diagram *d = &c->space.diagram;
	struct difference next = {.witness = {.call = call}};

	next.witness.expected = witness_verdict(c->filters[0], &call);
	next.witness.actual = witness_verdict(c->filters[1], &call);
	node both = diagram_and(d, diagram_where(d, verdicts[0], next.witness.expected),
	                        diagram_where(d, verdicts[1], next.witness.actual));
	if (d->failed)
		return both;
	uint32_t tested = tested_bits(d, both, &call);
	set_numbers(&next, region, tested);
	both = diagram_compare(d, (struct diagram_number){INPUT_NR, 0, INPUT_WORD_BITS, tested}, POLICY_EQ,
	                       (uint32_t)call.nr & tested, both, d->zero);
	if (d->failed)
		return both;
	c->unconfirmed =
	    c->unconfirmed || next.witness.expected == next.witness.actual || witness_leaf(d, both, &call) != 1;
	next.witness.depends = witness_depends(d, both, &call);
	if (extends(c, &next) || continues(c, both, &next))
		return both;
	if (c->result.list.count >= c->max)
		c->result.complete = false;
	else if (!vec_push(&c->result.list, next))
		c->error = -ENOMEM;
	return both;
}

/* One pair of verdicts after the other, until none is left or no more are wanted. */
static void report_pairs(struct comparison *c, const struct region *region, const node *verdicts)
{
	struct diagram *d = &c->space.diagram;
	node left = diagram_differ(d, verdicts[0], verdicts[1]);

	while (!d->failed && !node_same(left, d->zero) && !c->error && !c->unconfirmed) {
		struct seccomp_data call = witness_of(d, region, left);
		bool full = c->result.list.count >= c->max;
		node shown = report(c, region, verdicts, call);
		if (full)
			return;
		left = diagram_and(d, left, diagram_not(d, shown));
	}
}

static int compare_region(void *closure, const struct region *region, const node *verdicts)
{
	struct comparison *c = closure;
	struct diagram *d = &c->space.diagram;
	c->listed = c->result.list.count;
	if (node_same(verdicts[0], verdicts[1]))
		return 0;
	node first = diagram_allows(d, verdicts[0]), second = diagram_allows(d, verdicts[1]);
	node only_first = diagram_and(d, first, diagram_not(d, second));
	node only_second = diagram_and(d, second, diagram_not(d, first));
	if (d->failed)
		return 0;
	c->result.outcome = PROVE_DIFFERENT;
	c->result.first_more = c->result.first_more || !node_same(only_first, d->zero);
	c->result.second_more = c->result.second_more || !node_same(only_second, d->zero);
	report_pairs(c, region, verdicts);
	if (d->failed) /* the region will be tried again */
		c->result.list.count = c->listed;
	return c->error;
}

static void conclude(struct comparison *c, int walked, struct diag *diag)
{
	bool differ = c->result.outcome == PROVE_DIFFERENT;

	c->result.decided = walked == 0;
	c->result.complete = c->result.complete && c->result.decided;
	if (walked == 0 && !differ)
		c->result.outcome = PROVE_EQUAL;
	if (c->unconfirmed) {
		c->result.outcome = PROVE_UNPROVED;
		diag_set(diag, "no answer: simulation does not confirm a witness (a defect of this library)");
	} else if (walked < 0) {
		proof_describe_failure(differ ? "no complete answer" : "no answer", &c->space.failure, c->filters,
		                       diag);
	}
}

static int compare(struct comparison *c)
{
	struct arena_room room;
	int result = space_init(&c->space, &room, c->filters, 2, 0, 0);

	if (result == 0)
		result = space_walk(&c->space, &REGION_EVERYTHING, compare_region, c);
	space_finish(&c->space);
	return result;
}

int differences_find(const struct filter *a, const struct filter *b, size_t max, struct diag *diag,
                     struct differences *ret_result)
{
	struct comparison c = {.filters = {a, b}, .max = max, .result = {.complete = true}};

	if (!proof_is_acceptable(a, diag) || !proof_is_acceptable(b, diag)) {
		*ret_result = (struct differences){.outcome = PROVE_REFUSED};
		return 0;
	}
	int result = proof_is_trivial(a, b) ? 0 : compare(&c);
	if (result == -ENOMEM) {
		vec_finish(&c.result.list);
		return diag_fail(diag, -ENOMEM, "out of memory for a comparison");
	}
	conclude(&c, result, diag);
	*ret_result = c.result;
	return 0;
}
