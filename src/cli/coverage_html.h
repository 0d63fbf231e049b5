/*
 * Coverage as one page of HTML that needs nothing else: no script, no network.
 */
#ifndef CALLGATE_CLI_COVERAGE_HTML_H
#define CALLGATE_CLI_COVERAGE_HTML_H

#include "cli/mutants.h"

/* A filter's part of the page. */
struct coverage_page {
	struct coverage *coverage;
	bool has_mutants;
	struct mutants mutants;
};

/* Prints all of them. False: out of memory. */
bool coverage_html_print(FILE *out, const struct coverage_page *pages, size_t count);

#endif
