#include <callgate/prove.h>

#include <errno.h>
#include <stdlib.h>

#include "api/subject.h"
#include "api/context.h"
#include "query/ask.h"
#include "query/describe.h"
#include "query/differences.h"

int callgate_proof_set(scmp_filter_ctx ctx, enum callgate_proof proof)
{
	struct context *context = context_check_magic(ctx);

	if (!context)
		return -EINVAL;
	if ((int)proof < CALLGATE_PROOF_REQUIRED || (int)proof > CALLGATE_PROOF_OFF_FOR_TIMING)
		return diag_fail(&context->diag, -EINVAL, "%d is no CALLGATE_PROOF_* value", (int)proof);
	context_invalidate(context);
	context->proof = proof;
	return 0;
}

static struct callgate_call public_call(const struct seccomp_data *data)
{
	struct callgate_call call = {
	    .arch = data->arch, .nr = data->nr, .instruction_pointer = data->instruction_pointer};

	for (int i = 0; i < 6; i++)
		call.args[i] = data->args[i];
	return call;
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

static char *difference_text(const struct difference *difference)
{
	const struct prove_witness *witness = &difference->witness;
	struct strbuf text = {0};

	describe_call(&witness->call, witness->depends, &text);
	if (difference->nr_last != difference->nr_first) {
		strbuf_append(&text, " (and all up to ");
		describe_number_of_call(witness->call.arch, difference->nr_last, &text);
		if (difference->nr_mask)
			strbuf_printf(&text, " whose number & 0x%x is 0x%x", difference->nr_mask,
			              difference->nr_value);
		strbuf_append(&text, ")");
	}
	describe_verdict(": A", witness->expected, &text);
	describe_verdict(", B", witness->actual, &text);
	return strbuf_steal(&text);
}

static int publish(const struct differences *result, struct callgate_comparison **ret_comparison)
{
	struct callgate_comparison *comparison = calloc(1, sizeof(*comparison));

	if (comparison)
		comparison->differences = calloc(result->list.count + 1, sizeof(*comparison->differences));
	if (!comparison || !comparison->differences) {
		callgate_comparison_free(comparison);
		return -ENOMEM;
	}
	comparison->relation = relation_of(result);
	comparison->complete = result->complete;
	for (size_t i = 0; i < result->list.count; i++) {
		const struct difference *from = &result->list.items[i];
		struct callgate_difference *to = &comparison->differences[i];
		*to = (struct callgate_difference){
		    from->nr_first,        from->nr_last,          public_call(&from->witness.call),
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

int callgate_compare(const struct callgate_side *first, const struct callgate_side *second, size_t max,
                     struct callgate_comparison **ret_comparison)
{
	struct arena arena = {0};
	struct filter a, b;
	struct differences found = {0};

	diag_clear(diag_thread());
	if (!ret_comparison)
		return diag_fail(diag_thread(), -EINVAL, "the place for the comparison must not be NULL");
	int result = subject_of(first, &arena, &a);
	if (result == 0)
		result = subject_of(second, &arena, &b);
	if (result == 0)
		result = differences_find(&a, &b, max, diag_thread(), &found);
	if (result == 0)
		result = publish(&found, ret_comparison);
	vec_finish(&found.list);
	arena_finish(&arena);
	return result;
}

void callgate_comparison_free(struct callgate_comparison *comparison)
{
	if (!comparison)
		return;
	for (size_t i = 0; i < comparison->count; i++)
		free(comparison->differences[i].text);
	free(comparison->differences);
	free(comparison);
}

static int ask(const struct filter *filter, const struct query *query, uint32_t action,
               struct callgate_answer *ret_answer)
{
	struct ask_answer answer;
	int result = ask_calls(filter, query, action, diag_thread(), &answer);

	if (result < 0)
		return result;
	if (answer.outcome == PROVE_REFUSED)
		return -EINVAL;
	*ret_answer = (struct callgate_answer){
	    .proved = answer.outcome == PROVE_EQUAL || answer.outcome == PROVE_DIFFERENT,
	    .holds = answer.outcome == PROVE_EQUAL,
	    .ever_allowed = answer.ever_allows,
	    .ever_denied = answer.ever_denies,
	    .witness = public_call(&answer.witness.call),
	    .action = answer.witness.actual,
	};
	return 0;
}

int callgate_ask(const struct callgate_side *side, uint32_t arch, int32_t nr, size_t count,
                 const struct scmp_arg_cmp *comparisons, uint32_t action, struct callgate_answer *ret_answer)
{
	const struct arch *target = arch_by_token(arch);
	struct arena arena = {0};
	struct filter filter;

	diag_clear(diag_thread());
	if (!target || !ret_answer || (count && !comparisons))
		return diag_fail(diag_thread(), -EINVAL, "NULL, or an unknown architecture");
	struct policy_condition *conditions = ARENA_ARRAY(&arena, struct policy_condition, count);
	int result = conditions ? subject_conditions(comparisons, count, conditions)
	                        : diag_fail(diag_thread(), -ENOMEM, "out of memory for a question");
	if (result == 0)
		result = subject_of(side, &arena, &filter);
	if (result == 0) {
		struct query query = {
		    {target->audit, target->audit, (uint32_t)nr, (uint32_t)nr}, count, conditions};
		result = ask(&filter, &query, action, ret_answer);
	}
	arena_finish(&arena);
	return result;
}
