#include "query/query.h"

#include <string.h>

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
	a.answer.witness.actual = witness_verdict(filter, &a.answer.witness.call);
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
		uint32_t verdict = witness_verdict(f->filter, &call);
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
	return a->ever_allowed == b->ever_allowed && a->ever_denied == b->ever_denied && a->complete == b->complete &&
	       a->count == b->count && memcmp(a->verdicts, b->verdicts, a->count * sizeof(a->verdicts[0])) == 0;
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

int query_ranges(const struct filter *filter, uint32_t audit, struct diag *diag, struct query_ranges_result *ret_result)
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

/* ---- when a filter does what ---- */

enum { PATH_MAX_CONDITIONS = INPUT_WIDE_FIELDS * INPUT_WIDE_BITS };

struct listing {
	const struct filter *filter;
	const struct query *query;
	size_t max;
	struct arena *arena;
	struct space space;
	struct query_cases result;
	bool unconfirmed, no_memory;
	size_t depth;
	struct policy_condition path[PATH_MAX_CONDITIONS]; /* the first `depth` of them */
};

/* Ways out of a node, as bits. */
enum { WAY_LESS = 1, WAY_EQUAL = 2, WAY_GREATER = 4 };

/* The comparison that some ways out of a node are. What leaves one number, or all but one, is said so. */
static struct policy_condition condition_of(const struct diagram_node *at, unsigned int ways)
{
	static const enum policy_op ops[] = {
	    [WAY_LESS] = POLICY_LT,
	    [WAY_EQUAL] = POLICY_EQ,
	    [WAY_GREATER] = POLICY_GT,
	    [WAY_LESS | WAY_EQUAL] = POLICY_LE,
	    [WAY_GREATER | WAY_EQUAL] = POLICY_GE,
	    [WAY_LESS | WAY_GREATER] = POLICY_NE,
	};
	struct policy_condition condition = {(uint8_t)at->field, (uint8_t)ops[ways], at->mask, at->pattern};
	uint64_t lowest = at->mask & -at->mask;

	if (ways == WAY_LESS && at->pattern == lowest) {
		condition.op = POLICY_EQ;
		condition.value = 0;
	} else if (ways == WAY_GREATER && at->pattern == (at->mask & ~lowest)) {
		condition.op = POLICY_EQ;
		condition.value = at->mask;
	} else if (ways == WAY_GREATER && at->pattern == 0) {
		condition.op = POLICY_NE;
	}
	return condition;
}

/* Numbers from the first to the last one. */
struct span {
	uint64_t first, last;
};

/* What is known of an argument: of all of it, and of its lower half. */
struct known {
	struct span whole, low;
};

/*
 * Takes a condition into a span of numbers within `domain`, if both together are a span. Else false, and a condition
 * about a block of numbers in which the span lies anyway has become one about the numbers.
 */
static bool narrow(struct span *span, struct policy_condition *c, uint64_t domain)
{
	unsigned int lowest = (unsigned int)__builtin_ctzll(c->mask),
	             bits = 64 - (unsigned int)__builtin_clzll(c->mask);
	uint64_t run = c->mask >> lowest, above = bits < 64 ? ~UINT64_C(0) << bits : 0;

	if ((c->mask & ~domain) || (run & (run + 1)) || (span->first & above) != (span->last & above))
		return false;
	uint64_t first = (span->first & above) + c->value, last = first + ((UINT64_C(1) << lowest) - 1);
	if (c->op == POLICY_EQ || c->op == POLICY_GE)
		span->first = first > span->first ? first : span->first;
	if (c->op == POLICY_EQ || c->op == POLICY_LE)
		span->last = last < span->last ? last : span->last;
	if (c->op == POLICY_LT || (c->op == POLICY_NE && last >= span->last && first > span->first))
		span->last = first - 1 < span->last ? first - 1 : span->last;
	else if (c->op == POLICY_GT || (c->op == POLICY_NE && first <= span->first && last < span->last))
		span->first = last + 1 > span->first ? last + 1 : span->first;
	else if (c->op == POLICY_NE) {
		if (first == last)
			*c = (struct policy_condition){c->arg, POLICY_NE, domain, first};
		return false;
	}
	return true;
}

static bool narrow_either(struct known *known, struct policy_condition *c)
{
	return narrow(&known->whole, c, UINT64_MAX) || narrow(&known->low, c, UINT32_MAX);
}

/* What says that a number is in a span, if it is known to be in another. */
static void add_span(struct query_case *one, struct policy_condition *to, uint8_t arg, uint64_t domain,
                     struct span span, struct span before)
{
	if (span.first == span.last && before.first != before.last) {
		to[one->condition_count++] = (struct policy_condition){arg, POLICY_EQ, domain, span.first};
	} else if (span.first == 1 && before.first == 0 && span.last == before.last) {
		to[one->condition_count++] = (struct policy_condition){arg, POLICY_NE, domain, 0};
	} else {
		if (span.first != before.first)
			to[one->condition_count++] = (struct policy_condition){arg, POLICY_GE, domain, span.first};
		if (span.last != before.last)
			to[one->condition_count++] = (struct policy_condition){arg, POLICY_LE, domain, span.last};
	}
}

/* The path as conditions that a person would write: bits that are tested one after the other are numbers. */
static void add_conditions(const struct listing *l, struct query_case *one, struct policy_condition *to)
{
	for (uint8_t arg = 0; arg < INPUT_WIDE_FIELDS; arg++) {
		struct known known = {{0, UINT64_MAX}, {0, UINT32_MAX}};
		for (size_t i = 0; i < l->query->condition_count; i++) {
			struct policy_condition asked = l->query->conditions[i];
			if (asked.op == POLICY_MASKED_EQ)
				asked.op = POLICY_EQ;
			if (asked.arg == arg && asked.mask)
				(void)narrow_either(&known, &asked);
		}
		struct known before = known;
		for (size_t i = 0; i < l->depth; i++) {
			struct policy_condition condition = l->path[i];
			if (condition.arg == arg && !narrow_either(&known, &condition))
				to[one->condition_count++] = condition;
		}
		add_span(one, to, arg, UINT64_MAX, known.whole, before.whole);
		add_span(one, to, arg, UINT32_MAX, known.low, before.low);
	}
}

static void add_case(struct listing *l, const struct region *region, uint32_t verdict, node calls)
{
	struct query_case one = {.verdict = verdict};
	size_t most = l->depth + 4 * INPUT_WIDE_FIELDS; /* a span is two conditions at most */

	if (l->result.list.count >= l->max) {
		l->result.complete = false;
		return;
	}
	one.example = witness_of(&l->space.diagram, region, calls);
	l->unconfirmed = l->unconfirmed || witness_verdict(l->filter, &one.example) != verdict;
	struct policy_condition *conditions = ARENA_ARRAY(l->arena, struct policy_condition, most);
	if (conditions)
		add_conditions(l, &one, conditions);
	one.conditions = conditions;
	if (!conditions || !vec_push_in(&l->result.list, l->arena, one))
		l->no_memory = true;
}

/* The calls that go these ways. */
static node calls_that_go(struct diagram *d, const struct diagram_node *at, unsigned int ways, node calls)
{
	struct diagram_bits bits = {(enum input_field)at->field, at->mask, at->pattern};
	node way[3];

	for (int i = 0; i < 3; i++)
		way[i] = ways >> i & 1 ? d->one : d->zero;
	return diagram_and(d, calls, diagram_split(d, bits, way[1], way[0], way[2]));
}

/* Every way from the node that some of the calls go, to each leaf. What all of them satisfy is no condition. */
static void list_paths(struct listing *l, const struct region *region, node from, node calls)
{
	struct diagram *d = &l->space.diagram;
	const struct diagram_node at = *diagram_at(d, from);
	const uint32_t next[3] = {at.less, at.equal, at.greater};
	unsigned int possible = WAY_EQUAL | (at.pattern ? WAY_LESS : 0u) | (at.pattern != at.mask ? WAY_GREATER : 0u);

	if (d->failed || l->no_memory || !l->result.complete)
		return;
	if (at.level == LEVEL_LEAF) {
		add_case(l, region, (uint32_t)at.pattern, calls);
		return;
	}
	for (int i = 0; i < 3; i++) {
		unsigned int ways = 0;
		for (int j = i; j < 3; j++)
			ways |= possible >> j & 1 && next[j] == next[i] ? 1u << j : 0;
		if (!(possible >> i & 1))
			continue;
		possible &= ~ways;
		node rest = calls_that_go(d, &at, ways, calls);
		if (d->failed || node_same(rest, d->zero))
			continue;
		bool is_condition = !node_same(rest, calls);
		assert(l->depth < PATH_MAX_CONDITIONS);
		l->path[l->depth] = condition_of(&at, ways);
		l->depth += is_condition;
		list_paths(l, region, (node){next[i]}, rest);
		l->depth -= is_condition;
	}
}

static int list_region(void *closure, const struct region *region, const node *verdicts)
{
	struct listing *l = closure;
	struct diagram *d = &l->space.diagram;
	node calls = diagram_and(d, space_calls(d, region), query_node(d, l->query));

	l->result = (struct query_cases){.complete = true};
	l->depth = 0;
	if (!d->failed && !node_same(calls, d->zero))
		list_paths(l, region, verdicts[0], calls);
	return l->no_memory ? -ENOMEM : 0;
}

int query_cases(const struct filter *filter, const struct query *query, size_t max, struct arena *arena,
                struct diag *diag, struct query_cases *ret_result)
{
	struct listing l = {.filter = filter, .query = query, .max = max, .arena = arena};

	assert(region_is_one_call(&query->region));
	*ret_result = (struct query_cases){.outcome = PROVE_REFUSED};
	if (!proof_is_acceptable(filter, diag))
		return 0;
	int result = find_answer(&l.space, filter, &query->region, list_region, &l, diag);
	if (result == -ENOMEM)
		return result;
	if (l.unconfirmed)
		diag_set(diag, "no answer: simulation does not confirm a witness (a defect of this library)");
	l.result.outcome = result < 0 || l.unconfirmed ? PROVE_UNPROVED : PROVE_EQUAL;
	*ret_result = l.result;
	return 0;
}
