#include "cli/test_coverage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/arch.h>
#include <callgate/diagnosis.h>
#include <callgate/syscall.h>

#include "base/strbuf.h"

/* One rule on one architecture, and the row that it is in. */
struct instance {
	struct callgate_rule rule; /* as before the tests */
	unsigned int line, column;
	const char *name, *conditions;
	struct coverage_rule *row;
};

struct collector {
	struct coverage *coverage;
	struct arena scratch;
	size_t count, capacity;
	struct instance *instances; /* in the order of callgate_simulator_rule() */
	struct instance **sorted;
	unsigned long *hits; /* so far, per instance; then per default */
};

enum { DEFAULTS = 3 };
static const enum callgate_reason default_reasons[DEFAULTS] = {CALLGATE_REASON_DEFAULT, CALLGATE_REASON_NEWER,
                                                               CALLGATE_REASON_BAD_ARCH};
static const char *const default_names[DEFAULTS] = {"other calls", "newer calls", "other architectures"};

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

const char *coverage_arch_name(uint32_t arch)
{
	const struct callgate_arch *found = callgate_arch_find(arch);

	return found ? found->name : "an unknown architecture";
}

bool coverage_is_missed(const struct coverage_rule *rule)
{
	for (size_t i = 0; i < rule->place_count; i++)
		if (!rule->places[i].hits)
			return true;
	return false;
}

unsigned int coverage_permille(const struct coverage_total *total)
{
	return total->all ? (unsigned int)(total->hit * 1000 / total->all) : 1000;
}

/* ---- the rules, in rows ---- */

static char *print_conditions(const struct callgate_rule *rule)
{
	static const char *const symbols[] = {"?", "!=", "<", "<=", "==", ">=", ">"};
	struct strbuf text = {0};

	strbuf_append(&text, "");
	for (size_t i = 0; i < rule->condition_count; i++) {
		const struct scmp_arg_cmp *c = &rule->conditions[i];
		bool masked = c->op == SCMP_CMP_MASKED_EQ;
		strbuf_printf(&text, "%sargument %u ", i ? " and " : "", c->arg);
		if (masked)
			strbuf_printf(&text, "& 0x%llx ", (unsigned long long)c->datum_a);
		strbuf_printf(&text, "%s 0x%llx", masked ? "==" : symbols[c->op],
		              (unsigned long long)(masked ? c->datum_b : c->datum_a));
	}
	return strbuf_steal(&text);
}

static bool fill_instance(struct collector *collector, struct instance *instance)
{
	struct arena *arena = &collector->coverage->arena;
	const struct callgate_rule *rule = &instance->rule;
	char *name = seccomp_syscall_resolve_num_arch(rule->arch, rule->nr);

	if (!name && asprintf(&name, "call %d", rule->nr) < 0)
		return false;
	instance->name = keep(arena, name);
	instance->conditions = keep(arena, print_conditions(rule));
	callgate_profile_rule_origin(coverage_filter(collector->coverage)->profile, rule->id, &instance->line,
	                             &instance->column);
	return instance->name && instance->conditions;
}

/* Rules without an id are defaults. */
static bool list_instances(struct collector *collector)
{
	struct callgate_simulator *simulator = collector->coverage->simulator;
	struct callgate_rule rule;
	size_t most = 0;

	while (callgate_simulator_rule(simulator, most, &rule) == 0)
		most++;
	collector->instances = ARENA_ARRAY(&collector->scratch, struct instance, most);
	collector->sorted = ARENA_ARRAY(&collector->scratch, struct instance *, most);
	collector->hits = ARENA_ARRAY(&collector->scratch, unsigned long, most + DEFAULTS);
	if (!collector->instances || !collector->sorted || !collector->hits)
		return false;
	for (; callgate_simulator_rule(simulator, collector->count, &rule) == 0; collector->count++) {
		struct instance *instance = &collector->instances[collector->count];
		instance->rule = rule;
		collector->sorted[collector->count] = instance;
		if (!fill_instance(collector, instance))
			return false;
	}
	return true;
}

static int compare_rows(const struct instance *x, const struct instance *y)
{
	if ((x->rule.id == 0) != (y->rule.id == 0))
		return x->rule.id == 0 ? 1 : -1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	if (x->rule.action != y->rule.action)
		return x->rule.action < y->rule.action ? -1 : 1;
	int names = strcmp(x->name, y->name);
	return names ? names : strcmp(x->conditions, y->conditions);
}

/* Within a row in the order of the filter. */
static int by_row(const void *a, const void *b)
{
	const struct instance *x = *(struct instance *const *)a, *y = *(struct instance *const *)b;
	int rows = compare_rows(x, y);

	return rows ? rows : (x > y) - (x < y);
}

static bool start_row(struct collector *collector, struct coverage_rule *row, const struct instance *first,
                      size_t places)
{
	*row = (struct coverage_rule){
	    .line = first->line,
	    .column = first->column,
	    .id = first->rule.id,
	    .name = first->name,
	    .conditions = first->conditions,
	    .action = first->rule.action,
	    .places = ARENA_ARRAY(&collector->coverage->arena, struct coverage_place, places),
	};
	return row->places != NULL;
}

/* Makes rows of equal neighbours in the sorted list. */
static bool make_rows(struct collector *collector)
{
	struct coverage *coverage = collector->coverage;
	size_t count = collector->count;

	qsort(collector->sorted, count, sizeof(collector->sorted[0]), by_row);
	while (count > 0 && collector->sorted[count - 1]->rule.id == 0)
		count--;
	coverage->rules = ARENA_ARRAY(&coverage->arena, struct coverage_rule, count + DEFAULTS);
	if (!coverage->rules)
		return false;
	for (size_t i = 0, end; i < count; i = end) {
		struct coverage_rule *row = &coverage->rules[coverage->rule_count++];
		for (end = i + 1; end < count; end++)
			if (compare_rows(collector->sorted[i], collector->sorted[end]) != 0)
				break;
		if (!start_row(collector, row, collector->sorted[i], end - i))
			return false;
		for (size_t j = i; j < end; j++) {
			row->places[row->place_count++].arch = collector->sorted[j]->rule.arch;
			collector->sorted[j]->row = row;
		}
	}
	return true;
}

static bool index_rows(struct collector *collector)
{
	struct coverage *coverage = collector->coverage;

	for (size_t i = 0; i < collector->count; i++)
		if (collector->instances[i].rule.id >= coverage->id_count)
			coverage->id_count = collector->instances[i].rule.id + 1;
	coverage->by_id = ARENA_ARRAY(&coverage->arena, const struct coverage_rule *, coverage->id_count);
	for (size_t i = 0; coverage->by_id && i < collector->count; i++)
		coverage->by_id[collector->instances[i].rule.id] = collector->instances[i].row;
	return coverage->by_id != NULL;
}

/* ---- the defaults ---- */

/* A number that is above all known ones. */
static int32_t newer_number(uint32_t arch)
{
	const char *name;
	int32_t highest = 0;

	for (size_t i = 0; (name = callgate_syscall_name_at(i)); i++) {
		int32_t nr = callgate_syscall_number(arch, name);
		highest = nr > highest ? nr : highest;
	}
	return highest + 1;
}

/* Has the filter an action of its own for newer calls? */
static bool find_newer(const struct collector *collector, uint32_t *ret_action)
{
	for (size_t i = 0; i < collector->count; i++) {
		struct callgate_call call = {.arch = collector->instances[i].rule.arch};
		struct callgate_verdict verdict;
		if (i > 0 && collector->instances[i - 1].rule.arch == call.arch)
			continue;
		call.nr = newer_number(call.arch);
		if (callgate_simulate(coverage_filter(collector->coverage)->ctx, &call, &verdict) < 0 ||
		    verdict.reason != CALLGATE_REASON_NEWER)
			continue;
		*ret_action = verdict.action;
		return true;
	}
	return false;
}

static bool add_defaults(struct collector *collector)
{
	struct coverage *coverage = collector->coverage;
	scmp_filter_ctx ctx = coverage_filter(coverage)->ctx;
	uint32_t actions[DEFAULTS] = {0};
	bool there[DEFAULTS] = {true, false, true};

	if (seccomp_attr_get(ctx, SCMP_FLTATR_ACT_DEFAULT, &actions[0]) < 0 ||
	    seccomp_attr_get(ctx, SCMP_FLTATR_ACT_BADARCH, &actions[2]) < 0)
		return false;
	there[1] = find_newer(collector, &actions[1]);
	for (int i = 0; i < DEFAULTS; i++) {
		struct coverage_rule *row = &coverage->rules[coverage->rule_count];
		struct coverage_place *place = ARENA_NEW(&coverage->arena, struct coverage_place);
		if (!place)
			return false;
		*row = (struct coverage_rule){.name = default_names[i],
		                              .conditions = "",
		                              .action = actions[i],
		                              .place_count = 1,
		                              .places = place};
		coverage->rule_count += there[i];
	}
	return true;
}

/* ---- the tests ---- */

static bool note(struct collector *collector, struct coverage_rule *row, unsigned int line)
{
	unsigned int *grown;

	if (row->test_count && row->tests[row->test_count - 1] == line)
		return true;
	/* Doubled where it is full: at powers of two. */
	if ((row->test_count & (row->test_count - 1)) == 0) {
		grown = ARENA_ARRAY(&collector->coverage->arena, unsigned int,
		                    row->test_count ? 2 * row->test_count : 1);
		if (!grown)
			return false;
		if (row->test_count)
			memcpy(grown, row->tests, row->test_count * sizeof(grown[0]));
		row->tests = grown;
	}
	row->tests[row->test_count++] = line;
	return true;
}

static bool note_rules(struct collector *collector, unsigned int line)
{
	struct callgate_rule rule;

	for (size_t i = 0; i < collector->count; i++) {
		struct instance *instance = &collector->instances[i];
		callgate_simulator_rule(collector->coverage->simulator, i, &rule);
		if (rule.hits == collector->hits[i] || !instance->row)
			continue;
		collector->hits[i] = rule.hits;
		if (!note(collector, instance->row, line))
			return false;
	}
	return true;
}

static bool note_defaults(struct collector *collector, unsigned int line)
{
	struct coverage *coverage = collector->coverage;

	for (int i = 0; i < DEFAULTS; i++) {
		unsigned long *before = &collector->hits[collector->count + (size_t)i];
		unsigned long hits = callgate_simulator_reason_hits(coverage->simulator, default_reasons[i]);
		struct coverage_rule *row = NULL;
		for (size_t j = 0; j < coverage->rule_count; j++)
			if (coverage->rules[j].name == default_names[i])
				row = &coverage->rules[j];
		if (hits == *before || !row)
			continue;
		*before = row->places[0].hits = hits;
		if (!note(collector, row, line))
			return false;
	}
	return true;
}

static bool run_test(struct collector *collector, const struct test_entry *entry)
{
	const struct test_source *source = collector->coverage->source;
	unsigned int line = entry->test->line;
	struct callgate_test_result result;

	if (callgate_test_run(source->file, entry->index, source->sides, collector->coverage->simulator,
	                      &result) < 0)
		return false;
	callgate_test_result_finish(&result);
	return !coverage_has_rules(collector->coverage) ||
	       (note_rules(collector, line) && note_defaults(collector, line));
}

/* Only what passes says something about all of its calls. */
static bool is_about_calls(const struct test_entry *entry)
{
	return entry->result.status == CALLGATE_TEST_PASSED && entry->test->kind != CALLGATE_TEST_LIVE &&
	       entry->test->kind != CALLGATE_TEST_NO_WEAKER;
}

static bool run_tests(struct collector *collector)
{
	const struct test_source *source = collector->coverage->source;

	for (size_t i = 0; i < source->entry_count; i++)
		if (source->entries[i].test->filter == collector->coverage->filter &&
		    is_about_calls(&source->entries[i]) && !run_test(collector, &source->entries[i]))
			return false;
	for (size_t i = 0, place = 0; i < collector->count; i++) {
		struct instance *instance = collector->sorted[i];
		place = i > 0 && instance->row == collector->sorted[i - 1]->row ? place + 1 : 0;
		if (instance->row)
			instance->row->places[place].hits =
			    collector->hits[(size_t)(instance - collector->instances)];
	}
	return true;
}

/* ---- the edges ---- */

static bool list_edges(struct coverage *coverage)
{
	struct callgate_edge edge;
	size_t count = 0;

	while (callgate_simulator_edge(coverage->simulator, count, &edge) == 0)
		count++;
	coverage->edges = ARENA_ARRAY(&coverage->arena, struct coverage_edge, count);
	if (!coverage->edges)
		return false;
	for (; callgate_simulator_edge(coverage->simulator, coverage->edge_count, &edge) == 0;
	     coverage->edge_count++) {
		struct coverage_edge *shown = &coverage->edges[coverage->edge_count];
		const struct callgate_call *call = &edge.example;
		char *name = call->arch ? seccomp_syscall_resolve_num_arch(call->arch, call->nr) : NULL,
		     *text;
		if (asprintf(&text, "%s%s%s", name ? name : "", name ? " on " : "",
		             name ? coverage_arch_name(call->arch) : "") < 0)
			text = NULL;
		free(name);
		shown->edge = edge;
		shown->example = keep(&coverage->arena, text);
		shown->text = keep(&coverage->arena, callgate_explain_edge(&shown->edge));
		if (!shown->example || !shown->text)
			return false;
	}
	return true;
}

static void sum_up(struct coverage *coverage)
{
	for (size_t i = 0; i < coverage->rule_count; i++)
		for (size_t j = 0; j < coverage->rules[i].place_count; j++) {
			coverage->rules_total.all++;
			coverage->rules_total.hit += coverage->rules[i].places[j].hits > 0;
		}
	for (size_t i = 0; i < coverage->edge_count; i++) {
		coverage->edges_total.all++;
		coverage->edges_total.hit += coverage->edges[i].edge.hits > 0;
	}
}

/* ---- together ---- */

static bool start(struct coverage *coverage)
{
	const struct filter *filter = coverage_filter(coverage);
	int result = filter->ctx ? callgate_simulator_new(filter->ctx, &coverage->simulator)
	                         : callgate_simulator_new_program(filter->programs[0], &coverage->simulator);

	if (result < 0)
		cli_error("%s: %s", filter->path, callgate_diagnosis(filter->ctx));
	return result == 0;
}

static bool collect(struct collector *collector)
{
	bool has_rules = coverage_has_rules(collector->coverage);
	bool done = !has_rules || (list_instances(collector) && make_rows(collector) &&
	                           index_rows(collector) && add_defaults(collector));

	done = done && run_tests(collector) && list_edges(collector->coverage);
	arena_finish(&collector->scratch);
	if (!done)
		cli_error("out of memory");
	return done;
}

struct coverage *coverage_collect(const struct test_source *source, size_t filter)
{
	struct coverage *coverage = calloc(1, sizeof(*coverage));
	struct collector collector = {.coverage = coverage};

	if (!coverage) {
		cli_error("out of memory");
		return NULL;
	}
	coverage->source = source;
	coverage->filter = filter;
	if (!start(coverage) || !collect(&collector)) {
		coverage_free(coverage);
		return NULL;
	}
	sum_up(coverage);
	return coverage;
}

const struct filter *coverage_filter(const struct coverage *coverage)
{
	return &coverage->source->filters[coverage->filter];
}

bool coverage_has_rules(const struct coverage *coverage)
{
	return coverage_filter(coverage)->ctx != NULL;
}

void coverage_free(struct coverage *coverage)
{
	if (!coverage)
		return;
	callgate_simulator_free(coverage->simulator);
	arena_finish(&coverage->arena);
	free(coverage);
}
