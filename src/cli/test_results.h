/*
 * Results of tests in words for people, TAP and JUnit.
 */
#ifndef CALLGATE_CLI_TEST_RESULTS_H
#define CALLGATE_CLI_TEST_RESULTS_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/test_source.h"

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

void test_output_start(struct test_output *output);
/* A test_report. */
void test_output_add(void *output, const struct test_source *source, const struct test_entry *entry);
void test_output_finish(struct test_output *output);

/* How many results there will be, files that can't be used included. */
size_t test_output_total(const struct test_output *output);

#endif
