/*
 * The tables that gen.py makes of data/.
 */
#ifndef CALLGATE_TESTING_TABLES_H
#define CALLGATE_TESTING_TABLES_H

#include <callgate/testing.h>

/* The value on most architectures, and where in constant_exceptions[] the others are. */
struct constant {
	const char *name;
	int64_t value;
	uint16_t first, count;
};

struct constant_exception {
	const char *column;
	int64_t value;
	bool known; /* else this architecture lacks the name */
};

/* Both ascend by name. */
extern const struct callgate_group group_table[];
extern const size_t group_count;
extern const unsigned int group_version;
extern const struct constant constant_table[];
extern const size_t constant_count;
extern const struct constant_exception constant_exceptions[];

#endif
