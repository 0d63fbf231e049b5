#include "query/query.h"

#include <string.h>

#include "query/proof.h"

/* ---- what a filter does with calls of a kind ---- */

struct asking {
	const struct query *query;
	uint32_t action;
	struct space space;
	struct query_answer answer;
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

/* Walks through the regions. 0, -ENOMEM, or another error where there is no answer; the diag says why. */
static int find_answer(struct space *space, const struct filter *filter, const struct region *within,
                       space_visitor visitor, void *closure, struct diag *diag)
{
	struct arena_room room;
	int result = space_init(space, &room, &filter, 1, 0, 0);

	if (result == 0)
		result = space_walk(space, within, visitor, closure);
	space_finish(space);
	if (result == -ENOMEM)
		return diag_fail(diag, -ENOMEM, "out of memory for an answer");
	if (result < 0)
		proof_describe_failure("no answer", &space->failure, &filter, diag);
	return result;
}

int query_calls(const struct filter *filter, const struct query *query, uint32_t action, struct diag *diag,
                struct query_answer *ret_answer)
{
	struct asking a = {.query = query, .action = action};

	assert(region_is_one_call(&query->region));
	*ret_answer = (struct query_answer){.outcome = PROVE_REFUSED};
	if (!proof_is_acceptable(filter, diag))
		return 0;
	int result = find_answer(&a.space, filter, &query->region, ask_region, &a, diag);
	if (result == -ENOMEM)
		return result;
	if (result < 0)
		a.answer = (struct query_answer){.outcome = PROVE_UNPROVED};
	a.answer.witness.expected = action;
	a.answer.witness.actual = filter_verdict(filter, &a.answer.witness.call);
	*ret_answer = a.answer;
	return 0;
}

/* ---- which verdicts are possible ---- */

struct finding {
	const struct filter *filter;
	struct space space;
	struct query_ranges_result result;
	bool unconfirmed;
};

static void add_verdict(struct query_ranges_row *row, uint32_t verdict)
{
	size_t at = row->count++;

	for (; at > 0 && row->verdicts[at - 1] > verdict; at--)
		row->verdicts[at] = row->verdicts[at - 1];
	row->verdicts[at] = verdict;
}

/* One verdict after the other, each from a call that gets it, until no call in the region is left. */
static void find_verdicts(struct finding *f, const struct region *region, const node *verdicts,
                          struct query_ranges_row *row)
{
	struct diagram *d = &f->space.diagram;
	node left = space_calls(d, region);

	while (!d->failed && !node_same(left, d->zero) && row->count < QUERY_VERDICTS) {
		struct seccomp_data call = witness_of(d, region, left);
		uint32_t verdict = filter_verdict(f->filter, &call);
		node same = diagram_where(d, verdicts[0], verdict);
		if (!d->failed && witness_leaf(d, same, &call) != 1) {
			f->unconfirmed = true;
			return;
		}
		add_verdict(row, verdict);
		left = diagram_and(d, left, diagram_not(d, same));
	}
	row->complete = node_same(left, d->zero);
}

static bool same_row(const struct query_ranges_row *a, const struct query_ranges_row *b)
{
	return a->ever_allowed == b->ever_allowed && a->ever_denied == b->ever_denied &&
	       a->complete == b->complete && a->count == b->count &&
	       memcmp(a->verdicts, b->verdicts, a->count * sizeof(a->verdicts[0])) == 0;
}

static bool add_row(struct finding *f, const struct query_ranges_row *row)
{
	size_t count = f->result.rows.count;
	struct query_ranges_row *last = count ? &f->result.rows.items[count - 1] : NULL;

	assert(last ? last->last + 1 == row->first : row->first == 0);
	if (last && same_row(last, row))
		last->last = row->last;
	else
		return vec_push(&f->result.rows, *row);
	return true;
}

static int find_region(void *closure, const struct region *region, const node *verdicts)
{
	struct finding *f = closure;
	struct diagram *d = &f->space.diagram;
	struct query_ranges_row row = {.first = region->nr_first, .last = region->nr_last};
	node calls = space_calls(d, region), allowed = diagram_allows(d, verdicts[0]);

	row.ever_allowed = !node_same(diagram_and(d, calls, allowed), d->zero);
	row.ever_denied = !node_same(diagram_and(d, calls, diagram_not(d, allowed)), d->zero);
	find_verdicts(f, region, verdicts, &row);
	return d->failed || add_row(f, &row) ? 0 : -ENOMEM;
}

int query_ranges(const struct filter *filter, uint32_t audit, struct diag *diag,
                 struct query_ranges_result *ret_result)
{
	struct finding f = {.filter = filter};
	struct region within = {audit, audit, 0, INPUT_WORD_MAX};

	*ret_result = (struct query_ranges_result){.outcome = PROVE_REFUSED};
	if (!proof_is_acceptable(filter, diag))
		return 0;
	int result = find_answer(&f.space, filter, &within, find_region, &f, diag);
	if (f.unconfirmed)
		diag_set(diag, "no answer: simulation does not confirm a witness (a defect of this library)");
	if (result < 0 || f.unconfirmed)
		vec_finish(&f.result.rows);
	else
		f.result.outcome = PROVE_EQUAL;
	if (result != -ENOMEM)
		*ret_result = f.result;
	return result == -ENOMEM ? result : 0;
}
