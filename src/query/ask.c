#include "query/ask.h"

#include "query/proof.h"

struct asking {
	const struct query *query;
	uint32_t action;
	struct space space;
	struct ask_answer answer;
};

static int ask_region(void *closure, const struct region *region, const node *verdicts)
{
	struct asking *a = closure;
	struct diagram *d = &a->space.diagram;
	node calls = query_node(d, a->query), allows = diagram_allows(d, verdicts[0]);
	node other = diagram_and(d, calls, diagram_not(d, diagram_where(d, verdicts[0], a->action)));
	node allowed = diagram_and(d, calls, allows), denied = diagram_and(d, calls, diagram_not(d, allows));

	if (d->failed)
		return 0;
	a->answer.ever_allows = !node_same(allowed, d->zero);
	a->answer.ever_denies = !node_same(denied, d->zero);
	a->answer.outcome = node_same(other, d->zero) ? PROVE_EQUAL : PROVE_DIFFERENT;
	if (a->answer.outcome == PROVE_DIFFERENT) {
		a->answer.witness.call = witness_of(d, region, other);
		a->answer.witness.depends = witness_depends(d, other, &a->answer.witness.call);
	}
	return 0;
}

int ask_calls(const struct filter *filter, const struct query *query, uint32_t action, struct diag *diag,
              struct ask_answer *ret_answer)
{
	struct asking a = {.query = query, .action = action};

	if (!proof_is_acceptable(filter, diag)) {
		*ret_answer = (struct ask_answer){.outcome = PROVE_REFUSED};
		return 0;
	}
	struct arena_room room;
	int result = space_init(&a.space, &room, &filter, 1, 0, 0);
	assert(region_is_one_call(&query->region));
	if (result == 0)
		result = space_walk(&a.space, &query->region, ask_region, &a);
	space_finish(&a.space);
	if (result == -ENOMEM)
		return diag_fail(diag, -ENOMEM, "out of memory for an answer");
	if (result < 0) {
		proof_describe_failure("no answer", &a.space.failure, &filter, diag);
		a.answer = (struct ask_answer){.outcome = PROVE_UNPROVED};
	}
	a.answer.witness.expected = action;
	a.answer.witness.actual = filter_verdict(filter, &a.answer.witness.call);
	*ret_answer = a.answer;
	return 0;
}
