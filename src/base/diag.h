/*
 * What was wrong, where, and what to do: one text for a human, kept by value so that setting it cannot fail. And the
 * names of error numbers.
 */
#ifndef CALLGATE_BASE_DIAG_H
#define CALLGATE_BASE_DIAG_H

#include <stddef.h>

enum { DIAG_SIZE = 512 };

struct diag {
	char text[DIAG_SIZE]; /* "" when the last call succeeded; longer texts are cut with "..." */
};

/*
 * Sets the text and returns `result`, so that `return diag_fail(diag, -EINVAL, "...")` is one line. `diag` may be NULL.
 */
__attribute__((cold, format(printf, 3, 4))) int diag_fail(struct diag *diag, int result, const char *format, ...);
#define diag_set(diag, ...) ((void)diag_fail((diag), 0, __VA_ARGS__))
void diag_clear(struct diag *diag);

/* Adds to the text. Async-signal-safe, which diag_fail() is not: the format knows only %s and %zu. */
__attribute__((format(printf, 2, 3))) void diag_add(struct diag *diag, const char *format, ...);

/*
 * "EPERM", also with a libc that has no function for it; of two names for a number the more usual one. NULL if there is
 * none. Static.
 */
const char *error_name(unsigned number);
/* error_name(), or "an unknown error". */
const char *error_text(unsigned number);

/* The number of a name; 0 if there is none. */
unsigned error_number(const char *name);

#endif
