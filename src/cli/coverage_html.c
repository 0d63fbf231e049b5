#include "cli/coverage_html.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/version.h>

#include "cli/coverage_html_private.h"

enum { OPEN_MAX = 40 /* rules; longer tables are folded */ };

void html_text(struct strbuf *out, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			strbuf_append(out, "&amp;");
			break;
		case '<':
			strbuf_append(out, "&lt;");
			break;
		case '>':
			strbuf_append(out, "&gt;");
			break;
		case '"':
			strbuf_append(out, "&quot;");
			break;
		default:
			strbuf_append_bytes(out, text, 1);
		}
}

/* ---- the numbers at the top ---- */

static void tile(struct strbuf *out, const char *what, const struct coverage_total *total, const char *words)
{
	unsigned int permille = coverage_permille(total);
	const char *class = total->hit == total->all ? "full" : "part";

	strbuf_printf(
	    out, "<div class=\"tile %s\"><div class=\"what\">%s</div><div class=\"percent\">%u.%u%%</div>",
	    class, what, permille / 10, permille % 10);
	strbuf_printf(out,
	              "<div class=\"bar\"><i style=\"width:%u.%u%%\"></i></div><div class=\"words\">%zu of "
	              "%zu %s</div></div>\n",
	              permille / 10, permille % 10, total->hit, total->all, words);
}

static void tiles(struct strbuf *out, const struct coverage_page *page)
{
	const struct mutants *mutants = &page->mutants;
	struct coverage_total noticed = {mutants->noticed, mutants->all - mutants->equivalent};

	strbuf_append(out, "<div class=\"tiles\">\n");
	if (coverage_has_rules(page->coverage))
		tile(out, "Rules", &page->coverage->rules_total, "exercised");
	tile(out, "Edges", &page->coverage->edges_total, "taken");
	if (page->has_mutants)
		tile(out, "Mutants", &noticed, "noticed");
	strbuf_append(out, "</div>\n");
}

/* ---- the rules ---- */

static const char *action_class(uint32_t action)
{
	switch (action & 0xffff0000u) {
	case SCMP_ACT_ALLOW:
	case SCMP_ACT_LOG:
		return "allow";
	case SCMP_ACT_KILL_PROCESS:
	case SCMP_ACT_KILL_THREAD:
		return "kill";
	default:
		return "deny";
	}
}

static void rule_places(struct strbuf *out, const struct coverage_rule *rule)
{
	strbuf_append(out, "<td>");
	for (size_t i = 0; rule->id && i < rule->place_count; i++) {
		const struct coverage_place *place = &rule->places[i];
		strbuf_printf(out, "<span class=\"arch %s\" title=\"", place->hits ? "hit" : "miss");
		if (place->hits)
			strbuf_printf(out, "%lu calls of the tests\">", place->hits);
		else
			strbuf_append(out, "no test exercises it here\">");
		html_text(out, coverage_arch_name(place->arch));
		strbuf_append(out, "</span> ");
	}
	strbuf_append(out, "</td>");
}

static void rule_tests(struct strbuf *out, const struct coverage_rule *rule, size_t section)
{
	strbuf_append(out, "<td class=\"tests\">");
	for (size_t i = 0; i < rule->test_count; i++)
		strbuf_printf(out, "%s<a href=\"#s%zu-t%u\">%u</a>", i ? ", " : "", section, rule->tests[i],
		              rule->tests[i]);
	if (!rule->test_count)
		strbuf_append(out, "none");
	strbuf_append(out, "</td>");
}

static size_t count_missed(const struct coverage_rule *rule)
{
	size_t missed = 0;

	for (size_t i = 0; i < rule->place_count; i++)
		missed += rule->places[i].hits == 0;
	return missed;
}

static void rule_row(struct strbuf *out, const struct coverage_rule *rule, size_t section)
{
	char action[CALLGATE_ACTION_TEXT];
	unsigned long hits = 0;

	for (size_t i = 0; i < rule->place_count; i++)
		hits += rule->places[i].hits;
	callgate_action_text(rule->action, action);
	strbuf_printf(out, "<tr class=\"%s\"><td class=\"place\">", count_missed(rule) ? "miss" : "hit");
	if (rule->line)
		strbuf_printf(out, "%u:%u", rule->line, rule->column);
	strbuf_printf(out, "</td><td class=\"%s\"><code>", rule->id ? "call" : "call other");
	html_text(out, rule->name);
	strbuf_append(out, "</code>");
	if (*rule->conditions) {
		strbuf_append(out, "<span class=\"if\">if ");
		html_text(out, rule->conditions);
		strbuf_append(out, "</span>");
	}
	strbuf_printf(out, "</td><td><span class=\"action %s\">", action_class(rule->action));
	html_text(out, action);
	strbuf_append(out, "</span></td>");
	rule_places(out, rule);
	strbuf_printf(out, "<td class=\"count\">%lu</td>", hits);
	rule_tests(out, rule, section);
	strbuf_append(out, "</tr>\n");
}

static void rule_table(struct strbuf *out, const struct coverage *coverage, size_t section, bool only_missed)
{
	strbuf_printf(out,
	              "<table%s><thead><tr><th>Place</th><th>Call</th><th>Action</th><th>On</th>"
	              "<th class=\"count\">Calls</th><th>Tests</th></tr></thead><tbody>\n",
	              only_missed ? " class=\"list\"" : "");
	for (size_t i = 0; i < coverage->rule_count; i++)
		if (!only_missed || count_missed(&coverage->rules[i]))
			rule_row(out, &coverage->rules[i], section);
	strbuf_append(out, "</tbody></table>\n");
}

static void missed(struct strbuf *out, const struct coverage *coverage, size_t section)
{
	bool rules = coverage->rules_total.hit < coverage->rules_total.all;

	if (!rules && coverage->edges_total.hit == coverage->edges_total.all)
		return;
	strbuf_append(out, "<h3>Not exercised</h3>\n");
	if (rules)
		rule_table(out, coverage, section, true);
	html_missed_edges(out, coverage);
}

static void rules(struct strbuf *out, const struct coverage *coverage, size_t section)
{
	if (!coverage_has_rules(coverage))
		return;
	strbuf_printf(out,
	              "<h3>Rules</h3>\n<details%s><summary>%zu rules in the order of the profile, with the "
	              "calls of the tests "
	              "that each decided, and the lines of these tests</summary>\n",
	              coverage->rule_count <= OPEN_MAX ? " open" : "", coverage->rule_count);
	rule_table(out, coverage, section, false);
	strbuf_append(out, "</details>\n");
}

/* ---- mutants and tests ---- */

static void survivors(struct strbuf *out, const struct coverage_page *page)
{
	const struct mutants *mutants = &page->mutants;

	if (!page->has_mutants || mutants->survivor_count == 0)
		return;
	strbuf_printf(out,
	              "<h3>Not noticed</h3>\n<p>The filter was weakened in one place at a time, %zu times. "
	              "%zu of these "
	              "mutants answer every call as before; of the others no test noticed %zu.</p>\n",
	              mutants->all, mutants->equivalent, mutants->survivor_count);
	strbuf_append(out, "<table class=\"list\"><thead><tr><th>Place</th><th>Mutant, and a call that shows "
	                   "it</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < mutants->survivor_count; i++) {
		const struct mutant *mutant = &mutants->survivors[i];
		strbuf_append(out, "<tr class=\"miss\"><td class=\"place\">");
		if (mutant->line)
			strbuf_printf(out, "%u:%u", mutant->line, mutant->column);
		strbuf_append(out, "</td><td>");
		html_text(out, mutant->text);
		strbuf_append(out, "<span class=\"if\">");
		html_text(out, mutant->difference);
		strbuf_append(out, "</span></td></tr>\n");
	}
	strbuf_append(out, "</tbody></table>\n");
}

static void test_row(struct strbuf *out, const struct test_entry *entry, size_t section)
{
	static const char *const classes[] = {"passed", "failed", "skipped",
	                                      "failed"}; /* ORDER callgate_test_status */

	strbuf_printf(
	    out, "<tr id=\"s%zu-t%u\"><td class=\"place\">%u</td><td class=\"result %s\">%s</td><td><code>",
	    section, entry->test->line, entry->test->line, classes[entry->result.status],
	    classes[entry->result.status]);
	html_text(out, entry->test->text);
	strbuf_append(out, "</code>");
	if (entry->result.text) {
		strbuf_append(out, "<span class=\"if\">");
		html_text(out, entry->result.text);
		strbuf_append(out, "</span>");
	}
	strbuf_append(out, "</td></tr>\n");
}

static void tests(struct strbuf *out, const struct coverage *coverage, size_t section)
{
	const struct test_source *source = coverage->source;
	const char *heading = "";

	strbuf_append(out, "<h3>Tests</h3>\n<table><thead><tr><th>Line</th><th>Result</th><th>Test</th></"
	                   "tr></thead><tbody>\n");
	for (size_t i = 0; i < source->entry_count; i++) {
		const struct callgate_test *test = source->entries[i].test;
		if (test->filter != coverage->filter)
			continue;
		if (strcmp(heading, test->heading) != 0) {
			strbuf_append(out, "<tr class=\"heading\"><td></td><td></td><td>");
			html_text(out, test->heading);
			strbuf_append(out, "</td></tr>\n");
		}
		heading = test->heading;
		test_row(out, &source->entries[i], section);
	}
	strbuf_append(out, "</tbody></table>\n");
}

/* ---- the page ---- */

static void section(struct strbuf *out, const struct coverage_page *page, size_t index)
{
	const struct callgate_test_filter *filter =
	    callgate_test_file_filter(page->coverage->source->file, page->coverage->filter);

	strbuf_printf(out, "<section id=\"s%zu\">\n<h2>", index);
	html_text(out, coverage_filter(page->coverage)->path);
	strbuf_append(out, "</h2>\n<p>tested by <code>");
	html_text(out, page->coverage->source->path);
	strbuf_append(out, "</code>");
	for (size_t i = 0; filter && i < filter->arch_count; i++) {
		strbuf_append(out, i ? ", " : " for ");
		html_text(out, coverage_arch_name(filter->archs[i]));
	}
	strbuf_append(out, "</p>\n");
	tiles(out, page);
	missed(out, page->coverage, index);
	survivors(out, page);
	html_source(out, page->coverage, index);
	rules(out, page->coverage, index);
	tests(out, page->coverage, index);
	html_programs(out, page->coverage);
	strbuf_append(out, "</section>\n");
}

static void contents(struct strbuf *out, const struct coverage_page *pages, size_t count)
{
	if (count < 2)
		return;
	strbuf_append(out, "<nav><table><thead><tr><th>Filter</th><th>Tests</th><th "
	                   "class=\"count\">Rules</th><th class=\"count\">Edges</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < count; i++) {
		const struct coverage *coverage = pages[i].coverage;
		unsigned int rules_permille = coverage_permille(&coverage->rules_total);
		unsigned int edges_permille = coverage_permille(&coverage->edges_total);
		strbuf_printf(out, "<tr><td><a href=\"#s%zu\">", i);
		html_text(out, coverage_filter(coverage)->path);
		strbuf_append(out, "</a></td><td><code>");
		html_text(out, coverage->source->path);
		strbuf_printf(
		    out,
		    "</code></td><td class=\"count\">%u.%u%%</td><td class=\"count\">%u.%u%%</td></tr>\n",
		    rules_permille / 10, rules_permille % 10, edges_permille / 10, edges_permille % 10);
	}
	strbuf_append(out, "</tbody></table></nav>\n");
}

bool coverage_html_print(FILE *stream, const struct coverage_page *pages, size_t count)
{
	struct strbuf out = {0};

	strbuf_append(&out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	                    "<title>Coverage of filters by their tests</title>\n<style>\n");
	strbuf_append(&out, html_style);
	strbuf_append(&out,
	              "</style>\n</head>\n<body>\n<main>\n<h1>Coverage of filters by their tests</h1>\n");
	contents(&out, pages, count);
	for (size_t i = 0; i < count; i++)
		section(&out, &pages[i], i);
	strbuf_printf(&out, "<footer>callgate %s</footer>\n</main>\n</body>\n</html>\n", callgate_version());
	size_t size = out.length;
	char *text = strbuf_steal(&out);

	if (text)
		fwrite(text, 1, size, stream);
	free(text);
	return text != NULL;
}
