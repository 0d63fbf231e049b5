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

/* Writes all of them to the file. False after a message was printed. */
bool coverage_html_write(const char *path, const struct coverage_page *pages, size_t count);

#endif
