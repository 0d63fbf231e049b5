/* What comes after the results of `callgate test`: coverage and mutants. */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <callgate/action.h>
#include <callgate/arch.h>
#include <callgate/diagnosis.h>

#include "base/vec.h"
#include "cli/print.h"
#include "cli/test_source.h"

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
	cli_error("--coverage-min takes a percentage from 0 to 100, such as 80%% or 99.5%%, not \"%s\"", options->min);
	return false;
}

static int worse(int status, int other)
{
	return other > status ? other : status;
}

/* ---- as text ---- */

static void print_total(FILE *out, const char *prefix, const char *what, const struct callgate_coverage_total *total)
{
	unsigned int permille = coverage_permille(total);

	fprintf(out, "%s  %s: %zu of %zu (%u.%u%%)\n", prefix, what, total->hit, total->all, permille / 10,
	        permille % 10);
}

/* The beginning of a line about a rule: its place in the profile, or in a file that this includes. */
static void print_place(FILE *out, const char *prefix, const struct filter *filter, uint32_t rule)
{
	const char *file = filter->path;
	unsigned int line = 0, column;

	if (rule)
		(void)callgate_profile_rule_place(filter->profile, rule, &file, &line, &column);
	print_safely(out, "%s  %s:", prefix, file);
	if (line)
		fprintf(out, "%u:%u:", line, column);
}

/* With the architectures where it is not exercised. */
static void print_rule(const struct filter *filter, const struct callgate_coverage_rule *rule, FILE *out,
                       const char *prefix)
{
	char action[CALLGATE_ACTION_TEXT];
	size_t missed = 0;

	callgate_action_text(rule->action, action);
	print_place(out, prefix, filter, rule->id);
	print_safely(out, " not exercised: %s%s%s -> %s", rule->name, *rule->conditions ? " if " : "", rule->conditions,
	             action);
	for (size_t i = 0; rule->id && i < rule->place_count; i++)
		if (!rule->places[i].hits)
			fprintf(out, "%s%s", missed++ ? ", " : " on ", callgate_arch_find(rule->places[i].arch)->name);
	fputc('\n', out);
}

static void print_edge(const struct callgate_coverage_edge *edge, bool stacked, FILE *out, const char *prefix)
{
	fprintf(out, "%s  ", prefix);
	if (stacked)
		fprintf(out, "program %zu, ", edge->edge.program);
	fprintf(out, "instruction %zu: not exercised: %s", edge->edge.instruction, edge->text);
	fprintf(out, *edge->example ? ", as %s can come to\n" : "%s\n", edge->example);
}

static void print_coverage(const struct coverage_page *page, FILE *out, const char *prefix)
{
	const struct callgate_coverage *coverage = page->coverage;
	bool stacked = callgate_simulator_program(coverage->simulator, 1) != NULL;

	print_safely(out, "%scoverage of %s by %s\n", prefix, page->filter->path, page->source->path);
	for (size_t i = 0; i < coverage->rule_count; i++)
		if (coverage->rules[i].missed)
			print_rule(page->filter, &coverage->rules[i], out, prefix);
	for (size_t i = 0; i < coverage->edge_count; i++)
		if (!coverage->edges[i].edge.hits)
			print_edge(&coverage->edges[i], stacked, out, prefix);
	if (page->filter->ctx)
		print_total(out, prefix, "rules", &coverage->rules_total);
	print_total(out, prefix, "edges", &coverage->edges_total);
}

static void print_mutants(const struct callgate_mutants *mutants, const struct filter *filter, FILE *out,
                          const char *prefix)
{
	print_safely(out, "%smutants of %s\n", prefix, filter->path);
	for (size_t i = 0; i < mutants->survivor_count; i++) {
		const struct callgate_mutant *mutant = &mutants->survivors[i];
		print_place(out, prefix, filter, mutant->rule);
		print_safely(out, " no test notices: %s\n%s    %s\n", mutant->text, prefix, mutant->difference);
	}
	fprintf(out, "%s  %zu: %zu noticed, %zu equivalent, %zu not noticed\n", prefix, mutants->all, mutants->noticed,
	        mutants->equivalent, mutants->survivor_count);
}

/* ---- one filter ---- */

static int check_total(const struct coverage_page *page, const char *what, const struct callgate_coverage_total *total,
                       const char *wanted)
{
	unsigned int permille = coverage_permille(total), min = 0;

	parse_percentage(wanted, &min);
	if ((uint64_t)total->hit * ALL >= (uint64_t)total->all * min)
		return CLI_OK;
	cli_error("%s: %s: coverage of %s is %u.%u%%, below %.*s%%", page->source->path, page->filter->path, what,
	          permille / 10, permille % 10, (int)strcspn(wanted, "%"), wanted);
	return CLI_NO;
}

/* Every test of the filter that can be run has passed. */
static bool is_passed(const struct coverage_page *page)
{
	for (size_t i = 0; i < page->source->entry_count; i++)
		if (page->source->entries[i].test->filter == page->index &&
		    page->source->entries[i].result.status != CALLGATE_TEST_PASSED &&
		    page->source->entries[i].result.status != CALLGATE_TEST_SKIPPED)
			return false;
	return true;
}

static int fail(const struct coverage_page *page, const char *what, int error)
{
	cli_error("%s: %s%s", page->filter->path, what,
	          error == -ENOMEM ? "out of memory" : callgate_diagnosis(page->filter->ctx));
	return CLI_FAILED;
}

static int mutate(struct coverage_page *page, FILE *out, const char *prefix)
{
	const char *path = page->filter->path;

	if (!page->filter->ctx) {
		print_safely(out, "%smutants of %s: none, a program has no rules\n", prefix, path);
		return CLI_OK;
	}
	if (!is_passed(page)) {
		print_safely(out, "%smutants of %s: none are made as long as a test fails\n", prefix, path);
		return CLI_OK;
	}
	int result = callgate_mutants_run(page->coverage, NULL, NULL, &page->mutants);
	if (result < 0)
		return fail(page, "mutants: ", result);
	print_mutants(page->mutants, page->filter, out, prefix);
	return page->mutants->survivor_count ? CLI_NO : CLI_OK;
}

static int find_origin(const void *profile, uint32_t rule, unsigned int *ret_line, unsigned int *ret_column)
{
	return callgate_profile_rule_origin(profile, rule, ret_line, ret_column);
}

/* Runs once more those of the filter's chosen tests that have passed, but for live ones. */
static int collect(struct coverage_page *page)
{
	const struct test_source *source = page->source;
	int result =
	    callgate_coverage_new(&source->sides[page->index], find_origin, page->filter->profile, &page->coverage);

	for (size_t i = 0; i < source->entry_count && result == 0; i++) {
		const struct test_entry *entry = &source->entries[i];
		if (entry->test->filter == page->index && entry->result.status == CALLGATE_TEST_PASSED &&
		    entry->test->kind != CALLGATE_TEST_LIVE)
			result =
			    callgate_coverage_test(page->coverage, source->file, entry->index, source->sides, NULL);
	}
	return result < 0 ? fail(page, "", result) : CLI_OK;
}

static int report(const struct test_report_options *options, struct coverage_page *page, FILE *out, const char *prefix)
{
	int status = collect(page);

	if (status != CLI_OK)
		return status;
	if (options->coverage)
		print_coverage(page, out, prefix);
	fflush(out); /* before what is said on standard error */
	if (options->min) {
		status = check_total(page, "rules", &page->coverage->rules_total, options->min);
		status = worse(status, check_total(page, "edges", &page->coverage->edges_total, options->min));
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

static int report_source(const struct test_report_options *options, const struct test_source *source, page_vec *pages,
                         FILE *out, const char *prefix)
{
	int status = CLI_OK;

	for (size_t i = 0; i < source->filter_count; i++) {
		const struct filter *filter = &source->filters[i];
		if (!has_tests(source, i) || filter->error || !(filter->ctx || filter->program_count))
			continue;
		struct coverage_page page = {.source = source, .index = i, .filter = filter};
		if (!vec_push(pages, page)) {
			cli_error("out of memory");
			return CLI_FAILED;
		}
		status = worse(status, report(options, &pages->items[pages->count - 1], out, prefix));
		if (status == CLI_FAILED)
			return status;
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

int test_report(const struct test_report_options *options, const struct test_source *sources, size_t count, FILE *out,
                const char *prefix, struct output *html)
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
		callgate_mutants_free(pages.items[i].mutants);
		callgate_coverage_free(pages.items[i].coverage);
	}
	vec_finish(&pages);
	return status;
}
