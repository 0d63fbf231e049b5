#include "cli/explain.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/decode.h>
#include <callgate/diagnosis.h>
#include <callgate/info.h>
#include <callgate/rule.h>
#include <callgate/syscall.h>

enum { CASES_MOST = 200 };

bool explain_start(struct explaining *e, const struct filter *filter)
{
	*e = (struct explaining){.filter = filter, .question = filter_side(filter)};
	const int result = filter->ctx ? callgate_simulator_new(filter->ctx, &e->simulator)
	                               : callgate_simulator_new_program(filter->programs[0], &e->simulator);
	if (result < 0)
		cli_error("%s", callgate_diagnosis(filter->ctx));
	return result == 0;
}

void explain_finish(struct explaining *e)
{
	callgate_simulator_free(e->simulator);
	arena_finish(&e->arena);
}

bool explain_has_arch(const struct explaining *e, const struct callgate_arch *arch,
                      const struct environment *environment)
{
	if (e->filter->ctx)
		return seccomp_arch_exist(e->filter->ctx, arch->token) == 0;
	return arch == callgate_arch_find(environment_arch(environment));
}

static bool no_memory(struct explaining *e)
{
	if (!e->out_of_memory)
		cli_error("out of memory");
	e->out_of_memory = true;
	return false;
}

/* The text of a buffer, which is empty then. NULL: no memory. */
static const char *keep(struct explaining *e, struct strbuf *text)
{
	char *copy = text->failed || !text->text ? NULL : arena_take(&e->arena, text->length + 1);

	if (copy)
		memcpy(copy, text->text, text->length + 1);
	strbuf_finish(text);
	if (!copy)
		no_memory(e);
	return copy;
}

/* ---- cases of rules ---- */

/* Neighbours in the order of matching with one action, which differ in the value of one comparison at most. */
struct clause {
	const struct callgate_rule *rule; /* the first one */
	size_t varying;                   /* which comparison; as many as there are: none does yet */
	ARENA_VEC(uint64_t) values;       /* of that one */
	ARENA_VEC(uint32_t) rules;
};

static bool joins(const struct clause *clause, const struct callgate_rule *rule, const struct callgate_arch *arch,
                  size_t *ret_varying)
{
	const struct callgate_rule *first = clause->rule;
	size_t different = 0;

	if (first->action != rule->action || first->condition_count != rule->condition_count)
		return false;
	for (size_t i = 0; i < rule->condition_count; i++) {
		const struct callgate_condition a = explain_comparison(&first->conditions[i], arch),
		                                b = explain_comparison(&rule->conditions[i], arch);
		if (a.argument != b.argument || a.op != b.op || a.mask != b.mask)
			return false;
		if (a.value == b.value)
			continue;
		different++;
		*ret_varying = i;
		if (a.op != SCMP_CMP_EQ || (clause->varying < first->condition_count && clause->varying != i))
			return false;
	}
	return different == 1;
}

static void append_set(struct strbuf *text, const struct clause *clause, const struct callgate_arch *arch,
                       const char *call)
{
	const struct callgate_condition c = explain_comparison(&clause->rule->conditions[clause->varying], arch);
	const uint64_t all = explain_read_mask(arch, call, c.argument);
	char words[EXPLAINED_VALUE];

	explain_name(text, arch, call, c.argument);
	if ((c.mask & all) != all)
		strbuf_printf(text, " & 0x%llx", (unsigned long long)c.mask);
	for (size_t i = 0; i < clause->values.count; i++) {
		(void)explain_value(arch, call, c.argument, clause->values.items[i], words);
		strbuf_printf(text, "%s%s", i == 0 ? " in {" : ", ", words);
	}
	strbuf_append(text, "}");
}

static const char *condition_words(struct explaining *e, const struct clause *clause, const struct callgate_arch *arch,
                                   const char *call, bool is_first)
{
	const size_t count = clause->rule->condition_count;
	struct strbuf text = {0};

	strbuf_append(&text, count ? "if " : is_first ? "" : "otherwise");
	for (size_t i = 0; i < count; i++) {
		const struct callgate_condition condition = explain_comparison(&clause->rule->conditions[i], arch);
		strbuf_append(&text, i ? " and " : "");
		if (i == clause->varying)
			append_set(&text, clause, arch, call);
		else
			explain_condition(&text, arch, call, &condition);
	}
	return keep(e, &text);
}

/* "the default, p.json:1"; of a program, which has no lines, the words alone. */
static bool place_rest(struct explaining *e, const char *words, struct explained_case *ret_case)
{
	struct strbuf place = {0}, lines = {0};
	unsigned int column;
	const bool has_line = callgate_profile_default_origin(e->filter->profile, &ret_case->line, &column) == 0;

	strbuf_append(&place, words);
	strbuf_append(&lines, words);
	if (has_line) {
		strbuf_printf(&place, ", %s:%u", e->filter->path, ret_case->line);
		strbuf_printf(&lines, ", line %u", ret_case->line);
	}
	ret_case->place = keep(e, &place);
	ret_case->lines = keep(e, &lines);
	ret_case->rest = words;
	return ret_case->place && ret_case->lines;
}

/* "p.json:4, 6"; where a policy includes another, "p.policy:4, base.policy:3": the lines of all rules. */
static bool place_rules(struct explaining *e, const struct clause *clause, struct explained_case *ret_case)
{
	unsigned int line, column, last = 0, own;
	const char *file, *last_file = NULL;
	struct strbuf place = {0}, lines = {0};

	for (size_t i = 0; i < clause->rules.count; i++) {
		const uint32_t rule = clause->rules.items[i];
		if (callgate_profile_rule_place(e->filter->profile, rule, &file, &line, &column) < 0 ||
		    callgate_profile_rule_origin(e->filter->profile, rule, &own, &column) < 0 ||
		    (line == last && strcmp(file, last_file) == 0))
			continue;
		const bool is_own = strcmp(file, e->filter->path) == 0, is_same = last && strcmp(file, last_file) == 0;
		strbuf_append(&place, last ? ", " : "");
		strbuf_append(&lines, last ? ", " : "");
		if (!is_same)
			strbuf_printf(&place, "%s:", file);
		if (!is_same && !is_own)
			strbuf_printf(&lines, "%s:", file);
		strbuf_printf(&place, "%u", line);
		strbuf_printf(&lines, "%u", line);
		ret_case->line = last ? ret_case->line : own;
		last = line;
		last_file = file;
	}
	if (!last)
		return place_rest(e, "the default", ret_case); /* a rule that the profile does not have */
	ret_case->place = keep(e, &place);
	ret_case->lines = keep(e, &lines);
	return ret_case->place && ret_case->lines;
}

static int by_rule(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Values, and the rules that say them, ascend: no value is in two of them. */
static void sort(struct clause *clause)
{
	if (clause->values.count)
		qsort(clause->values.items, clause->values.count, sizeof(uint64_t), compare_numbers);
	qsort(clause->rules.items, clause->rules.count, sizeof(uint32_t), by_rule);
}

static bool add_clause(struct explaining *e, struct clause *clause, struct explained_call *call)
{
	struct explained_case found = {.action = clause->rule->action};

	sort(clause);
	found.condition = condition_words(e, clause, call->arch, call->name, call->cases.count == 0);
	return found.condition && place_rules(e, clause, &found) &&
	       (vec_push_in(&call->cases, &e->arena, found) || no_memory(e));
}

/* The next rule of the call from *index on; false: there is none. */
static bool next_rule(const struct explaining *e, const struct explained_call *call, size_t *index,
                      struct callgate_rule *ret_rule)
{
	while (callgate_simulator_rule(e->simulator, (*index)++, ret_rule) == 0)
		if (ret_rule->arch == call->arch->token && ret_rule->nr == call->nr)
			return true;
	return false;
}

static bool join(struct explaining *e, struct clause *clause, const struct callgate_rule *rule, size_t varying,
                 const struct callgate_arch *arch)
{
	if (clause->rules.count == 1) {
		clause->varying = varying;
		if (!vec_push_in(&clause->values, &e->arena,
		                 explain_comparison(&clause->rule->conditions[varying], arch).value))
			return no_memory(e);
	}
	return (vec_push_in(&clause->values, &e->arena, explain_comparison(&rule->conditions[varying], arch).value) &&
	        vec_push_in(&clause->rules, &e->arena, rule->id)) ||
	       no_memory(e);
}

/* The rules of the call that decide something: those with other counts than in `before`. */
static bool add_rules(struct explaining *e, const unsigned long *before, struct explained_call *call)
{
	struct callgate_rule *rule = ARENA_NEW(&e->arena, struct callgate_rule);
	struct clause clause = {.rule = NULL};
	size_t varying = 0;

	for (size_t index = 0;
	     rule && !(clause.rule && clause.rule->condition_count == 0) && next_rule(e, call, &index, rule);) {
		if (before && rule->hits == before[index - 1])
			continue;
		if (clause.rule && joins(&clause, rule, call->arch, &varying)) {
			if (!join(e, &clause, rule, varying, call->arch))
				return false;
			continue;
		}
		if (clause.rule && !add_clause(e, &clause, call))
			return false;
		clause = (struct clause){.rule = rule, .varying = rule->condition_count};
		if (!vec_push_in(&clause.rules, &e->arena, rule->id))
			return no_memory(e);
		rule = ARENA_NEW(&e->arena, struct callgate_rule);
	}
	return rule ? !clause.rule || add_clause(e, &clause, call) : no_memory(e);
}

static bool add_rest(struct explaining *e, const struct callgate_verdict *verdict, const char *place,
                     struct explained_call *call)
{
	struct explained_case rest = {.action = verdict->action, .condition = call->cases.count ? "otherwise" : ""};

	return place_rest(e, place, &rest) && (vec_push_in(&call->cases, &e->arena, rest) || no_memory(e));
}

/* ---- cases of programs, as the prover has them ---- */

static bool add_proved_case(struct explaining *e, const struct callgate_case *from, struct explained_call *call)
{
	struct strbuf text = {0};
	struct explained_case found = {
	    .action = from->action, .place = "the program", .lines = "the program", .rest = "the program"};

	strbuf_append(&text, "");
	for (size_t i = 0; i < from->condition_count; i++) {
		const struct callgate_condition *c = &from->conditions[i];
		if (call->arch->register_bits == 32 && c->mask == 0xffffffff00000000 && c->op == SCMP_CMP_EQ)
			continue; /* upper halves, which are zeros anyway */
		strbuf_append(&text, text.length ? " and " : "if ");
		explain_condition(&text, call->arch, call->name, c);
	}
	found.condition = keep(e, &text);
	return found.condition && (vec_push_in(&call->cases, &e->arena, found) || no_memory(e));
}

static bool add_proved_cases(struct explaining *e, struct explained_call *call)
{
	struct callgate_cases *cases;
	const int result = callgate_cases_find(&e->question, call->arch->token, call->nr, 0, NULL, CASES_MOST, &cases);
	bool done = true;

	if (result < 0) {
		cli_error("%s on %s: %s", call->name, call->arch->name, callgate_diagnosis(NULL));
		return false;
	}
	call->is_complete = cases->complete;
	for (size_t i = 0; i < cases->count && done; i++)
		done = add_proved_case(e, &cases->cases[i], call);
	callgate_cases_free(cases);
	return done;
}

/* ---- a call ---- */

static bool is_conditional(const struct explaining *e, const struct explained_call *call)
{
	struct callgate_rule rule;
	size_t index = 0;

	return !e->filter->ctx || (next_rule(e, call, &index, &rule) && rule.condition_count > 0);
}

static const unsigned long *rule_hits(struct explaining *e)
{
	ARENA_VEC(unsigned long) hits = {0};
	struct callgate_rule rule;

	if (!vec_reserve_in(&hits, &e->arena, 1))
		no_memory(e);
	for (size_t i = 0; !e->out_of_memory && callgate_simulator_rule(e->simulator, i, &rule) == 0; i++)
		if (!vec_push_in(&hits, &e->arena, rule.hits))
			no_memory(e);
	return e->out_of_memory ? NULL : hits.items;
}

static const char *rest_place(enum callgate_reason reason)
{
	return reason == CALLGATE_REASON_UNKNOWN ? "newer than the rules" : "the default";
}

/* Calls of this number that come to every rule and jump to which any comes. */
static bool add_conditional(struct explaining *e, struct explained_call *call)
{
	static const enum callgate_reason rest[] = {CALLGATE_REASON_DEFAULT, CALLGATE_REASON_UNKNOWN};
	const unsigned long *before = rule_hits(e), *edges = graph_hits(e);
	unsigned long reasons[2];

	for (int i = 0; i < 2; i++)
		reasons[i] = callgate_simulator_reason_hits(e->simulator, rest[i]);
	if (!before || !edges)
		return no_memory(e);
	const int result =
	    callgate_simulator_cover(e->simulator, call->arch->token, (uint32_t)call->nr, (uint32_t)call->nr, 0, NULL);
	if (result == -ENOMEM)
		return no_memory(e);
	call->is_complete = result == 0;
	if (!e->filter->ctx)
		return add_proved_cases(e, call) && (graph_make(e, edges, call) || no_memory(e));
	if (!add_rules(e, call->is_complete ? before : NULL, call))
		return false;
	if (!graph_make(e, edges, call))
		return no_memory(e);
	for (int i = 0; i < 2; i++) {
		struct callgate_verdict verdict = {0};
		if (callgate_simulator_reason_hits(e->simulator, rest[i]) == reasons[i] ||
		    callgate_simulator_default(e->simulator, rest[i], call->arch->token, &verdict.action) < 0)
			continue;
		if (!add_rest(e, &verdict, rest_place(rest[i]), call))
			return false;
	}
	return true;
}

bool explained_is_allowed(uint32_t action)
{
	const uint32_t kind = action & SECCOMP_RET_ACTION_FULL;

	return kind == SCMP_ACT_ALLOW || kind == SCMP_ACT_LOG;
}

static void classify(struct explained_call *call)
{
	bool allowed = false, denied = false;

	for (size_t i = 0; i < call->cases.count; i++) {
		allowed = allowed || explained_is_allowed(call->cases.items[i].action);
		denied = denied || !explained_is_allowed(call->cases.items[i].action);
	}
	call->kind = call->cases.count > 1 ? EXPLAINED_CONDITIONAL
	             : allowed && !denied  ? EXPLAINED_ALLOWED
	                                   : EXPLAINED_DENIED;
}

bool explain_call(struct explaining *e, const struct callgate_arch *arch, const char *name,
                  struct explained_call *ret_call)
{
	struct explained_call call = {
	    .arch = arch, .name = name, .nr = callgate_syscall_number(arch->token, name), .is_complete = true};
	const struct callgate_call example = {.arch = arch->token, .nr = call.nr};
	struct callgate_verdict verdict;
	bool done;

	if (callgate_simulator_run(e->simulator, &example, &verdict) < 0)
		return no_memory(e);
	call.from_bitmap = verdict.from_bitmap;
	callgate_syscall_since_text(arch->token, call.nr, call.since);
	call.graph = (struct decision_graph){.start = {.node = -1, .action = verdict.action, .cost = verdict.executed},
	                                     .least = verdict.executed,
	                                     .most = verdict.executed};
	if (is_conditional(e, &call))
		done = add_conditional(e, &call);
	else if (verdict.reason == CALLGATE_REASON_RULE && verdict.rule)
		done = add_rules(e, NULL, &call);
	else
		done = add_rest(e, &verdict, rest_place(verdict.reason), &call);
	classify(&call);
	*ret_call = call;
	return done;
}
