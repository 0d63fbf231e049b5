/*
 * The path of a thread: all its filters, each of which the kernel runs for every call. It limits their common length in eBPF
 * instructions (BPF_PATH_MAX). A single program is tried, and refused as a whole; several must not stop halfway, so they are
 * counted first.
 */
#ifndef CALLGATE_LOAD_PATH_H
#define CALLGATE_LOAD_PATH_H

#include <stddef.h>

#include "base/diag.h"
#include "bpf/program.h"

/*
 * Do the programs fit on the path of the calling thread? -ENOMEM, the kernel's own errno, only where they certainly do
 * not: filters that others loaded are counted with the least length a filter can have. 0 otherwise, and then the kernel decides.
 */
int path_check(struct callgate_program *const *programs, size_t count, struct diag *diag);

/* Takes down that the calling thread has loaded a program. */
void path_record(const struct callgate_program *program);

#endif
