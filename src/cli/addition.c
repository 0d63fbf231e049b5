#include "cli/addition.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/rule.h>
#include <callgate/simulate.h>

struct change {
	const char *name; /* of the profile */
	const struct environment *environment;
	struct text text;
	VEC(struct added_call) appended, pending; /* entries: what two architectures have in common is one */
};

static bool is_same_entry(const struct added_call *a, const struct added_call *b)
{
	bool same = strcmp(added_call_name(a), added_call_name(b)) == 0 && a->count == b->count;

	for (unsigned i = 0; same && i < a->count; i++) {
		const struct scmp_arg_cmp *x = &a->conditions[i], *y = &b->conditions[i];
		same = x->arg == y->arg && x->op == y->op && x->datum_a == y->datum_a &&
		       (x->op != SCMP_CMP_MASKED_EQ || x->datum_b == y->datum_b);
	}
	return same;
}

static void print_entry(struct json *json, const struct added_call *const *calls, size_t count)
{
	json_open(json, NULL, "{}");
	json_open(json, "names", "[]");
	for (size_t i = 0; i < count; i++)
		json_text(json, NULL, added_call_name(calls[i]));
	json_close(json);
	json_text(json, "action", "SCMP_ACT_ALLOW");
	if (calls[0]->count > 0) {
		json_open(json, "args", "[]");
		for (unsigned i = 0; i < calls[0]->count; i++)
			(void)profile_text_condition(json, &calls[0]->conditions[i]);
		json_close(json);
	}
	json_close(json);
}

/* Calls with all arguments share an entry. */
static void print_entries(struct json *json, const void *data)
{
	const struct change *change = data;
	const size_t count = change->pending.count;
	const struct added_call **whole = calloc(count + 1, sizeof(*whole)), *one;
	size_t wholes = 0;

	for (size_t i = 0; i < count; i++)
		if (change->pending.items[i].count == 0 && whole)
			whole[wholes++] = &change->pending.items[i];
	if (wholes > 0)
		print_entry(json, whole, wholes);
	for (size_t i = 0; i < count; i++)
		if ((one = &change->pending.items[i])->count > 0)
			print_entry(json, &one, 1);
	free(whole);
}

static const char cannot_narrow[] = "entries can't deny all calls but these; allow it with all arguments";

static bool fail(const struct change *change, const char *name, const char *why)
{
	cli_error("%s: %s can't be allowed: %s", change->name, name, why);
	return false;
}

static bool replace_text(struct change *change, int result, struct text *text, const char *name)
{
	if (result < 0)
		return fail(change, name, result == -ENOMEM ? "out of memory" : "there is no list of calls to change");
	free(change->text.bytes);
	change->text = *text;
	return true;
}

/* No entry decides: there is to be one. */
static bool want_entry(struct change *change, const struct added_call *call)
{
	for (size_t i = 0; i < change->appended.count; i++)
		if (is_same_entry(&change->appended.items[i], call))
			return fail(change, added_call_name(call), "the entry for it has no effect");
	for (size_t i = 0; i < change->pending.count; i++)
		if (is_same_entry(&change->pending.items[i], call))
			return true;
	return vec_push(&change->pending, *call) || fail(change, added_call_name(call), "out of memory");
}

/* The condition that holds where this one does not. */
static bool negate(struct scmp_arg_cmp *condition)
{
	static const enum scmp_compare opposites[] = {
	    [SCMP_CMP_NE] = SCMP_CMP_EQ, [SCMP_CMP_LT] = SCMP_CMP_GE, [SCMP_CMP_LE] = SCMP_CMP_GT,
	    [SCMP_CMP_EQ] = SCMP_CMP_NE, [SCMP_CMP_GE] = SCMP_CMP_LT, [SCMP_CMP_GT] = SCMP_CMP_LE};
	const uint64_t mask = condition->datum_a;

	if (condition->op == SCMP_CMP_MASKED_EQ) {
		condition->datum_b = ~condition->datum_b & mask;
		return mask && !(mask & (mask - 1)); /* of several bits any could differ */
	}
	if (condition->op >= sizeof(opposites) / sizeof(opposites[0]) || !opposites[condition->op])
		return false;
	condition->op = opposites[condition->op];
	return true;
}

/* The rule that decided, and its conditions, which belong to the simulator. */
struct decider {
	struct callgate_simulator *simulator;
	struct callgate_rule rule;
	scmp_filter_ctx alone; /* a filter with this rule only */
};

static bool decider_start(struct decider *decider, const scmp_filter_ctx ctx, uint32_t id,
                          const struct added_call *call)
{
	bool found = callgate_simulator_new(ctx, &decider->simulator) == 0;

	for (size_t i = 0; found; i++) {
		found = callgate_simulator_rule(decider->simulator, i, &decider->rule) == 0;
		if (decider->rule.id == id && decider->rule.arch == call->arch && decider->rule.nr == call->nr)
			break;
	}
	decider->alone = found ? seccomp_init(SCMP_ACT_ALLOW) : NULL;
	return decider->alone &&
	       (call->arch == SCMP_ARCH_NATIVE || (seccomp_arch_remove(decider->alone, SCMP_ARCH_NATIVE) == 0 &&
	                                           seccomp_arch_add(decider->alone, call->arch) == 0)) &&
	       callgate_rule_add(decider->alone, call->arch, SCMP_ACT_KILL_PROCESS, call->nr,
	                         (unsigned)decider->rule.condition_count, decider->rule.conditions) == 0;
}

static void decider_finish(struct decider *decider)
{
	seccomp_release(decider->alone);
	callgate_simulator_free(decider->simulator);
}

/* Is there a call that satisfies the rule's conditions and these? True, too, where that is not decided. */
static bool is_possible(const struct decider *decider, unsigned count, const struct scmp_arg_cmp *conditions)
{
	const struct callgate_filter filter = {.ctx = decider->alone};
	struct callgate_answer answer;

	return callgate_ask(&filter, decider->rule.arch, decider->rule.nr, count, conditions, SCMP_ACT_ALLOW, &answer) <
	           0 ||
	       !answer.proved || !answer.holds;
}

/*
 * One entry can't say "not all of these hold": entry `which` says that the conditions before that one hold and that one
 * does not. Where the rule says so already, it is not said again, as entries with two conditions on one argument mean
 * something else. Sets *ret_text to NULL where no call is left. False: no entry can say it.
 */
static bool negation(const struct decider *decider, const struct added_call *call, unsigned which, char **ret_text)
{
	struct scmp_arg_cmp conditions[ADDED_CONDITIONS];
	struct text text = {0};

	memcpy(conditions, call->conditions, sizeof(conditions));
	*ret_text = NULL;
	bool done = negate(&conditions[which]);
	if (done && !is_possible(decider, which + 1, conditions))
		return true;
	FILE *out = done ? memory_open(&text.bytes, &text.size) : NULL;
	struct json json = {.out = out, .depth = 1, .levels = {{"{}", false, false}}}; /* in one line */
	for (unsigned i = 0; out && done && i <= which; i++) {
		struct scmp_arg_cmp opposite = conditions[i];
		if (i == which || !negate(&opposite) || is_possible(decider, 1, &opposite))
			done = profile_text_condition(&json, &conditions[i]);
	}
	if (!out || fclose(out) != 0 || !done) {
		free(text.bytes);
		return false;
	}
	*ret_text = text.bytes;
	return true;
}

/* An entry decides: it is left for the other calls. */
static bool narrow(struct change *change, const struct filter *filter, uint32_t rule, const struct added_call *call)
{
	char *conditions[ADDED_CONDITIONS] = {NULL};
	struct decider decider = {0};
	struct text text = {0};
	unsigned line, column, count = 0;
	bool done = callgate_profile_rule_origin(filter->profile, rule, &line, &column) == 0 &&
	            decider_start(&decider, filter->ctx, rule, call);

	for (unsigned i = 0; done && i < call->count; i++) {
		done = negation(&decider, call, i, &conditions[count]);
		count += conditions[count] != NULL;
	}
	if (!done)
		fail(change, added_call_name(call), cannot_narrow);
	done = done && replace_text(change, profile_text_narrow(&change->text, line, column, count, conditions, &text),
	                            &text, added_call_name(call));
	for (unsigned i = 0; i < count; i++)
		free(conditions[i]);
	decider_finish(&decider);
	return done;
}

/*
 * One step for the first thing that denies these calls. *ret_changed: the text is another one, and the filter is to be
 * read again.
 */
static bool step(struct change *change, const struct filter *filter, const struct added_call *call, bool *ret_changed)
{
	struct callgate_verdict verdict;
	struct callgate_call example;
	const int result = added_call_denied(filter, call, &example);

	if (result == 0)
		return true;
	if (!added_call_name(call))
		return fail(change, "a call without a name", "profiles know names only");
	if (result < 0 || callgate_simulate(filter->ctx, &example, &verdict) < 0)
		return fail(change, added_call_name(call), "it is not proved what denies it");
	if (verdict.reason != CALLGATE_REASON_RULE)
		return want_entry(change, call);
	*ret_changed = true;
	return narrow(change, filter, verdict.rule, call);
}

/* Only errors are said: what is worth a warning was so before, or is what was asked for. */
static bool open_text(struct filter *filter, const char *name, const struct text *text,
                      const struct environment *environment)
{
	return filter_open_text(filter, name, text->bytes, text->size, environment) || filter_explain(filter, false);
}

/* Until nothing denies the calls any more. */
static bool change_text(struct change *change, const struct added_calls *calls)
{
	enum { GROWTH = 1 << 16 }; /* conditions that contradict each other are added again and again */
	const size_t most = change->text.size + GROWTH + 200 * calls->calls.count;
	bool done = true, is_allowed = false;

	while (done && !is_allowed) {
		struct filter filter = {0};
		struct text text = {0};
		bool changed = false;
		done = change->text.size < most ? open_text(&filter, change->name, &change->text, change->environment)
		                                : fail(change, "what was asked for", cannot_narrow);
		change->pending.count = 0;
		for (size_t i = 0; done && !changed && i < calls->calls.count; i++)
			done = step(change, &filter, &calls->calls.items[i], &changed);
		is_allowed = done && !changed && change->pending.count == 0;
		if (done && !changed && !is_allowed)
			done = replace_text(change, profile_text_append(&change->text, print_entries, change, &text),
			                    &text, "what was asked for");
		for (size_t i = 0; done && !changed && i < change->pending.count; i++)
			done = vec_push(&change->appended, change->pending.items[i]);
		filter_close(&filter);
	}
	return done;
}

bool addition_make(const struct text *old, const char *name, const struct environment *environment,
                   const struct added_calls *calls, struct text *ret_new)
{
	struct change change = {.name = name, .environment = environment};
	struct filter before = {0}, after = {0};

	change.text = (struct text){malloc(old->size + 1), old->size};
	bool done = change.text.bytes;
	if (!done)
		cli_lacks_memory();
	if (done) {
		memcpy(change.text.bytes, old->bytes, old->size);
		done = change_text(&change, calls);
	}
	done = done && open_text(&before, name, old, environment) &&
	       open_text(&after, name, &change.text, environment) && addition_prove(&before, &after, calls);
	filter_close(&before);
	filter_close(&after);
	vec_finish(&change.appended);
	vec_finish(&change.pending);
	if (done)
		*ret_new = change.text;
	else
		free(change.text.bytes);
	return done;
}
