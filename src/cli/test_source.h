/*
 * What the stages of `callgate test` hand on: test files and the filters that they name, opened (test_source.c), run
 * (cmd_test.c), printed (test_results.c), and what is said about coverage and mutants after that (test_report.c).
 */
#ifndef CALLGATE_CLI_TEST_SOURCE_H
#define CALLGATE_CLI_TEST_SOURCE_H

#include <callgate/coverage.h>
#include <callgate/test_file.h>

#include "cli/filter_file.h"
#include "cli/output.h"

/* ---- files and filters ---- */

/* A test that was chosen, and what came of it. */
struct test_entry {
	size_t index; /* in the file */
	const struct callgate_test *test;
	struct callgate_test_result result;
	char *origin;   /* "profile.json:5:4", of the rule that decides; NULL if there is none */
	double seconds; /* it took */
};

/* A file on the command line. `file` is NULL if there is an error: it can't be read, has mistakes, or no tests. */
struct test_source {
	const char *path;
	char *error;
	struct callgate_test_file *file;
	size_t filter_count;
	struct filter *filters;
	/* of the filters; with neither context nor program where there is an error */
	struct callgate_filter *sides;
	size_t entry_count;
	struct test_entry *entries;
};

/* What to test in place of what the files name, if not NULL. */
struct test_replacement {
	const char *profile, *program;
};

/*
 * Reads the file and opens its filters; mistakes in it are printed on standard error, and the rest are errors of the
 * source or of its filters. False: out of memory. test_source_finish() is good for it in any case.
 */
bool test_source_open(struct test_source *source, const char *path, const struct test_replacement *replacement);

/* Makes the entries: the tests whose name has the shell pattern somewhere; NULL: all. False: out of memory. */
bool test_source_choose(struct test_source *source, const char *pattern);

/* Why the test can't be run: the error of one of its filters. NULL: it can. */
const char *test_source_error(const struct test_source *source, const struct callgate_test *test);

void test_source_finish(struct test_source *source);

/* ---- results: in words for people, TAP and JUnit ---- */

struct test_counts {
	size_t passed, failed, skipped, errors; /* ORDER callgate_test_status */
};

struct test_output {
	int format; /* TEST_FORMAT_* */
	FILE *out;
	bool colour;
	struct test_source *sources;
	size_t count;                     /* of sources */
	size_t number;                    /* of the last result */
	const struct test_source *source; /* of the last result */
	struct test_counts counts;
};

/* The names of the formats; NULL after the last. */
extern const char *const test_format_names[];
enum { TEST_FORMAT_PLAIN, TEST_FORMAT_TAP, TEST_FORMAT_JUNIT }; /* ORDER test_format_names */

/* Results are added in the order of files and tests. */
void test_output_start(struct test_output *output);
void test_output_add(struct test_output *output, const struct test_source *source, const struct test_entry *entry);
void test_output_finish(struct test_output *output);

/* How many results there will be, files that can't be used included. */
size_t test_output_total(const struct test_output *output);

/* ---- what comes after the results: coverage and mutants ---- */

struct test_report_options {
	bool coverage; /* print it */
	/* a percentage that the rules and the edges of each filter must reach: "80", "80%" or "99.5%" */
	const char *min;
	const char *html; /* the page's path */
	bool mutate;
};

/* Is the percentage one? False after a message was printed. */
bool test_report_check(const struct test_report_options *options);

/*
 * Reports about each filter that tests of the sources, which were run, are about. Lines on `out` begin with `prefix`. A
 * CLI_ status: CLI_NO if there is too little coverage, or a mutant that no test notices. The page goes to `html`, if
 * that is open.
 */
int test_report(const struct test_report_options *options, const struct test_source *sources, size_t count, FILE *out,
                const char *prefix, struct output *html);

/* A filter, and what was found out about its tests. */
struct coverage_page {
	const struct test_source *source;
	size_t index; /* of the filter */
	const struct filter *filter;
	struct callgate_coverage *coverage;
	struct callgate_mutants *mutants; /* NULL: none were made */
};

/* Prints all of them as one page of HTML. False: out of memory. */
bool coverage_page_print(FILE *out, const struct coverage_page *pages, size_t count);

/* Tenths of a percent, rounded down; 1000 of nothing. */
static inline unsigned int coverage_permille(const struct callgate_coverage_total *total)
{
	return total->all ? (unsigned int)(total->hit * 1000 / total->all) : 1000;
}

#endif
