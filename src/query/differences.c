#include "query/differences.h"

#include "prove/space.h"
#include "query/proof.h"

struct comparison {
	const struct prove_subject *subjects[2];
	struct space space;
	size_t max;
	struct compare_result result;
	bool unconfirmed;
	int error;
};

/* The same difference as in the cell before, of the same architecture: numbers that nothing names make one row. */
static bool extends(struct comparison *c, const struct cell *cell, const struct compare_difference *next)
{
	for (size_t i = c->result.differences.count; i-- > 0;) {
		struct compare_difference *last = &c->result.differences.items[i];
		bool next_to = last->nr_last + 1 == cell->nr_first && last->nr_last != UINT32_MAX;
		bool same = (next_to || last->nr_last == cell->nr_last) &&
		            last->witness.call.arch == next->witness.call.arch &&
		            last->witness.expected == next->witness.expected &&
		            last->witness.actual == next->witness.actual && last->witness.depends == 0 &&
		            next->witness.depends == 0 &&
		            (cell->nr_first != cell->nr_last || last->nr_first != last->nr_last);
		if (same) {
			last->nr_last = cell->nr_last;
			return true;
		}
	}
	return false;
}

/* The difference that this call shows, and all calls with the same two verdicts. */
static node report(struct comparison *c, const struct cell *cell, const struct verdicts *verdicts,
                   struct seccomp_data call)
{
	struct diagram *d = verdicts->diagram;
	struct compare_difference next = {cell->nr_first, cell->nr_last, {.call = call}};

	next.witness.expected = side_verdict(c->subjects[0], &call);
	next.witness.actual = side_verdict(c->subjects[1], &call);
	node both = diagram_and(d, verdicts_are(verdicts, 0, next.witness.expected),
	                        verdicts_are(verdicts, 1, next.witness.actual));
	if (d->failed)
		return both;
	c->unconfirmed = c->unconfirmed || next.witness.expected == next.witness.actual ||
	                 witness_leaf(d, both, &call) != 1;
	next.witness.depends = witness_depends(d, both, &call);
	if (extends(c, cell, &next))
		return both;
	if (c->result.differences.count >= c->max)
		c->result.complete = false;
	else if (!vec_push(&c->result.differences, next))
		c->error = -ENOMEM;
	return both;
}

/* One pair of verdicts after the other, until none is left or no more are wanted. */
static void report_pairs(struct comparison *c, const struct cell *cell, const struct verdicts *verdicts)
{
	struct diagram *d = verdicts->diagram;
	node left = verdicts_differ(verdicts);

	while (!d->failed && !node_same(left, d->zero) && !c->error && !c->unconfirmed) {
		struct seccomp_data call = witness_of(d, cell, left);
		bool full = c->result.differences.count >= c->max;
		node shown = report(c, cell, verdicts, call);
		if (full)
			return;
		left = diagram_and(d, left, diagram_not(d, shown));
	}
}

static int compare_cell(void *closure, const struct cell *cell, const struct verdicts *verdicts)
{
	struct comparison *c = closure;
	struct diagram *d = verdicts->diagram;
	size_t listed = c->result.differences.count;

	if (verdicts_same(verdicts))
		return 0;
	node first = verdicts_allow(verdicts, 0), second = verdicts_allow(verdicts, 1);
	node only_first = diagram_and(d, first, diagram_not(d, second));
	node only_second = diagram_and(d, second, diagram_not(d, first));
	if (d->failed)
		return 0;
	c->result.outcome = PROVE_DIFFERENT;
	c->result.first_more = c->result.first_more || !node_same(only_first, d->zero);
	c->result.second_more = c->result.second_more || !node_same(only_second, d->zero);
	report_pairs(c, cell, verdicts);
	if (d->failed) /* the cell will be tried again */
		c->result.differences.count = listed;
	return c->error;
}

static void conclude(struct comparison *c, int walked, struct diag *diag)
{
	if (walked == -EDQUOT)
		c->result.decided = c->result.complete = false;
	else if (walked == 0 && c->result.outcome == PROVE_UNPROVED)
		c->result.outcome = PROVE_EQUAL;
	if (c->unconfirmed) {
		c->result.outcome = PROVE_UNPROVED;
		diag_set(diag, "the simulator does not confirm a witness (a defect of this library)");
	} else if (walked == -EOPNOTSUPP) {
		c->result.outcome = PROVE_UNSUPPORTED;
		diag_set(diag, "a program has an instruction that the prover does not model");
	} else if (walked == -EDQUOT) {
		bool differ = c->result.outcome == PROVE_DIFFERENT;
		diag_set(
		    diag,
		    "no %sanswer within the budget: too many conditions that overlap on several arguments",
		    differ ? "complete " : "");
	}
}

int compare_subjects(const struct prove_subject *a, const struct prove_subject *b, size_t max,
                     struct diag *diag, struct compare_result *ret_result)
{
	struct comparison c = {.subjects = {a, b}, .max = max, .result = {.decided = true, .complete = true}};

	if (!proof_is_acceptable(a, diag) || !proof_is_acceptable(b, diag)) {
		*ret_result = (struct compare_result){.outcome = PROVE_REFUSED};
		return 0;
	}
	struct arena_room room;
	int result = space_init(&c.space, &room, c.subjects, 2, 0, 0);
	c.space.each_call = true;
	if (result == 0)
		result = space_walk(&c.space, &CELL_EVERYTHING, compare_cell, &c);
	space_finish(&c.space);
	if (result != -ENOMEM)
		conclude(&c, result, diag);
	if (result == -ENOMEM || c.error) {
		vec_finish(&c.result.differences);
		return diag_fail(diag, -ENOMEM, "out of memory for a comparison");
	}
	*ret_result = c.result;
	return 0;
}
