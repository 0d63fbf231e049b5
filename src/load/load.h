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
	bool has_listener;   /* from an earlier load */
	bool wants_listener; /* only without has_listener */
	bool wait_killable;  /* only looked at with wants_listener */
};

/*
 * 0, or the kernel's -errno with a text that says what to do about it; -ESRCH when a thread could not be synchronised, and
 * the text names it where the kernel tells. Several programs are all checked before the first is loaded; a failure in
 * between is reported as "partly confined". *ret_listener becomes the listener's fd if one was asked for and made; it is
 * otherwise untouched. Allocates nothing and is async-signal-safe.
 */
int load_programs(const struct load_request *request, struct diag *diag, int *ret_listener);

#endif
