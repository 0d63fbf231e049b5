/*
 * What the values and arguments of a line are on one architecture: the calls that the line is about, as comparisons.
 */
#ifndef CALLGATE_TESTING_CASES_H
#define CALLGATE_TESTING_CASES_H

#include "testing/test_file.h"

enum { CASES_MAX = 64, CASES_COMPARISONS = 2 };

/* is_negative_int: it stands for both ways in which compilers pass such an int, extended with ones (as `bits` is) or zeros. */
struct value {
	uint64_t bits;
	bool is_negative_int;
};

/* 0; -EOPNOTSUPP: the architecture lacks *ret_missing, a constant; -EINVAL: no such architecture. */
int cases_evaluate(const struct file_value *value, uint32_t arch, struct value *ret_value,
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
 * The cases of an argument of a line. Returns NULL, or what is wrong with the argument, for a human and in the thread's memory: no value
 * satisfies it, or the architecture lacks a constant. On 32-bit architectures values are cut to 32 bits.
 */
const char *cases_of_argument(const struct file_argument *argument, unsigned index, uint32_t arch,
                              struct cases *ret_cases);

/* A mistake that an argument is on every architecture that has its constants; NULL: there is none, or no architecture has all of them. */
const char *cases_mistake(const struct file_argument *argument);

/* The cases of an argument of an assertion. */
void cases_of_bits(const struct callgate_argument *argument, unsigned index, uint32_t arch,
                   struct cases *ret_cases);

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
