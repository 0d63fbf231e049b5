/*
 * Results of tests in words for people, TAP and JUnit.
 */
#ifndef CALLGATE_CLI_TEST_OUTPUT_H
#define CALLGATE_CLI_TEST_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/test_open.h"

struct test_counts {
	size_t passed, failed, skipped, trouble; /* ORDER callgate_test_status */
};

struct test_output {
	const struct test_format *format;
	FILE *out;
	bool colour;
	struct test_source *sources;
	size_t count;                     /* of sources */
	size_t number;                    /* of the last result */
	const struct test_source *source; /* of the last result */
	struct test_counts counts;
};

/* start: before all. source: a file begins, perhaps with trouble. result: of each test. finish: when all counts are known. */
struct test_format {
	const char *name;
	void (*start)(struct test_output *output);
	void (*source)(struct test_output *output, const struct test_source *source);
	void (*result)(struct test_output *output, const struct test_source *source,
	               const struct test_entry *entry);
	void (*finish)(struct test_output *output);
};

/* NULL: there is no such format. */
const struct test_format *test_format_find(const char *name);

void test_output_start(struct test_output *output);
/* A test_told. */
void test_output_tell(void *output, const struct test_source *source, const struct test_entry *entry);
void test_output_finish(struct test_output *output);

/* How many results there will be, files that can't be used included. */
size_t test_output_total(const struct test_output *output);

extern const struct test_format test_format_plain, test_format_tap, test_format_junit;

#endif
