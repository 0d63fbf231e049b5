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

/* After this a load in this thread allocates nothing, however the library was loaded. */
void load_prepare(void);

/*
 * Loads programs, each accepted by bpf_accept(): 0, or the kernel's -errno with a text that says what to do about it. A
 * thread that could not be synchronised is -ESRCH, and the text names the thread where the kernel reports it. When one
 * of several programs is refused after others were loaded, the text begins with "partly confined". Refused before
 * anything was done:
 * - -EINVAL: the byte order is another machine's; or a listener with synchronised threads, without LOAD_TSYNC_ESRCH.
 * - -EOPNOTSUPP: threads are to be synchronised, there are some, and there is only prctl(2).
 * - -E2BIG: several programs and a listener, which only one can have. -ENOMEM: several, which can't all fit.
 * - -EACCES, in words of its own: an older filter fakes success of the calls that load filters or set no_new_privs.
 *
 * *ret_listener becomes the listener's fd if one was asked for and made, and is otherwise untouched. The text is added
 * to the diag's. Async-signal-safe; allocates nothing; errno stays as it was.
 */
int load_programs(const struct load_request *request, struct diag *diag, int *ret_listener);

#endif
