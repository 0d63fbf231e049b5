/*
 * How many arguments system calls take, for printing them.
 */
#ifndef CALLGATE_PROVE_SIGNATURE_H
#define CALLGATE_PROVE_SIGNATURE_H

/* 0 to 6; 6 for a name that is not in the list, or NULL. Source: the section 2 manual pages and the kernel's own definitions. */
unsigned signature_argument_count(const char *name);

#endif
