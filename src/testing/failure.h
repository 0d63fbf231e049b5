/*
 * What callgate_failure() says, per thread.
 */
#ifndef CALLGATE_TESTING_FAILURE_H
#define CALLGATE_TESTING_FAILURE_H

#include <stdbool.h>

void failure_clear(void);

/* Always false, so that `return failure_set(...)` is one line. Longer texts are cut. */
__attribute__((format(printf, 1, 2))) bool failure_set(const char *format, ...);

#endif
