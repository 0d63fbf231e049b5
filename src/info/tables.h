/*
 * The tables that gen.py makes of data/.
 */
#ifndef CALLGATE_INFO_TABLES_H
#define CALLGATE_INFO_TABLES_H

#include <callgate/info.h>

/* The value on most architectures, and where in constant_exceptions[] the others are. */
struct constant {
	const char *name;
	int64_t value;
	uint16_t first, count;
};

struct constant_exception {
	uint8_t column;
	bool known; /* else the architectures of this column lack the name */
	int64_t value;
};

/* How many low bits of each argument the kernel reads; 0 for arguments that the call does not have. */
struct prototype {
	const char *call;
	const char
	    *arch; /* the name of the one architecture where the call is declared so; NULL: all others */
	uint8_t bits[CALLGATE_ARGUMENTS];
};

/* Groups, constants and prototypes ascend by name; of one call's prototypes, that for all others comes last. */
extern const struct callgate_group group_table[];
extern const size_t group_count;
extern const unsigned int group_version;
extern const struct constant constant_table[];
extern const size_t constant_count;
extern const struct constant_exception constant_exceptions[];
/* The column of an architecture is the one that callgate_arch.constants names. */
extern const char *const constant_columns[];
extern const size_t constant_column_count;
/* The constants that are errors; of several names for one number, the one that is shown comes first. */
extern const char *const error_table[];
extern const size_t error_count;
extern const struct prototype prototype_table[];
extern const size_t prototype_count;

#endif
