/*
 * Test files and the filters that they name, opened.
 */
#ifndef CALLGATE_CLI_TEST_SOURCE_H
#define CALLGATE_CLI_TEST_SOURCE_H

#include <callgate/test_file.h>

#include "cli/filter_file.h"

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
	struct callgate_filter
	    *sides; /* of the filters; with neither context nor program where there is an error */
	size_t entry_count;
	struct test_entry *entries;
};

/* What to test in place of what the files name, if not NULL. */
struct test_replacement {
	const char *profile, *program;
};

/*
 * Reads the file and opens its filters; mistakes in it are printed on standard error, and the rest are errors of the source or of
 * its filters. False: out of memory. test_source_finish() is good for it in any case.
 */
bool test_source_open(struct test_source *source, const char *path,
                      const struct test_replacement *replacement);

/* Makes the entries: the tests whose name has the shell pattern somewhere; NULL: all. False: out of memory. */
bool test_source_choose(struct test_source *source, const char *pattern);

/* Why the test can't be run: the error of one of its filters. NULL: it can. */
const char *test_source_error(const struct test_source *source, const struct callgate_test *test);

void test_source_finish(struct test_source *source);

#endif
