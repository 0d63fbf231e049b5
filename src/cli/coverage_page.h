/*
 * Coverage as one page of HTML.
 */
#ifndef CALLGATE_CLI_COVERAGE_PAGE_H
#define CALLGATE_CLI_COVERAGE_PAGE_H

#include "cli/test_mutants.h"

/* A filter's part of the page. */
struct coverage_page {
	struct coverage *coverage;
	bool has_mutants;
	struct mutants mutants;
};

/* Prints all of them. False: out of memory. */
bool coverage_page_print(FILE *out, const struct coverage_page *pages, size_t count);

#endif
