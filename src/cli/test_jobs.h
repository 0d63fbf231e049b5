/*
 * Running the chosen tests of all files, in one process or in several.
 */
#ifndef CALLGATE_CLI_TEST_JOBS_H
#define CALLGATE_CLI_TEST_JOBS_H

#include "cli/test_source.h"

/* Gets each result in the order of files and tests, however many processes there are. */
typedef void test_receiver(void *data, const struct test_source *source, const struct test_entry *entry);

/* Runs the entries of all sources with up to `jobs` processes and fills in the results. False: out of memory or of processes. */
bool test_run(struct test_source *sources, size_t count, unsigned int jobs, test_receiver *receive,
              void *data);

#endif
