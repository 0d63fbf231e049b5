#include "cli/test_coverage.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/arch.h>
#include <callgate/diagnosis.h>

#include "base/strbuf.h"

enum { DEFAULTS = 3 };

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

	assert(found);
	return found ? found->name : "?";
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

/* A rule on one architecture: a row with one place, before equal ones become one row. */
struct instance {
	struct coverage_rule rule;
	struct coverage_place place;
};

static bool fill_instance(struct coverage *coverage, struct instance *instance,
                          const struct callgate_rule *rule)
{
	char *name = seccomp_syscall_resolve_num_arch(rule->arch, rule->nr);
	struct coverage_rule *row = &instance->rule;

	if (!name && asprintf(&name, "call %d", rule->nr) < 0)
		return false;
	row->id = rule->id;
	row->action = rule->action;
	row->name = keep(&coverage->arena, name);
	row->conditions = keep(&coverage->arena, print_conditions(rule));
	callgate_profile_rule_origin(coverage_filter(coverage)->profile, rule->id, &row->line, &row->column);
	return row->name && row->conditions;
}

static int compare_rules(const struct coverage_rule *x, const struct coverage_rule *y)
{
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	if (x->action != y->action)
		return x->action < y->action ? -1 : 1;
	int names = strcmp(x->name, y->name);
	return names ? names : strcmp(x->conditions, y->conditions);
}

/* Within a row in the order of the filter. */
static int by_rule(const void *a, const void *b)
{
	const struct instance *x = a, *y = b;
	int order = compare_rules(&x->rule, &y->rule);

	return order ? order : (x->place.index > y->place.index) - (x->place.index < y->place.index);
}

/* Makes rows of equal neighbours. */
static void add_rows(struct coverage *coverage, const struct instance *instances, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || compare_rules(&instances[i - 1].rule, &instances[i].rule) != 0) {
			struct coverage_rule *row = &coverage->rules[coverage->rule_count++];
			*row = instances[i].rule;
			row->places = &coverage->places[i];
		}
		coverage->places[i] = instances[i].place;
		coverage->rules[coverage->rule_count - 1].place_count++;
	}
}

/* Rules without an id are defaults, which are no entries of the profile. */
static bool list_rules(struct coverage *coverage, struct arena *scratch)
{
	struct callgate_rule rule;
	size_t count = 0, most = 0;

	while (callgate_simulator_rule(coverage->simulator, most, &rule) == 0)
		most++;
	struct instance *instances = ARENA_ARRAY(scratch, struct instance, most);
	coverage->rules = ARENA_ARRAY(&coverage->arena, struct coverage_rule, most + DEFAULTS);
	coverage->places = ARENA_ARRAY(&coverage->arena, struct coverage_place, most + DEFAULTS);
	if (!instances || !coverage->rules || !coverage->places)
		return false;
	for (size_t i = 0; i < most; i++) {
		callgate_simulator_rule(coverage->simulator, i, &rule);
		if (rule.id == 0)
			continue;
		struct instance *instance = &instances[count++];
		instance->place = (struct coverage_place){.arch = rule.arch, .id = rule.id, .index = i};
		if (!fill_instance(coverage, instance, &rule))
			return false;
	}
	qsort(instances, count, sizeof(*instances), by_rule);
	add_rows(coverage, instances, count);
	coverage->place_count = count;
	return true;
}

/* ---- the defaults ---- */

/* What the filter answers on any of its architectures; false: it never gives this reason. */
static bool find_default(const struct coverage *coverage, enum callgate_reason reason, uint32_t *ret_action)
{
	for (size_t i = 0; callgate_arch_at(i); i++)
		if (callgate_simulator_default(coverage->simulator, reason, callgate_arch_at(i)->token,
		                               ret_action) == 0)
			return true;
	return false;
}

static void add_defaults(struct coverage *coverage)
{
	static const struct {
		const char *name;
		enum callgate_reason reason;
	} defaults[DEFAULTS] = {{"other calls", CALLGATE_REASON_DEFAULT},
	                        {"unknown calls", CALLGATE_REASON_UNKNOWN},
	                        {"other architectures", CALLGATE_REASON_BAD_ARCH}};

	for (int i = 0; i < DEFAULTS; i++) {
		struct coverage_place *place = &coverage->places[coverage->place_count];
		uint32_t action;
		if (!find_default(coverage, defaults[i].reason, &action))
			continue;
		*place = (struct coverage_place){.reason = defaults[i].reason};
		coverage->place_count++;
		coverage->rules[coverage->rule_count++] = (struct coverage_rule){.name = defaults[i].name,
		                                                                 .conditions = "",
		                                                                 .action = action,
		                                                                 .place_count = 1,
		                                                                 .places = place};
	}
}

/* ---- the tests ---- */

static unsigned long count_hits(const struct coverage *coverage, const struct coverage_place *place)
{
	struct callgate_rule rule;

	if (!place->id)
		return callgate_simulator_reason_hits(coverage->simulator, place->reason);
	callgate_simulator_rule(coverage->simulator, place->index, &rule);
	return rule.hits;
}

/* Notes which rules have more hits than before the test in this line. */
static bool note_hits(struct coverage *coverage, unsigned int line)
{
	for (size_t i = 0; i < coverage->rule_count; i++) {
		struct coverage_rule *row = &coverage->rules[i];
		bool hit = false;
		for (size_t j = 0; j < row->place_count; j++) {
			unsigned long hits = count_hits(coverage, &row->places[j]);
			hit = hit || hits > row->places[j].hits;
			row->places[j].hits = hits;
		}
		if (!hit || (row->test_count && row->tests[row->test_count - 1] == line))
			continue;
		if (!row->tests)
			row->tests =
			    ARENA_ARRAY(&coverage->arena, unsigned int, coverage->source->entry_count);
		if (!row->tests)
			return false;
		assert(row->test_count < coverage->source->entry_count);
		row->tests[row->test_count++] = line;
	}
	return true;
}

static bool run_test(struct coverage *coverage, const struct test_entry *entry)
{
	struct callgate_test_result result;

	if (callgate_test_run(coverage->source->file, entry->index, coverage->source->sides,
	                      coverage->simulator, &result) < 0)
		return false;
	callgate_test_result_finish(&result);
	return note_hits(coverage, entry->test->line);
}

/* Only what passes says something about all of its calls. */
static bool is_about_calls(const struct test_entry *entry)
{
	return entry->result.status == CALLGATE_TEST_PASSED && entry->test->kind != CALLGATE_TEST_LIVE &&
	       entry->test->kind != CALLGATE_TEST_NO_WEAKER;
}

static bool run_tests(struct coverage *coverage)
{
	const struct test_source *source = coverage->source;

	for (size_t i = 0; i < source->entry_count; i++)
		if (source->entries[i].test->filter == coverage->filter &&
		    is_about_calls(&source->entries[i]) && !run_test(coverage, &source->entries[i]))
			return false;
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

static bool collect(struct coverage *coverage)
{
	struct arena scratch = {0};
	bool done = !coverage_has_rules(coverage) || list_rules(coverage, &scratch);

	arena_finish(&scratch);
	if (done && coverage_has_rules(coverage))
		add_defaults(coverage);
	done = done && run_tests(coverage) && list_edges(coverage);
	if (!done)
		cli_error("out of memory");
	return done;
}

struct coverage *coverage_collect(const struct test_source *source, size_t filter)
{
	struct coverage *coverage = calloc(1, sizeof(*coverage));

	if (!coverage) {
		cli_error("out of memory");
		return NULL;
	}
	coverage->source = source;
	coverage->filter = filter;
	if (!start(coverage) || !collect(coverage)) {
		coverage_free(coverage);
		return NULL;
	}
	sum_up(coverage);
	return coverage;
}

static bool has_line(const struct coverage_rule *rule, unsigned int line)
{
	for (size_t i = 0; i < rule->test_count; i++)
		if (rule->tests[i] == line)
			return true;
	return false;
}

bool coverage_exercises(const struct coverage *coverage, uint32_t id, unsigned int line)
{
	for (size_t i = 0; i < coverage->rule_count; i++)
		for (size_t j = 0; j < coverage->rules[i].place_count; j++)
			if (coverage->rules[i].places[j].id == id)
				return has_line(&coverage->rules[i], line);
	return false;
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
