/*
 * The tables that gen.py makes of data/.
 */
#ifndef CALLGATE_INFO_TABLES_H
#define CALLGATE_INFO_TABLES_H

#include <callgate/arch.h>
#include <callgate/bypass.h>
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

/* A constant that an argument's value can be made of: the value of the bits in the mask; 0: bits of its own. */
struct family_constant {
	const char *name;
	uint32_t mask;
};

/* How an argument is printed that has no family, or whose value is none of the family's. */
enum shown {
	SHOWN_NOTHING, /* the call has no such argument */
	SHOWN_HEX,
	SHOWN_SIGNED,
	SHOWN_UNSIGNED,
	SHOWN_MODE,
	SHOWN_DIRECTORY,
	SHOWN_PATH,
	SHOWN_POINTER,
	SHOWN_ADDRESS /* a pointer that is declared as a number */
};

struct prototype {
	const char *call;
	/* the name of the one architecture where the call is declared so; NULL: all others */
	const char *arch;
	struct argument {
		const char *name;
		uint8_t shown;                        /* enum shown */
		const struct family_constant *family; /* NULL: none; a NULL name ends it */
	} arguments[CALLGATE_ARGUMENTS];
};

/*
 * Groups, constants and prototypes ascend by name, versions of a group by their number; of one call's prototypes, that
 * for all others comes last.
 */
extern const struct group_row {
	struct callgate_group public; /* first: users have its address */
	unsigned int version;
	size_t count;
	const char *const *reasons; /* as many as calls */
} group_table[];
extern const size_t group_count;
extern const unsigned int group_version;

/* Ascending by the denied call's name. */
extern const struct callgate_bypass bypass_table[];
extern const size_t bypass_count;

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

/*
 * Where a set of registers of this size has an architecture's call; all are places in an array of words of `word`
 * bytes.
 */
extern const struct register_set {
	const char *arch;
	uint16_t size; /* bytes */
	uint8_t word, nr, instruction_pointer, args[CALLGATE_ARGUMENTS];
} register_sets[];
extern const size_t register_set_count;

/* The row for this architecture, else the one for all others; NULL if the call is unknown. */
const struct prototype *prototype_find(const struct callgate_arch *arch, const char *call);

#endif
