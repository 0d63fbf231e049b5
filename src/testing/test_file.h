/*
 * What a test file says, once parsed: parts, each a filter that is resolved for one or more lists of architectures, and
 * lines about it. Texts and lines are in the file's arena.
 */
#ifndef CALLGATE_TESTING_TEST_FILE_H
#define CALLGATE_TESTING_TEST_FILE_H

#include <callgate/test_file.h>
#include <callgate/testing.h>

#include "base/vec.h"
#include "grammar/statement.h"

enum {
	FILE_DEADLINE = 10000, /* milliseconds */
	FILE_LISTS_MAX = 32,   /* of architectures, for one filter */
	FILE_TESTS_MAX = 20000,
};

struct file_line {
	enum callgate_test_kind kind;
	unsigned int line, column;
	const char *heading, *text;
	struct file_archs archs; /* `on`: only these; else the filter's */
	size_t count;
	const struct file_calls *calls;
	struct file_expectation expectation;
	const char *other; /* NO_WEAKER: the path */
	unsigned int deadline;
};

/*
 * A filter, its lists of architectures, and the lines about it. `filter.archs` is set when the lists are multiplied
 * out.
 */
struct file_part {
	struct callgate_test_filter filter;
	VEC(struct file_archs) lists;
	VEC(struct file_line *) lines;
};

/* A test of the public list, and the line that it comes from. */
struct file_test {
	struct callgate_test public;
	const struct file_line *line;
	const struct file_part *part;
};

struct callgate_test_file {
	struct scan_output output;
	VEC(struct file_part *) parts; /* the vectors of each are freed with the file */
	VEC(struct callgate_test_filter) filters;
	VEC(struct file_test) tests;
};

/* Reads the text into the messages and parts of an empty file. 0, also where there are messages, or -ENOMEM. */
int file_parse(struct callgate_test_file *file, const char *text, size_t size);

/* The architectures that a context has; how many. */
size_t file_list_archs(const scmp_filter_ctx ctx, uint32_t ret_archs[FILE_ARCHS_MAX]);

#endif
