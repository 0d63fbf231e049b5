/*
 * Values, calls and expectations of a line. Each function reads from where the scan is; false: a mistake was told, or memory is out.
 */
#ifndef CALLGATE_TESTING_PARSE_VALUE_H
#define CALLGATE_TESTING_PARSE_VALUE_H

#include "testing/scan.h"

/* "O_RDWR|O_CLOEXEC", "-1", "~0xff", "(A|B)" */
bool parse_value(struct scan *scan, struct file_value *ret_value);

/* What stands between the parentheses of a call: "*", "!= 3", "3..5", "* & MASK == VALUE", and for a live one also "string". */
bool parse_argument(struct scan *scan, bool live, struct file_argument *ret_argument);

/* A call and its arguments, or a set. A live one has no sets. */
bool parse_calls(struct scan *scan, bool live, struct file_calls *ret_calls);

/* What stands behind the arrow. */
bool parse_expectation(struct scan *scan, bool live, struct file_expectation *ret_expectation);

#endif
