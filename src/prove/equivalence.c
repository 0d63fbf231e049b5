#include "prove/equivalence.h"

struct comparison {
	const struct filter *filters[2];
	struct diagram *diagram;
	struct prove_result result;
};

/* A first difference ends the walk. */
enum { FOUND = 1 };

/* The fields that the verdicts depend on, as far as the budget allows to say it. */
static void find_fields(struct diagram *d, struct prove_witness *witness, const node *verdicts)
{
	node both = diagram_and(d, diagram_where(d, verdicts[0], witness->expected),
	                        diagram_where(d, verdicts[1], witness->actual));

	witness->depends = (1u << INPUT_WIDE_FIELDS) - 1;
	if (!d->failed)
		witness->depends = witness_depends(d, both, &witness->call);
	d->failed = 0;
}

static int compare_region(void *closure, const struct region *region, const node *verdicts)
{
	struct comparison *c = closure;
	struct prove_witness *witness = &c->result.witness;

	if (node_same(verdicts[0], verdicts[1]))
		return 0;
	witness->call = witness_of_difference(c->diagram, region, verdicts[0], verdicts[1]);
	witness->expected = filter_verdict(c->filters[0], &witness->call);
	witness->actual = filter_verdict(c->filters[1], &witness->call);
	find_fields(c->diagram, witness, verdicts);
	return FOUND;
}

static int compare(struct comparison *c, const struct prove_budget *budget)
{
	struct space space;
	struct arena_room room;
	int result =
	    space_init(&space, &room, c->filters, 2, budget ? budget->nodes : 0, budget ? budget->work : 0);

	c->diagram = &space.diagram;
	if (result == 0)
		result = space_walk(&space, &REGION_EVERYTHING, compare_region, c);
	c->result.nodes = space.diagram.peak;
	c->result.work = space.diagram.work;
	c->result.failure = space.failure;
	space_finish(&space);
	return result;
}

int prove_equal(const struct filter *a, const struct filter *b, const struct prove_budget *budget,
                struct prove_result *ret_result)
{
	struct comparison c = {.filters = {a, b}};
	int result = filter_same(a, b) ? 0 : compare(&c, budget);

	if (result == -ENOMEM)
		return result;
	if (result == 0)
		c.result.outcome = PROVE_EQUAL;
	else if (result == FOUND && c.result.witness.expected != c.result.witness.actual)
		c.result.outcome = PROVE_DIFFERENT;
	else
		c.result.outcome = PROVE_UNPROVED;
	*ret_result = c.result;
	return 0;
}
