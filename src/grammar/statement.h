/*
 * What lines of test files and of policies say: calls with their arguments, actions, architectures. Texts are in the
 * arena of what the lines belong to.
 */
#ifndef CALLGATE_GRAMMAR_STATEMENT_H
#define CALLGATE_GRAMMAR_STATEMENT_H

#include <callgate/info.h>
#include <callgate/test_file.h>

#include "base/arena.h"
#include "base/vec.h"

enum {
	FILE_ARGUMENTS = 6,
	FILE_ARCHS_MAX = 64, /* more than there are */
	FILE_VALUES_MAX = 32 /* in one set of values */
};

/* Where what is read is kept, and what is wrong with it. */
struct scan_output {
	struct arena arena;
	VEC(struct callgate_test_message) messages;
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
	unsigned bits; /* only so many low bits are compared; 0: all that there are */
	struct file_value value, second, mask;
	/*
	 * Alternatives of `value` with FILE_EQUAL, FILE_NOT_EQUAL (all of which differ) and FILE_BITS: one pointer and
	 * a count, at most FILE_VALUES_MAX - 1.
	 */
	const struct file_value *others;
	size_t other_count;
	const char *string; /* FILE_STRING: with a NUL at its end, and perhaps others within */
	const char *words;  /* as written, if there is a constant in it; else NULL */
};

static inline bool takes_alternatives(const struct file_argument *argument)
{
	return argument->op == FILE_EQUAL || argument->op == FILE_NOT_EQUAL || argument->op == FILE_BITS;
}

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

struct file_archs {
	size_t count;
	uint32_t *tokens;
};

/* ---- what values and arguments are on one architecture: the calls that a line is about, as comparisons ---- */

enum { CASES_MAX = 64, CASES_COMPARISONS = 2 };

/*
 * is_negative_int: it stands for both ways in which compilers pass such an int, extended with ones (as `bits` is) or
 * zeros.
 */
struct evaluated {
	uint64_t bits;
	bool is_negative_int;
};

/* 0; -EOPNOTSUPP: the architecture lacks *ret_missing, a constant; -EINVAL: no such architecture. */
int cases_evaluate(const struct file_value *value, uint32_t arch, struct evaluated *ret_value,
                   const char **ret_missing);

/* An argument is one of these: all `count` comparisons of an alternative hold. */
struct cases {
	size_t count; /* from 1 to CASES_MAX */
	struct case_alternative {
		unsigned count;
		struct scmp_arg_cmp comparisons[CASES_COMPARISONS];
	} items[CASES_MAX];
};

/*
 * The cases of an argument of a line. Returns NULL, or what is wrong with the argument, for a human and in the thread's
 * memory: no value satisfies it, or the architecture lacks a constant. On 32-bit architectures values are cut to 32
 * bits.
 */
const char *cases_of_argument(const struct file_argument *argument, unsigned index, uint32_t arch,
                              struct cases *ret_cases);

/*
 * A mistake that an argument is on every architecture that has its constants; NULL: there is none, or no architecture
 * has all of them.
 */
const char *cases_mistake(const struct file_argument *argument);

/* All combinations of the cases of six arguments, one after the other: zeroed but for the first two at the start. */
struct cases_walk {
	const struct cases *cases;
	uint32_t arch;
	bool has_started;
	size_t chosen[FILE_ARGUMENTS];
	/* The combination: all comparisons hold. */
	size_t count;
	struct scmp_arg_cmp comparisons[FILE_ARGUMENTS * (CASES_COMPARISONS + 1)];
};

/* How many there are. */
uint64_t cases_combinations(const struct cases *cases);
/* The first or next one; false after the last. */
bool cases_next(struct cases_walk *walk);

#endif
