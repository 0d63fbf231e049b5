/*
 * The raw system calls; the only file of the library that makes them.
 */
#ifndef CALLGATE_LOAD_KERNEL_H
#define CALLGATE_LOAD_KERNEL_H

/* seccomp(2): the result, or -errno. */
int kernel_seccomp(unsigned operation, unsigned flags, void *argument);

/* prctl(2): the result, or -errno. */
int kernel_prctl(int option, unsigned long a, unsigned long b);

#endif
