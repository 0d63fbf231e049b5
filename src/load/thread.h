/*
 * The calling thread, its fellows, and the filters that they have. Async-signal-safe. What /proc says is not certain to be there: /proc may be
 * missing or hidden, and a filter of the thread may answer open(2) with death, so ask only where that cannot be or is worth it.
 *
 * The path of a thread: all its filters, each of which the kernel runs for every call. It limits their common length in eBPF
 * instructions (BPF_PATH_MAX). A single program is tried, and refused as a whole; several must not stop halfway, so they are
 * counted first.
 */
#ifndef CALLGATE_LOAD_THREAD_H
#define CALLGATE_LOAD_THREAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "bpf/program.h"

enum { THREAD_NAME_SIZE = 16 }; /* TASK_COMM_LEN */

/* True if the calling thread certainly has no filter: what it does, nothing forbids. */
bool thread_is_free(void);

/* How many threads the process has; 0 where the kernel does not report it. */
size_t thread_count(void);

/* The name of a thread of this process, cut to its size; "" where the kernel does not report it. */
void thread_name(int thread, char ret_name[THREAD_NAME_SIZE]);

/*
 * Do the programs fit on the path of the calling thread? -ENOMEM, the kernel's own errno, only where they certainly do
 * not: filters that others loaded are counted with the least length a filter can have. 0 otherwise, and then the kernel decides.
 */
int thread_check_room(struct callgate_program *const *programs, size_t count, struct diag *diag);

/* Keeps in mind that the calling thread has loaded a program. */
void thread_record(const struct callgate_program *program);

/* After this a call of the two above in this thread allocates nothing, however the library was loaded. */
void thread_prepare(void);

#endif
