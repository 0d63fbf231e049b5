/* What comes after the results of `callgate test`: coverage and mutants. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "cli/test_coverage.h"

enum { ALL = 100000 /* thousandths of a percent */ };

typedef VEC(struct coverage_page) page_vec;

/* In thousandths of a percent. */
static bool parse_percentage(const char *text, unsigned int *ret_value)
{
	unsigned int value = 0, unit = 1000;
	const char *at = text;

	for (; isdigit((unsigned char)*at) && value <= ALL; at++)
		value = value * 10 + (unsigned int)(*at - '0') * unit;
	if (at == text)
		return false;
	if (*at == '.' && isdigit((unsigned char)at[1]))
		for (at++; isdigit((unsigned char)*at) && unit > 1; at++)
			value += (unsigned int)(*at - '0') * (unit /= 10);
	*ret_value = value;
	return (*at == '\0' || strcmp(at, "%") == 0) && value <= ALL;
}

bool test_report_check(const struct test_report_options *options)
{
	unsigned int ignored;

	if (!options->min || parse_percentage(options->min, &ignored))
		return true;
	cli_error("--coverage-min takes a percentage from 0 to 100, such as 80%% or 99.5%%, not \"%s\"",
	          options->min);
	return false;
}

static int worse(int status, int other)
{
	return other > status ? other : status;
}

/* ---- as text ---- */

static void print_total(FILE *out, const char *prefix, const char *what, const struct coverage_total *total)
{
	unsigned int permille = coverage_permille(total);

	fprintf(out, "%s  %s: %zu of %zu (%u.%u%%)\n", prefix, what, total->hit, total->all, permille / 10,
	        permille % 10);
}

/* Architectures only where the rule was exercised on others. */
static void print_archs(const struct coverage_rule *rule, FILE *out)
{
	size_t missed = 0;

	if (rule->place_count == 1 && !rule->id)
		return;
	for (size_t i = 0; i < rule->place_count; i++)
		if (!rule->places[i].hits)
			fprintf(out, "%s%s", missed++ ? ", " : " on ",
			        coverage_arch_name(rule->places[i].arch));
}

static void print_rule(const struct coverage *coverage, const struct coverage_rule *rule, FILE *out,
                       const char *prefix)
{
	char action[CALLGATE_ACTION_TEXT];

	if (!coverage_is_missed(rule))
		return;
	callgate_action_text(rule->action, action);
	fprintf(out, "%s  %s:", prefix, coverage_filter(coverage)->path);
	if (rule->line)
		fprintf(out, "%u:%u:", rule->line, rule->column);
	fprintf(out, " not exercised: %s%s%s -> %s", rule->name, *rule->conditions ? " if " : "",
	        rule->conditions, action);
	print_archs(rule, out);
	fputc('\n', out);
}

static void print_edge(const struct coverage_edge *edge, bool stacked, FILE *out, const char *prefix)
{
	if (edge->edge.hits)
		return;
	fprintf(out, "%s  ", prefix);
	if (stacked)
		fprintf(out, "program %zu, ", edge->edge.program);
	fprintf(out, "instruction %zu: not exercised: %s", edge->edge.instruction, edge->text);
	fprintf(out, *edge->example ? ", as %s can come to\n" : "%s\n", edge->example);
}

static void print_coverage(const struct coverage *coverage, FILE *out, const char *prefix)
{
	bool stacked = callgate_simulator_program(coverage->simulator, 1) != NULL;

	fprintf(out, "%scoverage of %s by %s\n", prefix, coverage_filter(coverage)->path,
	        coverage->source->path);
	for (size_t i = 0; i < coverage->rule_count; i++)
		print_rule(coverage, &coverage->rules[i], out, prefix);
	for (size_t i = 0; i < coverage->edge_count; i++)
		print_edge(&coverage->edges[i], stacked, out, prefix);
	if (coverage_has_rules(coverage))
		print_total(out, prefix, "rules", &coverage->rules_total);
	print_total(out, prefix, "edges", &coverage->edges_total);
}

static void print_mutants(const struct mutants *mutants, const struct coverage *coverage, FILE *out,
                          const char *prefix)
{
	const char *path = coverage_filter(coverage)->path;

	fprintf(out, "%smutants of %s\n", prefix, path);
	for (size_t i = 0; i < mutants->survivor_count; i++) {
		const struct mutant *mutant = &mutants->survivors[i];
		fprintf(out, "%s  %s:", prefix, path);
		if (mutant->line)
			fprintf(out, "%u:%u:", mutant->line, mutant->column);
		fprintf(out, " no test notices: %s\n%s    %s\n", mutant->text, prefix, mutant->difference);
	}
	fprintf(out, "%s  %zu: %zu noticed, %zu equivalent, %zu not noticed\n", prefix, mutants->all,
	        mutants->noticed, mutants->equivalent, mutants->survivor_count);
}

/* ---- one filter ---- */

static int check_total(const struct coverage *coverage, const char *what, const struct coverage_total *total,
                       const struct test_report_options *options)
{
	unsigned int permille = coverage_permille(total), min = 0;

	parse_percentage(options->min, &min);
	if ((uint64_t)total->hit * ALL >= (uint64_t)total->all * min)
		return CLI_OK;
	cli_error("%s: %s: coverage of %s is %u.%u%%, below %.*s%%", coverage->source->path,
	          coverage_filter(coverage)->path, what, permille / 10, permille % 10,
	          (int)strcspn(options->min, "%"), options->min);
	return CLI_NO;
}

/* Every test of the filter that can be run has passed. */
static bool is_passed(const struct test_source *source, size_t filter)
{
	for (size_t i = 0; i < source->entry_count; i++)
		if (source->entries[i].test->filter == filter &&
		    source->entries[i].result.status != CALLGATE_TEST_PASSED &&
		    source->entries[i].result.status != CALLGATE_TEST_SKIPPED)
			return false;
	return true;
}

static int mutate(struct coverage_page *page, FILE *out, const char *prefix)
{
	const struct filter *filter = coverage_filter(page->coverage);

	if (!coverage_has_rules(page->coverage)) {
		fprintf(out, "%smutants of %s: none, a program has no rules\n", prefix, filter->path);
		return CLI_OK;
	}
	if (!is_passed(page->coverage->source, page->coverage->filter)) {
		fprintf(out, "%smutants of %s: none are made as long as a test fails\n", prefix,
		        filter->path);
		return CLI_OK;
	}
	page->has_mutants = mutants_run(page->coverage, &page->mutants);
	if (!page->has_mutants)
		return CLI_FAILED;
	print_mutants(&page->mutants, page->coverage, out, prefix);
	return page->mutants.survivor_count ? CLI_NO : CLI_OK;
}

static int report(const struct test_report_options *options, struct coverage_page *page, FILE *out,
                  const char *prefix)
{
	int status = CLI_OK;

	if (options->coverage)
		print_coverage(page->coverage, out, prefix);
	fflush(out); /* before what is said on standard error */
	if (options->min) {
		status = check_total(page->coverage, "rules", &page->coverage->rules_total, options);
		status = worse(status,
		               check_total(page->coverage, "edges", &page->coverage->edges_total, options));
	}
	return options->mutate ? worse(status, mutate(page, out, prefix)) : status;
}

/* ---- all of them ---- */

static bool has_tests(const struct test_source *source, size_t filter)
{
	for (size_t i = 0; i < source->entry_count; i++)
		if (source->entries[i].test->filter == filter)
			return true;
	return false;
}

static int report_source(const struct test_report_options *options, const struct test_source *source,
                         page_vec *pages, FILE *out, const char *prefix)
{
	int status = CLI_OK;

	for (size_t i = 0; i < source->filter_count; i++) {
		const struct filter *filter = &source->filters[i];
		if (!has_tests(source, i) || filter->error || !(filter->ctx || filter->program_count))
			continue;
		struct coverage_page page = {.coverage = coverage_collect(source, i)};
		if (!page.coverage)
			return CLI_FAILED;
		status = worse(status, report(options, &page, out, prefix));
		if (!vec_push(pages, page)) {
			cli_error("out of memory");
			mutants_finish(&page.mutants);
			coverage_free(page.coverage);
			return CLI_FAILED;
		}
	}
	return status;
}

static bool write_page(struct output *html, const page_vec *pages)
{
	if (coverage_page_print(html->stream, pages->items, pages->count))
		return output_commit(html);
	cli_error("out of memory");
	return false;
}

int test_report(const struct test_report_options *options, const struct test_source *sources, size_t count,
                FILE *out, const char *prefix, struct output *html)
{
	page_vec pages = {0};
	int status = CLI_OK;

	if (!options->coverage && !options->min && !options->html && !options->mutate)
		return CLI_OK;
	for (size_t i = 0; i < count && status != CLI_FAILED; i++)
		status = worse(status, report_source(options, &sources[i], &pages, out, prefix));
	if (html->stream && status != CLI_FAILED && !write_page(html, &pages))
		status = CLI_FAILED;
	for (size_t i = 0; i < pages.count; i++) {
		mutants_finish(&pages.items[i].mutants);
		coverage_free(pages.items[i].coverage);
	}
	vec_finish(&pages);
	return status;
}
