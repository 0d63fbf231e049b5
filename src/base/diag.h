/*
 * What was wrong, where, and what to do: one text for a human, kept by value so that setting it cannot fail.
 */
#ifndef CALLGATE_BASE_DIAG_H
#define CALLGATE_BASE_DIAG_H

#include <stddef.h>

enum { DIAG_SIZE = 512 };

struct diag {
	char text[DIAG_SIZE]; /* "" when the last call succeeded; longer texts are cut with "..." */
};

/* Sets the text and returns `result`, so that `return diag_fail(diag, -EINVAL, "...")` is one line. `diag` may be NULL. */
__attribute__((format(printf, 3, 4))) int diag_fail(struct diag *diag, int result, const char *format, ...);
#define diag_set(diag, ...) ((void)diag_fail((diag), 0, __VA_ARGS__))
void diag_clear(struct diag *diag);

/* These add to the text. They are async-signal-safe; diag_fail(), which formats, is not. */
void diag_add(struct diag *diag, const char *text);
void diag_add_number(struct diag *diag, size_t number);

#endif
