/* What tests exercise of a filter, and whether they notice mutants of it. */
#include <callgate/coverage.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/action.h>

#include "base/vec.h"
#include "testing/run.h"

enum { DEFAULTS = 3 };

/* A test that has passed, and so can notice something. */
struct passed_test {
	struct callgate_test_file *file;
	size_t test;
	const struct callgate_filter *filters;
};

/*
 * `public` comes first, so that a pointer to it is one to the whole. `tests` of a rule are a VEC's items, which
 * `rule_tests` has.
 */
struct coverage {
	struct callgate_coverage public;
	struct arena arena; /* all lists and texts */
	ARENA_VEC(struct passed_test) passed;
	ARENA_VEC(unsigned int) * rule_tests;
	scmp_filter_ctx ctx; /* NULL: a program */
	callgate_rule_origin *origin;
	const void *data;
};

/* Takes malloc'ed text into the arena; NULL without memory. */
static const char *keep(struct arena *arena, char *text)
{
	size_t size = text ? strlen(text) + 1 : 0;
	char *copy = text ? arena_alloc(arena, size) : NULL;

	if (copy)
		memcpy(copy, text, size);
	free(text);
	return copy;
}

/* ---- the rules, in rows ---- */

/* Makes a row of a rule on one architecture. */
static bool fill_row(struct coverage *coverage, const struct callgate_rule *rule, struct callgate_coverage_rule *row)
{
	char *name = seccomp_syscall_resolve_num_arch(rule->arch, rule->nr);
	struct strbuf conditions = {0};

	if (!name && asprintf(&name, "call %d", rule->nr) < 0)
		return false;
	strbuf_append(&conditions, "");
	for (size_t i = 0; i < rule->condition_count; i++) {
		strbuf_append(&conditions, i ? " and " : "");
		words_print_condition(&rule->conditions[i], &conditions);
	}
	row->id = rule->id;
	row->action = rule->action;
	row->name = keep(&coverage->arena, name);
	row->conditions = keep(&coverage->arena, strbuf_steal(&conditions));
	if (coverage->origin)
		coverage->origin(coverage->data, rule->id, &row->line, &row->column);
	return row->name && row->conditions;
}

/* By place, or by id where none is known, and by what they say: 0 for those that become one row. */
static int compare_rows(const struct callgate_coverage_rule *x, const struct callgate_coverage_rule *y)
{
	const unsigned int keys[][2] = {{x->line, y->line},
	                                {x->column, y->column},
	                                {x->line ? 0 : x->id, y->line ? 0 : y->id},
	                                {x->action, y->action}};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i][0] != keys[i][1])
			return keys[i][0] < keys[i][1] ? -1 : 1;
	int names = strcmp(x->name, y->name);
	return names ? names : strcmp(x->conditions, y->conditions);
}

/* Within a row in the order of the filter. */
static int by_row(const void *a, const void *b)
{
	const struct callgate_coverage_rule *x = a, *y = b;
	size_t first = x->places->index, second = y->places->index;
	int order = compare_rows(x, y);

	return order ? order : (first > second) - (first < second);
}

/* What decides where no rule does, if the filter ever answers for this reason. */
static void add_default(struct callgate_coverage *coverage, const char *name, enum callgate_reason reason,
                        struct callgate_coverage_place *place)
{
	struct callgate_coverage_rule row = {.name = name, .conditions = "", .place_count = 1, .places = place};
	bool is_given = false;

	for (size_t i = 0; callgate_arch_at(i) && !is_given; i++)
		is_given = callgate_simulator_default(coverage->simulator, reason, callgate_arch_at(i)->token,
		                                      &row.action) == 0;
	place->reason = reason;
	if (is_given)
		coverage->rules[coverage->rule_count++] = row;
}

/* One row for each rule and architecture at first, and then one for those that say the same. */
static bool list_rules(struct coverage *whole, struct arena *scratch)
{
	struct callgate_coverage *coverage = &whole->public;
	struct callgate_rule rule;
	size_t count = 0, most = 0;

	while (callgate_simulator_rule(coverage->simulator, most, &rule) == 0)
		most++;
	struct callgate_coverage_place *unsorted = ARENA_ARRAY(scratch, struct callgate_coverage_place, most);
	struct callgate_coverage_place *places =
	    ARENA_ARRAY(&whole->arena, struct callgate_coverage_place, most + DEFAULTS);
	struct callgate_coverage_rule *rows =
	    ARENA_ARRAY(&whole->arena, struct callgate_coverage_rule, most + DEFAULTS);
	whole->rule_tests = arena_alloc_array(&whole->arena, most + DEFAULTS, sizeof(*whole->rule_tests));
	coverage->rules = rows;
	if (!unsorted || !places || !rows || !whole->rule_tests)
		return false;
	for (size_t i = 0; callgate_simulator_rule(coverage->simulator, i, &rule) == 0; i++) {
		if (!rule.id) /* a default */
			continue;
		unsorted[count] = (struct callgate_coverage_place){.arch = rule.arch, .id = rule.id, .index = i};
		rows[count].places = &unsorted[count];
		if (!fill_row(whole, &rule, &rows[count++]))
			return false;
	}
	qsort(rows, count, sizeof(*rows), by_row);
	for (size_t i = 0; i < count; i++) {
		places[i] = *rows[i].places;
		if (i == 0 || compare_rows(&rows[coverage->rule_count - 1], &rows[i]) != 0) {
			rows[coverage->rule_count] = rows[i];
			rows[coverage->rule_count++].places = &places[i];
		}
		rows[coverage->rule_count - 1].place_count++;
	}
	add_default(coverage, "other calls", CALLGATE_REASON_DEFAULT, &places[count]);
	add_default(coverage, "unknown calls", CALLGATE_REASON_UNKNOWN, &places[count + 1]);
	add_default(coverage, "other architectures", CALLGATE_REASON_BAD_ARCH, &places[count + 2]);
	return true;
}

/* ---- the edges ---- */

static bool list_edges(struct coverage *coverage)
{
	struct callgate_simulator *simulator = coverage->public.simulator;
	struct callgate_edge edge;
	size_t count = 0;

	while (callgate_simulator_edge(simulator, count, &edge) == 0)
		count++;
	coverage->public.edges = ARENA_ARRAY(&coverage->arena, struct callgate_coverage_edge, count);
	if (!coverage->public.edges)
		return false;
	for (; callgate_simulator_edge(simulator, coverage->public.edge_count, &edge) == 0;
	     coverage->public.edge_count++) {
		struct callgate_coverage_edge *row = &coverage->public.edges[coverage->public.edge_count];
		const struct callgate_call *call = &edge.example;
		char *name = call->arch ? seccomp_syscall_resolve_num_arch(call->arch, call->nr) : NULL, *text;
		if (asprintf(&text, "%s%s%s", name ? name : "", name ? " on " : "",
		             name ? words_arch_name(call->arch) : "") < 0)
			text = NULL;
		free(name);
		row->edge = edge;
		row->example = keep(&coverage->arena, text);
		row->text = keep(&coverage->arena, callgate_explain_edge(&edge));
		if (!row->example || !row->text)
			return false;
	}
	return true;
}

/* ---- together ---- */

int callgate_coverage_new(const struct callgate_filter *filter, callgate_rule_origin *origin, const void *data,
                          struct callgate_coverage **ret_coverage)
{
	struct arena scratch = {0};

	if (!filter || !ret_coverage || (!filter->ctx && (!filter->programs || filter->program_count != 1)))
		return -EINVAL;
	struct coverage *coverage = calloc(1, sizeof(*coverage));
	if (!coverage)
		return -ENOMEM;
	coverage->ctx = filter->ctx;
	coverage->origin = origin;
	coverage->data = data;
	int result = filter->ctx ? callgate_simulator_new(filter->ctx, &coverage->public.simulator)
	                         : callgate_simulator_new_program(filter->programs[0], &coverage->public.simulator);
	if (result == 0 && ((filter->ctx && !list_rules(coverage, &scratch)) || !list_edges(coverage)))
		result = -ENOMEM;
	if (result == 0)
		result = callgate_coverage_update(&coverage->public, 0);
	arena_finish(&scratch);
	if (result == 0)
		*ret_coverage = &coverage->public;
	else
		callgate_coverage_free(&coverage->public);
	return result;
}

void callgate_coverage_free(struct callgate_coverage *coverage)
{
	struct coverage *whole = (struct coverage *)coverage;

	if (!coverage)
		return;
	callgate_simulator_free(coverage->simulator);
	arena_finish(&whole->arena);
	free(whole);
}

static unsigned long count_hits(const struct callgate_simulator *simulator, const struct callgate_coverage_place *place)
{
	struct callgate_rule rule;

	if (!place->id)
		return callgate_simulator_reason_hits(simulator, place->reason);
	callgate_simulator_rule(simulator, place->index, &rule);
	return rule.hits;
}

/* True: it has more hits than before. */
static bool update_rule(struct callgate_coverage *coverage, struct callgate_coverage_rule *rule)
{
	bool is_hit = false;

	rule->missed = false;
	for (size_t i = 0; i < rule->place_count; i++) {
		struct callgate_coverage_place *place = &rule->places[i];
		unsigned long hits = count_hits(coverage->simulator, place);
		is_hit = is_hit || hits > place->hits;
		place->hits = hits;
		coverage->rules_total.all++;
		coverage->rules_total.hit += hits > 0;
		rule->missed = rule->missed || hits == 0;
	}
	return is_hit;
}

int callgate_coverage_update(struct callgate_coverage *coverage, unsigned int line)
{
	struct coverage *whole = (struct coverage *)coverage;

	if (!coverage)
		return -EINVAL;
	coverage->rules_total = coverage->edges_total = (struct callgate_coverage_total){0};
	for (size_t i = 0; i < coverage->rule_count; i++) {
		struct callgate_coverage_rule *rule = &coverage->rules[i];
		bool is_new = update_rule(coverage, rule) && line &&
		              !(rule->test_count && rule->tests[rule->test_count - 1] == line);
		if (is_new && !vec_push_in(&whole->rule_tests[i], &whole->arena, line))
			return -ENOMEM;
		rule->tests = whole->rule_tests[i].items;
		rule->test_count = whole->rule_tests[i].count;
	}
	for (size_t i = 0; i < coverage->edge_count; i++) {
		callgate_simulator_edge(coverage->simulator, i, &coverage->edges[i].edge);
		coverage->edges_total.all++;
		coverage->edges_total.hit += coverage->edges[i].edge.hits > 0;
	}
	return 0;
}

int callgate_coverage_test(struct callgate_coverage *coverage, struct callgate_test_file *file, size_t test,
                           const struct callgate_filter *filters, struct callgate_test_result *ret_result)
{
	struct coverage *whole = (struct coverage *)coverage;
	const struct callgate_test *about = callgate_test_file_test(file, test);
	struct callgate_test_result result;

	if (!coverage || !about)
		return -EINVAL;
	/* Mutants are programs, and have no list of architectures. */
	int error = whole->ctx ? callgate_test_file_take_archs(file, about->filter, whole->ctx) : 0;
	bool counts = about->kind != CALLGATE_TEST_LIVE;
	if (error == 0)
		error = callgate_test_run(file, test, filters, counts ? coverage->simulator : NULL, &result);
	if (error < 0)
		return error;
	if (counts && result.status == CALLGATE_TEST_PASSED) {
		struct passed_test passed = {file, test, filters};
		error = callgate_coverage_update(coverage, about->line);
		if (error == 0 && !vec_push_in(&whole->passed, &whole->arena, passed))
			error = -ENOMEM;
	}
	if (error < 0 || !ret_result)
		callgate_test_result_finish(&result);
	else
		*ret_result = result;
	return error;
}

/* ---- one mutant ---- */

typedef VEC(const struct callgate_program *) program_vec;

/* All programs of a simulator; they are its own. */
static bool list_programs(const struct callgate_simulator *simulator, program_vec *programs)
{
	const struct callgate_program *program;

	programs->count = 0;
	for (size_t i = 0; (program = callgate_simulator_program(simulator, i)); i++)
		if (!vec_push(programs, program))
			return false;
	return true;
}

/* A mutant on trial. `text` is taken into the list of survivors. */
struct trial {
	const struct coverage *coverage;
	struct callgate_simulator *mutant;
	struct callgate_filter side; /* the mutant's programs */
	uint32_t rule;
	char *text;
	callgate_mutant_test *test;
	void *data;
};

/* 1: the test notices, 0: it does not, -errno. */
static int notices(const struct trial *trial, const struct passed_test *passed)
{
	size_t count = passed->file->filters.count;
	struct callgate_filter *filters = calloc(count, sizeof(*filters));
	struct callgate_test_result result = {0};

	if (!filters)
		return -ENOMEM;
	memcpy(filters, passed->filters, count * sizeof(*filters));
	filters[callgate_test_file_test(passed->file, passed->test)->filter] = trial->side;
	int error = run_test(passed->file, passed->test, filters, NULL, false, &result);
	bool has_failed = result.status == CALLGATE_TEST_FAILED;
	callgate_test_result_finish(&result);
	free(filters);
	return error < 0 ? error : has_failed;
}

static bool exercises(const struct coverage *coverage, const struct passed_test *passed, uint32_t id)
{
	unsigned int line = callgate_test_file_test(passed->file, passed->test)->line;

	for (size_t i = 0; i < coverage->public.rule_count; i++) {
		const struct callgate_coverage_rule *rule = &coverage->public.rules[i];
		bool is_rule = false;
		for (size_t j = 0; j < rule->place_count && !is_rule; j++)
			is_rule = rule->places[j].id == id;
		for (size_t j = 0; j < rule->test_count && is_rule; j++)
			if (rule->tests[j] == line)
				return true;
	}
	return false;
}

/* The tests that exercise its rule come first: one of them is the likeliest to notice. */
static int is_noticed(const struct trial *trial)
{
	const struct coverage *coverage = trial->coverage;
	int result = 0;

	for (int likely = 1; likely >= 0 && result == 0; likely--)
		for (size_t i = 0; i < coverage->passed.count && result == 0; i++)
			if (exercises(coverage, &coverage->passed.items[i], trial->rule) == likely)
				result = notices(trial, &coverage->passed.items[i]);
	return result == 0 && trial->test ? trial->test(trial->data, trial->mutant) : result;
}

static char *describe_difference(const struct trial *trial, const struct callgate_comparison *comparison)
{
	char action[CALLGATE_ACTION_TEXT], *text = NULL;

	if (comparison->count == 0)
		return strdup("not decided whether it differs at all");
	const struct callgate_difference *difference = &comparison->differences[0];
	char *before = callgate_explain(trial->coverage->public.simulator, &difference->witness);
	callgate_action_text(difference->second, action);
	if (!before || asprintf(&text, "%s; with the mutant %s", before, action) < 0)
		text = NULL;
	free(before);
	return text;
}

static int add_survivor(struct trial *trial, const struct callgate_comparison *comparison,
                        struct callgate_mutants *mutants)
{
	struct callgate_mutant mutant = {.rule = trial->rule}, *grown;

	grown = reallocarray(mutants->survivors, mutants->survivor_count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	mutants->survivors = grown;
	if (trial->rule && trial->coverage->origin)
		trial->coverage->origin(trial->coverage->data, trial->rule, &mutant.line, &mutant.column);
	mutant.difference = describe_difference(trial, comparison);
	mutant.text = trial->text;
	trial->text = NULL;
	mutants->survivors[mutants->survivor_count++] = mutant;
	return mutant.difference ? 0 : -ENOMEM;
}

static int judge(struct trial *trial, const struct callgate_filter *original, struct callgate_mutants *mutants)
{
	struct callgate_comparison *comparison;
	int result = callgate_compare(original, &trial->side, 1, &comparison);

	if (result < 0)
		return result;
	mutants->all++;
	if (comparison->relation == CALLGATE_RELATION_EQUAL) {
		mutants->equivalent++;
	} else {
		result = is_noticed(trial);
		mutants->noticed += result > 0;
		if (result == 0)
			result = add_survivor(trial, comparison, mutants);
	}
	callgate_comparison_free(comparison);
	return result < 0 ? result : 0;
}

/* ---- all of them ---- */

static int run(struct trial *trial, struct callgate_mutants *mutants)
{
	const struct callgate_simulator *simulator = trial->coverage->public.simulator;
	program_vec original = {0}, programs = {0};
	int result = list_programs(simulator, &original) ? 0 : -ENOMEM;

	for (size_t i = 0; result == 0; i++) {
		result = callgate_simulator_mutate(simulator, i, &trial->mutant, &trial->rule, &trial->text);
		if (result == -ENOENT) /* it was the last one */
			result = 0, i = SIZE_MAX;
		if (result < 0 || i == SIZE_MAX)
			break;
		struct callgate_filter side = {NULL, original.items, original.count};
		result = list_programs(trial->mutant, &programs) ? 0 : -ENOMEM;
		trial->side = (struct callgate_filter){NULL, programs.items, programs.count};
		if (result == 0)
			result = judge(trial, &side, mutants);
		callgate_simulator_free(trial->mutant);
		free(trial->text);
	}
	vec_finish(&original);
	vec_finish(&programs);
	return result;
}

int callgate_mutants_run(const struct callgate_coverage *coverage, callgate_mutant_test *test, void *data,
                         struct callgate_mutants **ret_mutants)
{
	struct trial trial = {.coverage = (const struct coverage *)coverage, .test = test, .data = data};

	if (!coverage || !ret_mutants)
		return -EINVAL;
	struct callgate_mutants *mutants = calloc(1, sizeof(*mutants));
	int result = mutants ? run(&trial, mutants) : -ENOMEM;
	if (result == 0)
		*ret_mutants = mutants;
	else
		callgate_mutants_free(mutants);
	return result;
}

void callgate_mutants_free(struct callgate_mutants *mutants)
{
	for (size_t i = 0; mutants && i < mutants->survivor_count; i++) {
		free(mutants->survivors[i].text);
		free(mutants->survivors[i].difference);
	}
	if (mutants)
		free(mutants->survivors);
	free(mutants);
}
