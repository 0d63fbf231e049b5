/*
 * Reading a test file, line by line.
 */
#ifndef CALLGATE_TESTING_PARSE_H
#define CALLGATE_TESTING_PARSE_H

#include "testing/scan.h"

enum { PARSE_LISTED_MAX = 64 /* names of architectures or capabilities on a line; there are fewer */ };

/* part and heading are what the lines that follow belong to. */
struct parser {
	struct scan scan;
	struct file_part *part;
	const char *heading;
	unsigned int deadline;
	size_t tests;
};

/* Begins anew: a part without a filter yet. False: no memory. */
bool parse_start_part(struct parser *parser);

/*
 * A line that says which filter, or how its tests are called. *ret_is_directive tells if it is one; if not, nothing was read.
 * False: a mistake was told, or memory is out.
 */
bool parse_directive(struct parser *parser, bool *ret_is_directive);

/* Names up to the end of the line, or up to `end`. */
bool parse_archs(struct scan *scan, const char *end, struct file_archs *ret_archs);

#endif
