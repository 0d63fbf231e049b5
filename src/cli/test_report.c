#include "cli/test_report.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "cli/cli.h"
#include "cli/coverage_html.h"
#include "cli/mutants.h"

typedef VEC(struct coverage_page) page_vec;

/* In thousandths of a percent. */
static bool parse_percentage(const char *text, unsigned int *ret_value)
{
	unsigned int value = 0, unit = 1000;
	const char *at = text;

	for (; isdigit((unsigned char)*at) && value <= TEST_REPORT_ALL; at++)
		value = value * 10 + (unsigned int)(*at - '0') * unit;
	if (at == text)
		return false;
	if (*at == '.' && isdigit((unsigned char)at[1]))
		for (at++; isdigit((unsigned char)*at) && unit > 1; at++)
			value += (unsigned int)(*at - '0') * (unit /= 10);
	*ret_value = value;
	return (*at == '\0' || strcmp(at, "%") == 0) && value <= TEST_REPORT_ALL;
}

bool test_report_take_min(struct test_report_options *options, const char *text)
{
	if (!parse_percentage(text, &options->min)) {
		cli_error(
		    "--coverage-min takes a percentage from 0 to 100, such as 80%% or 99.5%%, not \"%s\"",
		    text);
		return false;
	}
	options->min_text = text;
	return true;
}

static int worse(int status, int other)
{
	return other > status ? other : status;
}

/* ---- one filter ---- */

static int check_total(const struct coverage *coverage, const char *what, const struct coverage_total *total,
                       const struct test_report_options *options)
{
	unsigned int permille = coverage_permille(total);

	if ((uint64_t)total->hit * TEST_REPORT_ALL >= (uint64_t)total->all * options->min)
		return CLI_OK;
	cli_error("%s: %s: coverage of %s is %u.%u%%, below %.*s%%", coverage->source->path,
	          coverage_filter(coverage)->path, what, permille / 10, permille % 10,
	          (int)strcspn(options->min_text, "%"), options->min_text);
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
	const struct test_filter *filter = coverage_filter(page->coverage);

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
	mutants_print(&page->mutants, page->coverage, out, prefix);
	return page->mutants.survivor_count ? CLI_NO : CLI_OK;
}

static int report(const struct test_report_options *options, struct coverage_page *page, FILE *out,
                  const char *prefix)
{
	int status = CLI_OK;

	if (options->coverage)
		coverage_print(page->coverage, out, prefix);
	fflush(out); /* before what is said on standard error */
	if (options->min_text) {
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
		const struct test_filter *filter = &source->filters[i];
		if (!has_tests(source, i) || filter->trouble || !(filter->ctx || filter->program))
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
	if (coverage_html_print(html->stream, pages->items, pages->count))
		return output_commit(html);
	cli_error("out of memory");
	return false;
}

int test_report(const struct test_report_options *options, const struct test_source *sources, size_t count,
                FILE *out, const char *prefix, struct output *html)
{
	page_vec pages = {0};
	int status = CLI_OK;

	if (!options->coverage && !options->min_text && !options->html && !options->mutate)
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
