/*
 * The names of error numbers on this machine, also with a libc that has no function for it. errors.inc is made of
 * info/data/constants.tbl.
 */
#ifndef CALLGATE_BASE_ERRORS_H
#define CALLGATE_BASE_ERRORS_H

/* "EPERM"; of two names for a number the more usual one. NULL for 0 and numbers without a name. Static. */
const char *error_name(unsigned number);

/* The number of a name; 0 if there is none. */
unsigned error_number(const char *name);

#endif
