#include "query/ranges.h"

#include <string.h>

#include "prove/space.h"
#include "query/proof.h"

struct finding {
	const struct prove_subject *subject;
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

/* One verdict after the other, each from a call that gets it, until no call in the cell is left. */
static void find_verdicts(struct finding *f, const struct cell *cell, const struct verdicts *verdicts,
                          struct ranges_row *row)
{
	struct diagram *d = verdicts->diagram;
	node left = verdicts_calls(verdicts, cell);

	while (!d->failed && !node_same(left, d->zero) && row->count < RANGES_VERDICTS) {
		struct seccomp_data call = witness_of(d, cell, left);
		uint32_t verdict = side_verdict(f->subject, &call);
		node same = verdicts_are(verdicts, 0, verdict);
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

	if (last && same_row(last, row))
		last->last = row->last;
	else if (!vec_push(&f->result.rows, *row))
		f->error = -ENOMEM;
}

static int find_cell(void *closure, const struct cell *cell, const struct verdicts *verdicts)
{
	struct finding *f = closure;
	struct diagram *d = verdicts->diagram;
	struct ranges_row row = {.first = cell->nr_first, .last = cell->nr_last};
	node calls = verdicts_calls(verdicts, cell), allowed = verdicts_allow(verdicts, 0);

	row.ever_allowed = !node_same(diagram_and(d, calls, allowed), d->zero);
	row.ever_denied = !node_same(diagram_and(d, calls, diagram_not(d, allowed)), d->zero);
	find_verdicts(f, cell, verdicts, &row);
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
	f->result.outcome = walked == 0 && !f->unconfirmed ? PROVE_EQUAL
	                    : walked == -EOPNOTSUPP        ? PROVE_UNSUPPORTED
	                                                   : PROVE_UNPROVED;
	if (f->result.outcome != PROVE_EQUAL) {
		diag_set(diag, "no answer within the budget");
		vec_finish(&f->result.rows);
	}
	return 0;
}

int ranges_find(const struct prove_subject *subject, uint32_t audit, struct diag *diag,
                struct ranges_result *ret_result)
{
	struct finding f = {.subject = subject};
	struct cell within = {audit, audit, 0, INPUT_WORD_MAX};

	if (!proof_is_acceptable(subject, diag)) {
		*ret_result = (struct ranges_result){.outcome = PROVE_REFUSED};
		return 0;
	}
	struct arena_room room;
	int result = space_init(&f.space, &room, &subject, 1, 0, 0);
	if (result == 0)
		result = space_walk(&f.space, &within, find_cell, &f);
	space_finish(&f.space);
	result = conclude(&f, result, diag);
	if (result == 0)
		*ret_result = f.result;
	return result;
}
