#include "query/ranges.h"

#include <string.h>

#include "query/proof.h"

struct finding {
	const struct filter *filter;
	struct space space;
	struct ranges_result result;
	bool unconfirmed;
	int error;
};

static int by_value(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static void add_verdict(struct ranges_row *row, uint32_t verdict)
{
	size_t at = row->count++;

	for (; at > 0 && by_value(row->verdicts[at - 1], verdict) > 0; at--)
		row->verdicts[at] = row->verdicts[at - 1];
	row->verdicts[at] = verdict;
}

/* One verdict after the other, each from a call that gets it, until no call in the region is left. */
static void find_verdicts(struct finding *f, const struct region *region, const node *verdicts,
                          struct ranges_row *row)
{
	struct diagram *d = &f->space.diagram;
	node left = space_calls(d, region);

	while (!d->failed && !node_same(left, d->zero) && row->count < RANGES_VERDICTS) {
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

static bool same_row(const struct ranges_row *a, const struct ranges_row *b)
{
	return a->ever_allowed == b->ever_allowed && a->ever_denied == b->ever_denied &&
	       a->complete == b->complete && a->count == b->count &&
	       memcmp(a->verdicts, b->verdicts, a->count * sizeof(a->verdicts[0])) == 0;
}

static void add_row(struct finding *f, const struct ranges_row *row)
{
	size_t count = f->result.rows.count;
	struct ranges_row *last = count ? &f->result.rows.items[count - 1] : NULL;

	assert(last ? last->last + 1 == row->first : row->first == 0);
	if (last && same_row(last, row))
		last->last = row->last;
	else if (!vec_push(&f->result.rows, *row))
		f->error = -ENOMEM;
}

static int find_region(void *closure, const struct region *region, const node *verdicts)
{
	struct finding *f = closure;
	struct diagram *d = &f->space.diagram;
	struct ranges_row row = {.first = region->nr_first, .last = region->nr_last};
	node calls = space_calls(d, region), allowed = diagram_allows(d, verdicts[0]);

	row.ever_allowed = !node_same(diagram_and(d, calls, allowed), d->zero);
	row.ever_denied = !node_same(diagram_and(d, calls, diagram_not(d, allowed)), d->zero);
	find_verdicts(f, region, verdicts, &row);
	if (!d->failed)
		add_row(f, &row);
	return f->error;
}

static int conclude(struct finding *f, int walked, struct diag *diag)
{
	if (walked == -ENOMEM || f->error) {
		vec_finish(&f->result.rows);
		return diag_fail(diag, -ENOMEM, "out of memory for an answer");
	}
	if (walked == 0 && !f->unconfirmed) {
		f->result.outcome = PROVE_EQUAL;
		return 0;
	}
	vec_finish(&f->result.rows);
	if (f->unconfirmed)
		diag_set(diag, "no answer: simulation does not confirm a witness (a defect of this library)");
	else
		proof_describe_failure("no answer", &f->space.failure, &f->filter, diag);
	return 0;
}

int ranges_find(const struct filter *filter, uint32_t audit, struct diag *diag,
                struct ranges_result *ret_result)
{
	struct finding f = {.filter = filter};
	struct region within = {audit, audit, 0, INPUT_WORD_MAX};

	if (!proof_is_acceptable(filter, diag)) {
		*ret_result = (struct ranges_result){.outcome = PROVE_REFUSED};
		return 0;
	}
	struct arena_room room;
	int result = space_init(&f.space, &room, &filter, 1, 0, 0);
	if (result == 0)
		result = space_walk(&f.space, &within, find_region, &f);
	space_finish(&f.space);
	result = conclude(&f, result, diag);
	if (result == 0)
		*ret_result = f.result;
	return result;
}
