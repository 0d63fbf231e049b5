/*
 * What a refusal of the kernel means and what to do about it. Async-signal-safe. Each function adds to the text and returns the
 * result to be returned.
 */
#ifndef CALLGATE_LOAD_REFUSAL_H
#define CALLGATE_LOAD_REFUSAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

/* "EINTR"; "an unknown error" for what is none. */
const char *refusal_name(int error);

/* A failed prctl(PR_SET_NO_NEW_PRIVS): result is its -errno. */
int refusal_of_no_new_privileges(int result, struct diag *diag);

/* `what` is faked, as CONFINE_FAKED says: -EACCES. */
int refusal_of_fake(const char *what, struct diag *diag);

/* A failed load of a program of `length` eBPF instructions: by seccomp(2) with these flags, or by prctl(2) without any. */
int refusal_of_program(int result, unsigned flags, size_t length, struct diag *diag);

/* -ESRCH: this thread could not be synchronised; 0 where the kernel does not say which. */
int refusal_of_thread(int thread, struct diag *diag);

#endif
