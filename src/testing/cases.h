/*
 * The calls that a line is about, as comparisons for one architecture.
 */
#ifndef CALLGATE_TESTING_CASES_H
#define CALLGATE_TESTING_CASES_H

#include "testing/file.h"

enum { CASES_MAX = 64, CASES_COMPARISONS = 2 };

/* An argument is one of these: all `count` comparisons of an alternative hold. */
struct cases {
	size_t count; /* at least 1 */
	struct case_alternative {
		unsigned count;
		struct scmp_arg_cmp comparisons[CASES_COMPARISONS];
	} items[CASES_MAX];
};

/*
 * NULL, or what is wrong with it, for a human and in the thread's memory: no value satisfies it, or the architecture lacks a
 * constant. On 32-bit architectures values are cut to 32 bits.
 */
const char *cases_of_argument(const struct file_argument *argument, unsigned index, uint32_t arch,
                              struct cases *ret_cases);

/* The same before the architecture is known, with 64 bits: constants that x86_64 lacks are no mistake yet. */
const char *cases_mistake(const struct file_argument *argument);

/* 32-bit tasks have zeros in the upper halves of arguments; x32 ones are 64-bit tasks in this. */
bool cases_arch_is_narrow(uint32_t arch);

#endif
