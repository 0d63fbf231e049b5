/*
 * Hands programs to the kernel.
 */
#ifndef CALLGATE_LOAD_LOAD_H
#define CALLGATE_LOAD_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "bpf/program.h"

struct load_request {
	struct callgate_program *const *programs; /* loaded in this order */
	size_t count;
	bool no_new_privileges;
	bool synchronise_threads;
	bool log;
	bool allow_speculation;
	bool wants_listener;
	bool wait_killable;
};

/*
 * 0, or the kernel's -errno; -ESRCH when a thread could not be synchronised. *ret_listener becomes the listener's fd if one
 * was asked for and made; it is otherwise untouched. Uses no memory but the stack's: async-signal-safe.
 */
int load_programs(const struct load_request *request, struct diag *diag, int *ret_listener);

#endif
