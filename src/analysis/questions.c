#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/prove.h>

#include "api/context.h"
#include "analysis/simulator.h"
#include "query/differences.h"
#include "query/proof.h"
#include "query/query.h"

/* A side as the prover sees it; a context's rules are frozen in the arena. 0, -EINVAL, -ENOMEM. */
static int filter_of(const struct callgate_filter *side, struct arena *arena, struct filter *ret_filter)
{
	struct filter filter = {.programs = side ? side->programs : NULL};

	if (!side || (!side->ctx && (!side->programs || side->program_count == 0)))
		return diag_fail(diag_thread(), -EINVAL, "a side needs a context or at least one program");
	for (size_t i = 0; !side->ctx && i < side->program_count; i++)
		if (!side->programs[i])
			return diag_fail(diag_thread(), -EINVAL, "program %zu of a side is NULL", i);
	filter.program_count = side->ctx ? 0 : side->program_count;
	if (side->ctx) {
		struct context *context = context_check(side->ctx);
		if (!context)
			return diag_fail(diag_thread(), -EINVAL, "a side's context is released or has no architecture");
		filter.policy = context_policy(context, false, arena);
		if (!filter.policy)
			return diag_fail(diag_thread(), -ENOMEM, "out of memory for the rules");
	}
	*ret_filter = filter;
	return 0;
}

static enum callgate_relation relation_of(const struct differences *result)
{
	switch (result->outcome) {
	case PROVE_EQUAL:
		return CALLGATE_RELATION_EQUAL;
	case PROVE_REFUSED:
		return CALLGATE_RELATION_REFUSED;
	case PROVE_DIFFERENT:
		break;
	default:
		return CALLGATE_RELATION_UNKNOWN;
	}
	if (result->first_more && result->second_more)
		return CALLGATE_RELATION_NEITHER;
	if (!result->decided)
		return CALLGATE_RELATION_DIFFERENT;
	return result->first_more    ? CALLGATE_RELATION_SUPERSET
	       : result->second_more ? CALLGATE_RELATION_SUBSET
	                             : CALLGATE_RELATION_SAME_ALLOWED;
}

static void describe_verdict(const char *who, uint32_t action, struct strbuf *out)
{
	strbuf_append(out, who);
	if (action == SECCOMP_RET_ALLOW) {
		strbuf_append(out, " allows");
		return;
	}
	strbuf_append(out, " gives ");
	describe_action(action, out);
}

/* What runs out of memory below a question may say nothing about it. */
static int answered(int result)
{
	if (result == -ENOMEM && !*diag_thread()->text)
		diag_set(diag_thread(), "out of memory for an answer");
	return result;
}

static char *difference_text(const struct difference *difference)
{
	const struct prove_witness *witness = &difference->witness;
	struct strbuf text = {0};

	describe_call(&witness->call, witness->depends, &text);
	if (difference->nr_last != difference->nr_first) {
		strbuf_append(&text, " (and all up to ");
		describe_number_of_call(witness->call.arch, difference->nr_last, &text);
		if (difference->nr_mask)
			strbuf_printf(&text, " whose number & 0x%x is 0x%x", difference->nr_mask, difference->nr_value);
		strbuf_append(&text, ")");
	}
	describe_verdict(": A", witness->expected, &text);
	describe_verdict(", B", witness->actual, &text);
	return strbuf_steal(&text);
}

/* One block, and a text for each difference. */
static int publish_comparison(const struct differences *result, struct callgate_comparison **ret_comparison)
{
	struct callgate_comparison *comparison =
	    calloc(1, sizeof(*comparison) + result->list.count * sizeof(*comparison->differences));

	if (!comparison)
		return -ENOMEM;
	comparison->differences = (struct callgate_difference *)(comparison + 1); /* aligned for either */
	comparison->relation = relation_of(result);
	comparison->complete = result->complete;
	for (size_t i = 0; i < result->list.count; i++) {
		const struct difference *from = &result->list.items[i];
		struct callgate_difference *to = &comparison->differences[i];
		*to = (struct callgate_difference){
		    from->nr_first,        from->nr_last,          simulator_call_of(&from->witness.call),
		    from->witness.depends, from->witness.expected, from->witness.actual,
		    difference_text(from), from->nr_mask,          from->nr_value};
		comparison->count++;
		if (!to->text) {
			callgate_comparison_free(comparison);
			return -ENOMEM;
		}
	}
	*ret_comparison = comparison;
	return 0;
}

int callgate_compare(const struct callgate_filter *first, const struct callgate_filter *second, size_t max,
                     struct callgate_comparison **ret_comparison)
{
	struct arena arena = {0};
	struct filter a, b;
	struct differences found = {0};

	diag_clear(diag_thread());
	if (!ret_comparison)
		return diag_fail(diag_thread(), -EINVAL, "the place for the comparison must not be NULL");
	int result = filter_of(first, &arena, &a);
	if (result == 0)
		result = filter_of(second, &arena, &b);
	if (result == 0)
		result = differences_find(&a, &b, max, diag_thread(), &found);
	if (result == 0)
		result = publish_comparison(&found, ret_comparison);
	vec_finish(&found.list);
	arena_finish(&arena);
	return answered(result);
}

void callgate_comparison_free(struct callgate_comparison *comparison)
{
	if (!comparison)
		return;
	for (size_t i = 0; i < comparison->count; i++)
		free(comparison->differences[i].text);
	free(comparison);
}

/* A question about calls of one number. All is in the arena. 0 or -errno, after a diagnosis. */
static int call_question(const struct callgate_filter *side, uint32_t arch, int32_t nr, size_t count,
                         const struct scmp_arg_cmp *comparisons, struct arena *arena, struct filter *ret_filter,
                         struct query *ret_query)
{
	const struct callgate_arch *target = callgate_arch_find(arch);

	if (!target || (count && !comparisons))
		return diag_fail(diag_thread(), -EINVAL, "NULL, or an unknown architecture");
	struct policy_condition *conditions = ARENA_ARRAY(arena, struct policy_condition, count);
	int result = conditions ? conditions_read(comparisons, count, UINT64_MAX, conditions, diag_thread())
	                        : diag_fail(diag_thread(), -ENOMEM, "out of memory for a question");
	*ret_query = (struct query){{target->audit, target->audit, (uint32_t)nr, (uint32_t)nr}, count, conditions};
	return result < 0 ? result : filter_of(side, arena, ret_filter);
}

int callgate_ask(const struct callgate_filter *side, uint32_t arch, int32_t nr, size_t count,
                 const struct scmp_arg_cmp *comparisons, uint32_t action, struct callgate_answer *ret_answer)
{
	struct arena arena = {0};
	struct query_answer answer;
	struct filter filter;
	struct query query;

	diag_clear(diag_thread());
	if (!ret_answer)
		return diag_fail(diag_thread(), -EINVAL, "the place for the answer must not be NULL");
	int result = call_question(side, arch, nr, count, comparisons, &arena, &filter, &query);
	if (result == 0)
		result = query_calls(&filter, &query, action, diag_thread(), &answer);
	arena_finish(&arena);
	if (result < 0 || answer.outcome == PROVE_REFUSED)
		return result < 0 ? answered(result) : -EINVAL;
	*ret_answer = (struct callgate_answer){
	    .proved = answer.outcome == PROVE_EQUAL || answer.outcome == PROVE_DIFFERENT,
	    .holds = answer.outcome == PROVE_EQUAL,
	    .ever_allowed = answer.ever_allows,
	    .ever_denied = answer.ever_denies,
	    .witness = simulator_call_of(&answer.witness.call),
	    .action = answer.witness.actual,
	};
	return 0;
}

/* Of an answer that is a list: 0 if it was found. */
static int error_of(enum prove_outcome outcome)
{
	if (outcome == PROVE_REFUSED)
		return -EINVAL;
	return outcome == PROVE_EQUAL ? 0 : -EDQUOT;
}

/* One block: the cases, and their conditions after them. */
static int publish_cases(const struct query_cases *found, struct callgate_cases **ret_cases)
{
	size_t conditions = 0;

	for (size_t i = 0; i < found->list.count; i++)
		conditions += found->list.items[i].condition_count;
	struct callgate_cases *cases = calloc(1, sizeof(*cases) + found->list.count * sizeof(cases->cases[0]) +
	                                             conditions * sizeof(struct callgate_condition));
	if (!cases)
		return diag_fail(diag_thread(), -ENOMEM, "out of memory for an answer");
	cases->complete = found->complete;
	cases->count = found->list.count;
	cases->cases = (struct callgate_case *)(cases + 1); /* aligned for either */
	struct callgate_condition *next = (struct callgate_condition *)(cases->cases + cases->count);
	for (size_t i = 0; i < cases->count; i++) {
		const struct query_case *from = &found->list.items[i];
		cases->cases[i] = (struct callgate_case){from->verdict, from->condition_count, next,
		                                         simulator_call_of(&from->example)};
		for (size_t j = 0; j < from->condition_count; j++) {
			const struct policy_condition *c = &from->conditions[j];
			*next++ = (struct callgate_condition){c->arg, (enum scmp_compare)c->op, c->mask, c->value};
		}
	}
	*ret_cases = cases;
	return 0;
}

int callgate_cases_find(const struct callgate_filter *side, uint32_t arch, int32_t nr, size_t count,
                        const struct scmp_arg_cmp *comparisons, size_t max, struct callgate_cases **ret_cases)
{
	struct arena arena = {0};
	struct query_cases found;
	struct filter filter;
	struct query query;

	diag_clear(diag_thread());
	if (!ret_cases)
		return diag_fail(diag_thread(), -EINVAL, "the place for the cases must not be NULL");
	int result = call_question(side, arch, nr, count, comparisons, &arena, &filter, &query);
	if (result == 0)
		result = query_cases(&filter, &query, max, &arena, diag_thread(), &found);
	if (result == 0)
		result = error_of(found.outcome);
	if (result == 0)
		result = publish_cases(&found, ret_cases);
	arena_finish(&arena);
	return answered(result);
}

void callgate_cases_free(struct callgate_cases *cases)
{
	free(cases);
}

_Static_assert(CALLGATE_RANGE_ACTIONS == QUERY_VERDICTS, "the public limit is the internal one");

static int publish_numbers(const struct query_ranges_result *found, struct callgate_numbers **ret_numbers)
{
	size_t count = found->rows.count;
	struct callgate_numbers *numbers = calloc(1, sizeof(*numbers) + count * sizeof(numbers->ranges[0]));

	if (!numbers)
		return diag_fail(diag_thread(), -ENOMEM, "out of memory for an answer");
	numbers->count = count;
	numbers->ranges = (struct callgate_number_range *)(numbers + 1); /* one block, aligned for either */
	for (size_t i = 0; i < count; i++) {
		const struct query_ranges_row *from = &found->rows.items[i];
		struct callgate_number_range *to = &numbers->ranges[i];
		*to = (struct callgate_number_range){
		    from->first, from->last, from->ever_allowed, from->ever_denied, from->complete, from->count, {0}};
		memcpy(to->actions, from->verdicts, from->count * sizeof(to->actions[0]));
	}
	*ret_numbers = numbers;
	return 0;
}

int callgate_numbers_find(const struct callgate_filter *side, uint32_t arch, struct callgate_numbers **ret_numbers)
{
	const struct callgate_arch *target = callgate_arch_find(arch);
	struct arena arena = {0};
	struct query_ranges_result found = {0};
	struct filter filter;

	diag_clear(diag_thread());
	if (!target || !ret_numbers)
		return diag_fail(diag_thread(), -EINVAL, "NULL, or an unknown architecture");
	int result = filter_of(side, &arena, &filter);
	if (result == 0)
		result = query_ranges(&filter, target->audit, diag_thread(), &found);
	if (result == 0)
		result = error_of(found.outcome);
	if (result == 0)
		result = publish_numbers(&found, ret_numbers);
	vec_finish(&found.rows);
	arena_finish(&arena);
	return answered(result);
}

void callgate_numbers_free(struct callgate_numbers *numbers)
{
	free(numbers);
}
