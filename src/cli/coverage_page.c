#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/arch.h>

#include "cli/print.h"
#include "cli/test_source.h"

enum {
	RULES_MAX = 40,         /* longer tables are folded, */
	INSTRUCTIONS_MAX = 300, /* and longer listings */
	PLACE_SIZE = 300
};

/* What a section is printed from, and where to. */
struct section {
	FILE *out;
	size_t number;
	const struct coverage_page *page;
	const struct callgate_coverage *coverage;
};

#define PUT(...) html_put(section->out, __VA_ARGS__)

static const char *arch_name(uint32_t arch)
{
	const struct callgate_arch *found = callgate_arch_find(arch);

	return arch && found ? found->name : "";
}

static const char *percent(const struct callgate_coverage_total *total, char text[16])
{
	unsigned int permille = coverage_permille(total);

	snprintf(text, 16, "%u.%u", permille / 10, permille % 10);
	return text;
}

/* "5:12"; "base.policy:5:12" in a file that a policy includes; nothing where there is no line. */
static const char *place(const struct filter *filter, uint32_t rule, char text[PLACE_SIZE])
{
	const char *file;
	unsigned int line, column;

	*text = '\0';
	if (!rule || callgate_profile_rule_place(filter->profile, rule, &file, &line, &column) < 0)
		return text;
	if (strcmp(file, filter->path) == 0)
		snprintf(text, PLACE_SIZE, "%u:%u", line, column);
	else
		snprintf(text, PLACE_SIZE, "%s:%u:%u", file, line, column);
	return text;
}

static void put_test_link(const struct section *section, unsigned int line, bool is_first)
{
	PUT("test-link", TEXT("separator", is_first ? "" : ", "), NUMBER("section", section->number),
	    NUMBER("line", line));
}

/* ---- the numbers at the top ---- */

static void put_tile(const struct section *section, const char *what, const struct callgate_coverage_total *total,
                     const char *words)
{
	char text[16];

	assert(total->hit <= total->all);
	PUT("tile", TEXT("class", total->hit == total->all ? "full" : "part"), TEXT("what", what),
	    TEXT("percent", percent(total, text)), NUMBER("hit", total->hit), NUMBER("all", total->all),
	    TEXT("words", words));
}

static void put_tiles(const struct section *section)
{
	const struct callgate_mutants *mutants = section->page->mutants;

	if (section->page->filter->ctx)
		put_tile(section, "Rules", &section->coverage->rules_total, "exercised");
	put_tile(section, "Edges", &section->coverage->edges_total, "taken");
	if (mutants) {
		struct callgate_coverage_total noticed = {mutants->noticed, mutants->all - mutants->equivalent};
		put_tile(section, "Mutants", &noticed, "noticed");
	}
	PUT("tiles-end");
}

/* ---- the rules ---- */

static void put_rule_end(const struct section *section, const struct callgate_coverage_rule *rule)
{
	unsigned long hits = 0;

	for (size_t i = 0; i < rule->place_count; i++)
		hits += rule->places[i].hits;
	for (size_t i = 0; rule->id && i < rule->place_count; i++) {
		const struct callgate_coverage_place *at = &rule->places[i];
		PUT(at->hits ? "rule-arch-hit" : "rule-arch-missed", TEXT("arch", arch_name(at->arch)),
		    NUMBER("calls", at->hits));
	}
	PUT("rule-count", NUMBER("calls", hits));
	for (size_t i = 0; i < rule->test_count; i++)
		put_test_link(section, rule->tests[i], i == 0);
	if (!rule->test_count)
		PUT("none");
	PUT("row-end");
}

static void put_rule(const struct section *section, const struct callgate_coverage_rule *rule)
{
	char action[CALLGATE_ACTION_TEXT], text[PLACE_SIZE];

	PUT("rule", TEXT("class", rule->missed ? "miss" : "hit"),
	    TEXT("place", place(section->page->filter, rule->id, text)),
	    TEXT("call-class", rule->id ? "call" : "call other"), TEXT("call", rule->name));
	if (*rule->conditions)
		PUT("rule-if", TEXT("conditions", rule->conditions));
	callgate_action_text(rule->action, action);
	PUT("rule-action", TEXT("class", html_action_class(rule->action)), TEXT("action", action));
	put_rule_end(section, rule);
}

static void put_rule_table(const struct section *section, bool only_missed)
{
	const struct callgate_coverage *coverage = section->coverage;

	PUT("rule-table", TEXT("class", only_missed ? "list" : ""));
	for (size_t i = 0; i < coverage->rule_count; i++)
		if (!only_missed || coverage->rules[i].missed)
			put_rule(section, &coverage->rules[i]);
	PUT("table-end");
}

static void put_rules(const struct section *section)
{
	size_t count = section->coverage->rule_count;

	if (!section->page->filter->ctx)
		return;
	PUT("rules", TEXT("open", count <= RULES_MAX ? " open" : ""), NUMBER("count", count));
	put_rule_table(section, false);
	PUT("rules-end");
}

/* ---- what is missed ---- */

static void put_missed_edges(const struct section *section)
{
	const struct callgate_coverage *coverage = section->coverage;
	bool stacked = callgate_simulator_program(coverage->simulator, 1) != NULL;
	char text[PLACE_SIZE];

	PUT("missed-edges");
	for (size_t i = 0; i < coverage->edge_count; i++) {
		const struct callgate_coverage_edge *edge = &coverage->edges[i];
		if (edge->edge.hits)
			continue;
		if (stacked)
			snprintf(text, sizeof(text), "%zu:%zu", edge->edge.program, edge->edge.instruction);
		else
			snprintf(text, sizeof(text), "%zu", edge->edge.instruction);
		PUT("missed-edge", TEXT("place", text), TEXT("condition", edge->text));
		if (*edge->example)
			PUT("missed-edge-call", TEXT("call", edge->example));
		PUT("missed-edge-end");
	}
	PUT("missed-edges-end");
}

static void put_missed(const struct section *section)
{
	const struct callgate_coverage *coverage = section->coverage;
	bool rules = coverage->rules_total.hit < coverage->rules_total.all;
	bool edges = coverage->edges_total.hit < coverage->edges_total.all;

	if (rules || edges)
		PUT("missed");
	if (rules)
		put_rule_table(section, true);
	if (edges)
		put_missed_edges(section);
}

static void put_mutants(const struct section *section)
{
	const struct callgate_mutants *mutants = section->page->mutants;
	char text[PLACE_SIZE];

	if (!mutants || mutants->survivor_count == 0)
		return;
	PUT("mutants", NUMBER("all", mutants->all), NUMBER("equivalent", mutants->equivalent),
	    NUMBER("survivors", mutants->survivor_count));
	for (size_t i = 0; i < mutants->survivor_count; i++) {
		const struct callgate_mutant *mutant = &mutants->survivors[i];
		PUT("mutant", TEXT("place", place(section->page->filter, mutant->rule, text)),
		    TEXT("mutant", mutant->text), TEXT("difference", mutant->difference));
	}
	PUT("table-end");
}

/* ---- the text of the profile, with what became of each name in it ---- */

/* The rules from `rule` to `end` stand in one line of the profile, those of one name together. */
struct source_line {
	const struct callgate_coverage_rule *rule, *end;
};

static void put_arch_hits(const struct section *section, const struct source_line *line)
{
	for (const struct callgate_coverage_rule *at = line->rule; at < line->end; at++)
		for (size_t i = 0; i < at->place_count; i++)
			PUT(at->places[i].hits ? "source-arch-hit" : "source-arch-missed",
			    TEXT("separator", at == line->rule && i == 0 ? "" : ", "),
			    TEXT("arch", arch_name(at->places[i].arch)), NUMBER("calls", at->places[i].hits));
}

static const char *line_class(const struct source_line *line, const char *otherwise)
{
	for (const struct callgate_coverage_rule *at = line->rule; at < line->end; at++)
		if (at->missed)
			return "miss";
	return otherwise;
}

/* How many bytes the string in quotes at `text` has, or what comes in its place. */
static size_t token_length(const char *text)
{
	size_t length = 1;

	if (*text != '"')
		return *text != '\0';
	for (; text[length] && text[length] != '"'; length++)
		length += text[length] == '\\' && text[length + 1];
	return text[length] ? length + 1 : length;
}

/* The bytes before a column, which counts characters of UTF-8 from 1. */
static size_t column_offset(const char *text, unsigned int column)
{
	size_t offset = 0;

	for (unsigned int at = 1; text[offset]; offset++)
		if ((text[offset] & 0xc0) != 0x80 && at++ == column)
			break;
	return offset;
}

static void put_annotated(const struct section *section, const char *text, const struct source_line *line)
{
	size_t done = 0, length = strlen(text);

	for (struct source_line name = {.rule = line->rule}; name.rule < line->end; name.rule = name.end) {
		for (name.end = name.rule + 1; name.end < line->end && name.end->column == name.rule->column;
		     name.end++)
			;
		size_t offset = column_offset(text, name.rule->column);
		if (offset < done)
			continue;
		html_escape(section->out, text + done, offset - done);
		done = offset + token_length(text + offset);
		PUT("source-mark", TEXT("class", line_class(&name, "hit")));
		put_arch_hits(section, &name);
		PUT("source-marked");
		html_escape(section->out, text + offset, done - offset);
		PUT("source-mark-end");
	}
	assert(done <= length);
	html_escape(section->out, text + done, length - done);
}

static bool exercises(const struct source_line *line, unsigned int test)
{
	for (const struct callgate_coverage_rule *rule = line->rule; rule < line->end; rule++)
		for (size_t i = 0; i < rule->test_count; i++)
			if (rule->tests[i] == test)
				return true;
	return false;
}

/* Links to all tests that exercise a rule of this line. */
static void put_tests_of(const struct section *section, const struct source_line *line)
{
	const struct test_source *source = section->page->source;
	bool is_first = true;

	for (size_t i = 0; line->rule < line->end && i < source->entry_count; i++) {
		const struct callgate_test *test = source->entries[i].test;
		if (test->filter != section->page->index || !exercises(line, test->line))
			continue;
		put_test_link(section, test->line, is_first);
		is_first = false;
	}
}

/* Nothing if it can't be read again. */
static void put_source(const struct section *section)
{
	const struct callgate_coverage_rule *rule = section->coverage->rules,
	                                    *end = rule + section->coverage->rule_count;
	FILE *file = section->page->filter->ctx ? fopen(section->page->filter->path, "re") : NULL;
	size_t capacity = 0;
	char *text = NULL;

	if (!file)
		return;
	PUT("source");
	for (unsigned int number = 1; getline(&text, &capacity, file) >= 0; number++) {
		struct source_line line;
		text[strcspn(text, "\r\n")] = '\0';
		while (rule < end && rule->line < number)
			rule++;
		line.rule = rule;
		while (rule < end && rule->line == number)
			rule++;
		line.end = rule;
		PUT("source-line", TEXT("class", line_class(&line, "")), NUMBER("line", number));
		put_annotated(section, text, &line);
		PUT("source-tests");
		put_tests_of(section, &line);
		PUT("row-end");
	}
	PUT("table-end");
	free(text);
	fclose(file);
}

/* ---- the tests ---- */

static void put_tests(const struct section *section)
{
	static const char *const results[] = {"passed", "failed", "skipped", "failed"}; /* ORDER callgate_test_status */
	const struct test_source *source = section->page->source;
	const char *heading = "";

	PUT("tests");
	for (size_t i = 0; i < source->entry_count; i++) {
		const struct test_entry *entry = &source->entries[i];
		if (entry->test->filter != section->page->index)
			continue;
		if (strcmp(heading, entry->test->heading) != 0)
			PUT("test-heading", TEXT("heading", entry->test->heading));
		heading = entry->test->heading;
		PUT("test", NUMBER("section", section->number), NUMBER("line", entry->test->line),
		    TEXT("result", results[entry->result.status]), TEXT("test", entry->test->text));
		if (entry->result.text)
			PUT("if", TEXT("text", entry->result.text));
		PUT("row-end");
	}
	PUT("table-end");
}

/* ---- the programs ---- */

/* How often an edge was taken, and what held there. */
static void put_edge(const struct section *section, const struct callgate_coverage_edge *edge)
{
	PUT("edge", TEXT("class", edge->edge.hits ? "hit" : "miss"), NUMBER("calls", edge->edge.hits),
	    TEXT("condition", edge->text));
	if (!edge->edge.hits && *edge->example)
		PUT("edge-call", TEXT("call", edge->example));
	PUT("edge-end");
}

/* The listing says the instruction's number, codes and constant first; here the words are enough. */
static const char *words_of(const char *line)
{
	const char *constant = strstr(line, "0x");
	size_t length = strlen(line), start = constant ? (size_t)(constant - line) + 12 : 0;

	return line + (start <= length ? start : 0);
}

static void put_listing(const struct section *section, size_t program, char *text)
{
	const struct callgate_coverage *coverage = section->coverage;
	char *rest = NULL, *line = strtok_r(text, "\n", &rest);
	size_t edge = 0;

	while (edge < coverage->edge_count && coverage->edges[edge].edge.program < program)
		edge++;
	for (size_t index = 0; line; index++, line = strtok_r(NULL, "\n", &rest)) {
		const struct callgate_coverage_edge *sides = &coverage->edges[edge];
		bool branches = edge + 1 < coverage->edge_count && sides->edge.program == program &&
		                sides->edge.instruction == index;
		bool missed = branches && (!sides[0].edge.hits || !sides[1].edge.hits);
		PUT("instruction", TEXT("class", missed ? "miss" : ""), NUMBER("index", index),
		    TEXT("text", words_of(line)));
		for (int i = 0; branches && i < 2; i++)
			put_edge(section, &coverage->edges[edge++]);
		if (!branches)
			PUT("no-edges");
		PUT("instruction-end");
	}
}

static bool put_programs(const struct section *section)
{
	const struct callgate_program *program;

	for (size_t i = 0; (program = callgate_simulator_program(section->coverage->simulator, i)); i++) {
		size_t length = callgate_program_length(program);
		char *text = callgate_program_disassemble(program);
		if (!text)
			return false;
		PUT("program", TEXT("open", length <= INSTRUCTIONS_MAX ? " open" : ""), NUMBER("count", length));
		put_listing(section, i, text);
		PUT("program-end");
		free(text);
	}
	return true;
}

/* ---- the page ---- */

static bool put_section(FILE *out, const struct coverage_page *page, size_t number)
{
	const struct section section = {out, number, page, page->coverage};
	const struct test_source *source = page->source;
	const struct callgate_test_filter *filter = callgate_test_file_filter(source->file, page->index);

	html_put(out, "section", NUMBER("section", number), TEXT("filter", page->filter->path),
	         TEXT("tests", source->path));
	for (size_t i = 0; filter && i < filter->arch_count; i++)
		html_put(out, "section-arch", TEXT("separator", i ? ", " : " for "),
		         TEXT("arch", arch_name(filter->archs[i])));
	html_put(out, "section-tiles");
	put_tiles(&section);
	put_missed(&section);
	put_mutants(&section);
	put_source(&section);
	put_rules(&section);
	put_tests(&section);
	bool done = put_programs(&section);
	html_put(out, "section-end");
	return done;
}

static void put_contents(FILE *out, const struct coverage_page *pages, size_t count)
{
	char rules[16], edges[16];

	html_put(out, "contents");
	for (size_t i = 0; i < count; i++) {
		const struct callgate_coverage *coverage = pages[i].coverage;
		html_put(out, "contents-row", NUMBER("section", i), TEXT("filter", pages[i].filter->path),
		         TEXT("tests", pages[i].source->path), TEXT("rules", percent(&coverage->rules_total, rules)),
		         TEXT("edges", percent(&coverage->edges_total, edges)));
	}
	html_put(out, "contents-end");
}

bool coverage_page_print(FILE *out, const struct coverage_page *pages, size_t count)
{
	bool done = true;

	html_begin(out, "Coverage of filters by their tests");
	if (count > 1)
		put_contents(out, pages, count);
	for (size_t i = 0; i < count && done; i++)
		done = put_section(out, &pages[i], i);
	html_end(out);
	return done;
}
