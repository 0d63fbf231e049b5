/*
 * What /proc tells about the calling thread and its fellows. Async-signal-safe. Nothing here is certain to be there: /proc may be
 * missing or hidden, and a filter of the thread may answer open(2) with death, so ask only where that cannot be or is worth it.
 */
#ifndef CALLGATE_LOAD_TASK_H
#define CALLGATE_LOAD_TASK_H

#include <stdbool.h>
#include <stddef.h>

enum { TASK_NAME_SIZE = 16 }; /* TASK_COMM_LEN */

/* True if the calling thread certainly has no filter: what it does, nothing forbids. */
bool task_is_free(void);

/* How many filters the calling thread has: Linux 5.10. 0 where it is not told. */
size_t task_filters(void);

/* How many threads the process has; 0 where it is not told. */
size_t task_threads(void);

/* The name of a thread of this process, cut to its size; "" where it is not told. */
void task_name(int thread, char ret_name[TASK_NAME_SIZE]);

#endif
