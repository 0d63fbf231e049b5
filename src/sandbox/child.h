/*
 * What a child does to itself before it runs what nobody trusts. Compiled into the library and into the program that
 * holds plugins. Everything is async-signal-safe.
 */
#ifndef CALLGATE_WORKER_CHILD_H
#define CALLGATE_WORKER_CHILD_H

#include <stddef.h>
#include <stdint.h>

/* The first step that failed, for the parent's diagnosis. */
enum child_step {
	CHILD_STEP_FDS,
	CHILD_STEP_LIMITS,
	CHILD_STEP_PRIVILEGES,
	CHILD_STEP_FILES,
	CHILD_STEP_HANDLER,
	CHILD_STEP_CONFINE,
	CHILD_STEP_PROCESS,
};
const char *child_step_name(enum child_step step);

/* What the errno of a step means; ECANCELED where an older filter fakes success (base/confine.h). */
const char *child_error_text(int error);

struct child_failure {
	enum child_step step;
	int error; /* errno; 0: none */
};

/* 0 means no limit of that kind, except for memory. */
struct child_limits {
	uint32_t cpu_seconds;
	uint32_t fds;    /* descriptors: no number from this one on can be had */
	uint64_t memory; /* bytes of address space that may be added to what is mapped now */
};

/* Closes every descriptor from `first` on. 0 or -errno. */
int child_close_from(unsigned first);

/* Default handlers for all signals, none blocked. */
void child_reset_signals(void);

/* No core, no file writes, no new processes (for users other than root), and the given limits. 0 or -errno. */
int child_limit(const struct child_limits *limits);

/* Neither readable nor traceable by other processes of the user. 0 or -errno; -ECANCELED where that is faked. */
int child_hide_memory(void);

/* The same, and no new privileges. */
int child_give_up_privileges(void);

/* Loads a filter of `size` bytes of struct sock_filter. 0 or -errno; -ECANCELED where that is faked. */
int child_load_filter(const void *filter, size_t size);

#endif
