/*
 * What a value of a test file is on an architecture.
 */
#ifndef CALLGATE_TESTING_VALUE_H
#define CALLGATE_TESTING_VALUE_H

#include "testing/file.h"

/* is_negative_int: it stands for both ways in which compilers pass such an int, extended with ones (as `bits` is) or zeros. */
struct value {
	uint64_t bits;
	bool is_negative_int;
};

/* 0; -EOPNOTSUPP: the architecture lacks *ret_missing, a constant; -EINVAL: no such architecture. */
int value_evaluate(const struct file_value *value, uint32_t arch, struct value *ret_value,
                   const char **ret_missing);

#endif
