#include "prove/prove.h"

#include "base/strbuf.h"
#include "bpf/accept.h"
#include "prove/describe.h"
#include "prove/sample.h"
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
static bool confirm(struct question *q, struct diag *diag)
{
	if (q->result.witness.expected != q->result.witness.actual)
		return true;
	diag_set(diag,
	         "no proof: the prover's witness was not confirmed by simulation (a defect of this library)");
	q->result.outcome = PROVE_UNPROVED;
	return false;
}

static void describe_difference(const struct question *q, struct diag *diag)
{
	bool rules = q->subjects[0]->policy != NULL;
	struct strbuf text = {0};

	describe_call(&q->result.witness.call, q->result.witness.depends, &text);
	strbuf_append(&text, rules ? ": the rules say " : ": one gives ");
	describe_action(q->result.witness.expected, &text);
	strbuf_append(&text, rules ? ", the program gives " : ", the other ");
	describe_action(q->result.witness.actual, &text);
	diag_set(diag, "%s", text.text && !text.failed ? text.text : "the filters differ");
	strbuf_finish(&text);
}

/* The diagrams gave up, but a difference is a difference however it was found. */
static bool sample(struct question *q)
{
	struct prove_witness *witness = &q->result.witness;

	if (!sample_difference(q->subjects[0], q->subjects[1], &witness->call))
		return false;
	witness->expected = side_verdict(q->subjects[0], &witness->call);
	witness->actual = side_verdict(q->subjects[1], &witness->call);
	witness->depends = (1u << INPUT_WIDE_FIELDS) - 1;
	q->result.outcome = PROVE_DIFFERENT;
	return true;
}

static int conclude(struct question *q, int walked, struct diag *diag)
{
	switch (walked) {
	case 0:
		q->result.outcome = PROVE_EQUAL;
		return 0;
	case FOUND:
		if (confirm(q, diag))
			describe_difference(q, diag);
		return 0;
	case -EDQUOT:
		if (sample(q)) {
			describe_difference(q, diag);
			return 0;
		}
		diag_set(diag,
		         "no proof within the budget (%zu nodes, %zu steps): too many rules that "
		         "overlap on several arguments",
		         q->result.nodes, q->result.work);
		return 0;
	case -EOPNOTSUPP:
		q->result.outcome = PROVE_UNSUPPORTED;
		diag_set(diag, "the program has an instruction that the prover does not model");
		return 0;
	default:
		return diag_fail(diag, walked, "out of memory for a proof");
	}
}

bool prove_acceptable(const struct prove_subject *subject, struct diag *diag)
{
	if (!subject->policy && subject->program_count == 0)
		return diag_fail(diag, false, "there is no program");
	for (size_t i = 0; !subject->policy && i < subject->program_count; i++)
		if (bpf_accept(subject->programs[i], diag) < 0)
			return false;
	return true;
}

int prove_equal(const struct prove_subject *a, const struct prove_subject *b,
                const struct prove_budget *budget, struct diag *diag, struct prove_result *ret_result)
{
	struct question q = {.subjects = {a, b}};
	struct prove_budget limits = budget ? *budget : (struct prove_budget){0};

	if (!prove_acceptable(a, diag) || !prove_acceptable(b, diag)) {
		*ret_result = (struct prove_result){.outcome = PROVE_REFUSED};
		return 0;
	}
	struct space space;
	struct arena_room room;
	int result = space_init(&space, &room, q.subjects, 2, limits.nodes, limits.work);
	if (result == 0)
		result = space_walk(&space, &CELL_EVERYTHING, compare_cell, &q);
	q.result.nodes = space.diagram.peak;
	q.result.work = space.diagram.work;
	space_finish(&space);
	result = conclude(&q, result, diag);
	if (result == 0)
		*ret_result = q.result;
	return result;
}

int prove_policy(const struct policy *policy, struct callgate_program *const *programs, size_t count,
                 const struct prove_budget *budget, struct diag *diag, struct prove_result *ret_result)
{
	struct prove_subject rules = {.policy = policy};
	struct prove_subject made = {.programs = (const struct callgate_program *const *)programs,
	                             .program_count = count};

	return prove_equal(&rules, &made, budget, diag, ret_result);
}
