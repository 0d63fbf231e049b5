/*
 * What comes after the results: coverage and mutants.
 */
#ifndef CALLGATE_CLI_TEST_REPORT_H
#define CALLGATE_CLI_TEST_REPORT_H

#include "cli/output.h"
#include "cli/test_source.h"

struct test_report_options {
	bool coverage; /* print it */
	const char *
	    min; /* a percentage that the rules and the edges of each filter must reach: "80", "80%" or "99.5%" */
	const char *html; /* the page's path */
	bool mutate;
};

/* Is the percentage one? False after a message was printed. */
bool test_report_check(const struct test_report_options *options);

/*
 * Reports about each filter that tests of the sources, which were run, are about. Lines on `out` begin with `prefix`. A CLI_ status: CLI_NO if
 * there is too little coverage, or a mutant that no test notices. The page goes to `html`, if that is open.
 */
int test_report(const struct test_report_options *options, const struct test_source *sources, size_t count,
                FILE *out, const char *prefix, struct output *html);

#endif
