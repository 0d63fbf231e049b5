#include "query/proof.h"

#include "base/strbuf.h"
#include "bpf/accept.h"
#include "query/describe.h"

bool proof_is_acceptable(const struct prove_subject *subject, struct diag *diag)
{
	if (!subject->policy && subject->program_count == 0)
		return diag_fail(diag, false, "there is no program");
	for (size_t i = 0; !subject->policy && i < subject->program_count; i++)
		if (bpf_accept(subject->programs[i], diag) < 0)
			return false;
	return true;
}

static void describe_difference(const struct prove_witness *witness, bool rules, struct diag *diag)
{
	struct strbuf text = {0};

	describe_call(&witness->call, witness->depends, &text);
	strbuf_append(&text, rules ? ": the rules say " : ": one gives ");
	describe_action(witness->expected, &text);
	strbuf_append(&text, rules ? ", the program gives " : ", the other ");
	describe_action(witness->actual, &text);
	diag_set(diag, "%s", text.text && !text.failed ? text.text : "the filters differ");
	strbuf_finish(&text);
}

static void explain(const struct prove_result *result, bool rules, struct diag *diag)
{
	switch (result->outcome) {
	case PROVE_DIFFERENT:
		describe_difference(&result->witness, rules, diag);
		break;
	case PROVE_UNSUPPORTED:
		diag_set(diag, "the program has an instruction that the prover does not model");
		break;
	case PROVE_UNPROVED:
		if (result->unconfirmed)
			diag_set(diag, "no proof: the prover's witness was not confirmed by simulation (a "
			               "defect of this library)");
		else
			diag_set(diag,
			         "no proof within the budget (%zu nodes, %zu steps): too many rules that "
			         "overlap on several arguments",
			         result->nodes, result->work);
		break;
	default:
		break;
	}
}

int proof_equal(const struct prove_subject *a, const struct prove_subject *b,
                const struct prove_budget *budget, struct diag *diag, struct prove_result *ret_result)
{
	if (!proof_is_acceptable(a, diag) || !proof_is_acceptable(b, diag)) {
		*ret_result = (struct prove_result){.outcome = PROVE_REFUSED};
		return 0;
	}
	if (prove_equal(a, b, budget, ret_result) < 0)
		return diag_fail(diag, -ENOMEM, "out of memory for a proof");
	explain(ret_result, a->policy != NULL, diag);
	return 0;
}

int proof_policy(const struct policy *policy, struct callgate_program *const *programs, size_t count,
                 const struct prove_budget *budget, struct diag *diag, struct prove_result *ret_result)
{
	struct prove_subject rules = {.policy = policy};
	struct prove_subject made = {.programs = (const struct callgate_program *const *)programs,
	                             .program_count = count};

	return proof_equal(&rules, &made, budget, diag, ret_result);
}
