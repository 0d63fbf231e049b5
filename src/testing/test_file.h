/*
 * What a test file says, once parsed: parts, each a filter that is resolved for one or more lists of architectures, and lines
 * about it. Texts and lines are in the file's arena.
 */
#ifndef CALLGATE_TESTING_TEST_FILE_H
#define CALLGATE_TESTING_TEST_FILE_H

#include <callgate/test_file.h>
#include <callgate/testing.h>

#include "base/arena.h"
#include "base/vec.h"

enum {
	FILE_ARGUMENTS = 6,
	FILE_ARCHS_MAX = 64,   /* more than there are */
	FILE_DEADLINE = 10000, /* milliseconds */
	FILE_LISTS_MAX = 32,   /* of architectures, for one filter */
	FILE_TESTS_MAX = 20000,
};

/* A number, or the name of a constant, whose value depends on the architecture. */
struct file_term {
	const char *constant; /* NULL: `number` */
	uint64_t number;
	bool minus, complement;
};

/* Terms with | between them; count 0: there is no value. */
struct file_value {
	size_t count;
	struct file_term *terms;
	bool complement; /* of the whole */
};

enum file_operator {
	FILE_ANY = 0,
	FILE_EQUAL,
	FILE_NOT_EQUAL,
	FILE_LESS,
	FILE_LESS_EQUAL,
	FILE_GREATER,
	FILE_GREATER_EQUAL,
	FILE_RANGE, /* value and second are the first and the last */
	FILE_BITS,  /* argument & mask == value */
	FILE_BITS_NOT,
	FILE_STRING, /* live: a pointer to it */
};

struct file_argument {
	enum file_operator op;
	bool is_low; /* only the lower 32 bits are compared */
	struct file_value value, second, mask;
	const char *string; /* FILE_STRING: with a NUL at its end, and perhaps others within */
	size_t size;        /* of the string, the last NUL included */
};

/* One of: a call by name, a call by number, a set. */
struct file_calls {
	const char *name;
	int32_t number;
	const struct callgate_group *group;
	const struct file_argument *arguments; /* six; NULL: all are any */
};

enum file_result {
	FILE_ACTION = 0, /* `action`, with `value` as its data */
	FILE_NUMBER,     /* `value` is a whole action */
	FILE_SUCCESS,    /* this and the next ones are for live calls */
	FILE_RETURNS,
	FILE_ERRNO,
	FILE_SIGNAL,
	FILE_KILLED,
	FILE_TRAPPED,
};

struct file_expectation {
	enum file_result result;
	uint32_t action;
	struct file_value value;
	int signal;
	const char *text; /* as written */
};

/* A list of architectures; VEC(uint32_t) with a name. */
struct file_archs {
	size_t count;
	uint32_t *tokens;
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

/* A filter, its lists of architectures, and the lines about it. `filter.archs` is set when the lists are multiplied out. */
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
	struct arena arena;
	VEC(struct callgate_test_message) messages;
	VEC(struct file_part *) parts; /* the vectors of each are freed with the file */
	VEC(struct callgate_test_filter) filters;
	VEC(struct file_test) tests;
};

/* Reads the text into the messages and parts of an empty file. 0, also where there are messages, or -ENOMEM. */
int file_parse(struct callgate_test_file *file, const char *text, size_t size);

/* The architectures that a context has; how many. */
size_t file_list_archs(const scmp_filter_ctx ctx, uint32_t ret_archs[FILE_ARCHS_MAX]);

#endif
