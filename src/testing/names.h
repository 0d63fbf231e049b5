/*
 * The names in assertions: what is wrong with one is the failure's text, with the closest name that there is.
 */
#ifndef CALLGATE_TESTING_NAMES_H
#define CALLGATE_TESTING_NAMES_H

#include <stdbool.h>
#include <stdint.h>

/* Is there such a call on any architecture? */
bool names_is_call(const char *name);

/* The call's number on this architecture. The name may be NULL, and the architecture anything. */
bool names_find_call(uint32_t arch, const char *name, int *ret_nr);

/* There is no such set: always false. */
bool names_fail_group(const char *name);

#endif
