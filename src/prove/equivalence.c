#include "prove/equivalence.h"

#include "prove/space.h"

struct question {
	const struct prove_subject *subjects[2];
	struct prove_result result;
};

/* A first difference ends the walk. */
enum { FOUND = 1 };

/* The fields that the verdicts depend on, as far as the budget allows to say it. */
static void find_fields(struct prove_witness *witness, const struct verdicts *verdicts)
{
	struct diagram *d = verdicts->diagram;
	node both = diagram_and(d, verdicts_are(verdicts, 0, witness->expected),
	                        verdicts_are(verdicts, 1, witness->actual));

	witness->depends = (1u << INPUT_WIDE_FIELDS) - 1;
	if (!d->failed)
		witness->depends = witness_depends(d, both, &witness->call);
	d->failed = 0;
}

static int compare_cell(void *closure, const struct cell *cell, const struct verdicts *verdicts)
{
	struct question *q = closure;
	struct prove_witness *witness = &q->result.witness;

	if (verdicts_same(verdicts))
		return 0;
	witness->call = verdicts_witness(verdicts, cell);
	witness->expected = side_verdict(q->subjects[0], &witness->call);
	witness->actual = side_verdict(q->subjects[1], &witness->call);
	find_fields(witness, verdicts);
	q->result.outcome = PROVE_DIFFERENT;
	return FOUND;
}

/* A witness that the simulator does not confirm would be a fault in here: then nothing is known. */
static void confirm(struct question *q)
{
	if (q->result.witness.expected != q->result.witness.actual)
		return;
	q->result.unconfirmed = true;
	q->result.outcome = PROVE_UNPROVED;
}

static int conclude(struct question *q, int walked)
{
	switch (walked) {
	case 0:
		q->result.outcome = PROVE_EQUAL;
		return 0;
	case FOUND:
		confirm(q);
		return 0;
	case -EDQUOT:
		return 0;
	case -EOPNOTSUPP:
		q->result.outcome = PROVE_UNSUPPORTED;
		return 0;
	default:
		return walked;
	}
}

int prove_equal(const struct prove_subject *a, const struct prove_subject *b,
                const struct prove_budget *budget, struct prove_result *ret_result)
{
	struct question q = {.subjects = {a, b}};
	struct prove_budget limits = budget ? *budget : (struct prove_budget){0};
	struct space space;
	struct arena_room room;
	int result = space_init(&space, &room, q.subjects, 2, limits.nodes, limits.work);

	if (result == 0)
		result = space_walk(&space, &CELL_EVERYTHING, compare_cell, &q);
	q.result.nodes = space.diagram.peak;
	q.result.work = space.diagram.work;
	space_finish(&space);
	result = conclude(&q, result);
	if (result == 0)
		*ret_result = q.result;
	return result;
}
