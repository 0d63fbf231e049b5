/*
 * What comes after the results: coverage and mutants.
 */
#ifndef CALLGATE_CLI_TEST_REPORT_H
#define CALLGATE_CLI_TEST_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/output.h"
#include "cli/test_open.h"

enum { TEST_REPORT_ALL = 100000 /* thousandths of a percent */ };

struct test_report_options {
	bool coverage;        /* print it */
	const char *min_text; /* NULL: none */
	unsigned int
	    min; /* thousandths of a percent that the rules and the edges of each filter must reach */
	const char *html; /* the page's path */
	bool mutate;
};

/* "80", "80%" or "99.5%"; the text is kept. False after a message was printed. */
bool test_report_take_min(struct test_report_options *options, const char *text);

/*
 * Reports about each filter that tests of the sources, which were run, are about. Lines on `out` begin with `prefix`. A CLI_ status: CLI_NO if
 * there is too little coverage, or a mutant that no test notices. The page goes to `html`, if that is open.
 */
int test_report(const struct test_report_options *options, const struct test_source *sources, size_t count,
                FILE *out, const char *prefix, struct output *html);

#endif
