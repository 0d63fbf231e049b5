#include "query/ask.h"

#include "prove/space.h"
#include "query/proof.h"

struct asking {
	const struct query *query;
	uint32_t action;
	struct space space;
	struct ask_answer answer;
};

node query_node(struct diagram *d, const struct query *query)
{
	node result = d->one;

	for (size_t i = 0; i < query->condition_count; i++)
		result = rules_condition(d, &query->conditions[i], UINT64_MAX, result, d->zero);
	return result;
}

static int ask_cell(void *closure, const struct cell *cell, const struct verdicts *verdicts)
{
	struct asking *a = closure;
	struct diagram *d = verdicts->diagram;
	node calls = query_node(d, a->query), allows = verdicts_allow(verdicts, 0);
	node other = diagram_and(d, calls, diagram_not(d, verdicts_are(verdicts, 0, a->action)));
	node allowed = diagram_and(d, calls, allows), denied = diagram_and(d, calls, diagram_not(d, allows));

	if (d->failed)
		return 0;
	a->answer.ever_allows = !node_same(allowed, d->zero);
	a->answer.ever_denies = !node_same(denied, d->zero);
	a->answer.outcome = node_same(other, d->zero) ? PROVE_EQUAL : PROVE_DIFFERENT;
	if (a->answer.outcome == PROVE_DIFFERENT) {
		a->answer.witness.call = witness_of(d, cell, other);
		a->answer.witness.depends = witness_depends(d, other, &a->answer.witness.call);
	}
	return 0;
}

int ask_calls(const struct prove_subject *subject, const struct query *query, uint32_t action,
              struct diag *diag, struct ask_answer *ret_answer)
{
	struct asking a = {.query = query, .action = action};

	if (!proof_is_acceptable(subject, diag)) {
		*ret_answer = (struct ask_answer){.outcome = PROVE_REFUSED};
		return 0;
	}
	struct arena_room room;
	int result = space_init(&a.space, &room, &subject, 1, 0, 0);
	if (result == 0)
		result = space_walk(&a.space, &query->cell, ask_cell, &a);
	space_finish(&a.space);
	if (result == -ENOMEM)
		return diag_fail(diag, -ENOMEM, "out of memory for an answer");
	if (result < 0) {
		diag_set(diag, "no answer within the budget");
		a.answer = (struct ask_answer){.outcome = PROVE_UNPROVED};
	}
	a.answer.witness.expected = action;
	a.answer.witness.actual = side_verdict(subject, &a.answer.witness.call);
	*ret_answer = a.answer;
	return 0;
}
