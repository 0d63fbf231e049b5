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

__attribute__((format(printf, 2, 3))) void diag_set(struct diag *diag, const char *format, ...);
void diag_clear(struct diag *diag);

/* Sets the text and returns `result`, so that `return diag_fail(diag, -EINVAL, "...")` is one line. */
__attribute__((format(printf, 3, 4))) int diag_fail(struct diag *diag, int result, const char *format, ...);

/*
 * Adds to the text. Async-signal-safe, where the functions above, which format, are not.
 */
void diag_add(struct diag *diag, const char *text);
void diag_add_number(struct diag *diag, size_t number);

/* The calling thread's text, for calls without a context: what callgate_diagnosis(NULL) shows. */
struct diag *diag_thread(void);

#endif
