/*
 * The child's side: what a process does to itself before it runs what nobody trusts, and what it reports. Compiled into
 * the libraries and into the program that holds plugins. Everything is async-signal-safe.
 */
#ifndef CALLGATE_PROCESS_CHILD_H
#define CALLGATE_PROCESS_CHILD_H

#include <stddef.h>
#include <stdint.h>

/*
 * What a confined child writes to its parent: this header, then `size` bytes. A child can write anything, so the parent
 * believes only what it has checked, and nothing in here is more than a claim.
 */
enum { REPORT_MAGIC = 0x63676d31 };

enum report_kind {
	REPORT_VALUE = 1,     /* the function returned `value`; the output follows */
	REPORT_TOO_LARGE = 2, /* `size` bytes would not fit; nothing follows */
	REPORT_FORBIDDEN = 3, /* system call `detail` on `arch`; nothing follows */
	REPORT_FAILED = 4,    /* preparing failed: `value` is the errno, `detail` the step; nothing follows */
	REPORT_READY = 5,     /* plugins: loaded */
	REPORT_REFUSED = 6,   /* plugins: the dynamic linker's words follow */
	REPORT_LISTENER = 7,  /* plugins: the host shall open files; the listener comes with it */
	/* Plugins: nothing can limit files: `value` is Landlock's errno, `detail` the listener's. */
	REPORT_NO_LIMIT = 8,
};

struct report {
	uint32_t magic;
	uint32_t kind;
	int64_t value;
	uint64_t size;
	int32_t detail;
	uint32_t arch;
	uint64_t sequence; /* plugins: which request this answers */
};

/* Writes the report alone, with its magic number. */
void child_report(int fd, struct report report);

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

/* Unless `result` is 0, reports it, a negative errno, as what became of `step`, and ends this process. */
void child_require(int fd, enum child_step step, int result);

/* What the errno of a step means; ECANCELED where an older filter fakes success (base/confine.h). */
const char *child_error_text(int error);

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

/* Loads a filter of `size` bytes of struct sock_filter. 0 or -errno; -ECANCELED where that is faked. */
int child_load_filter(const void *filter, size_t size);

/* From now on a call that a filter traps writes a REPORT_FORBIDDEN to `fd` and ends the process. 0 or -errno. */
int child_report_traps(int fd);

/*
 * Signal `number` ends this process when the thread that made it ends, or the whole process that made it. 0 or -errno;
 * -ECANCELED where that is faked. The caller then asks whether that process is still its parent.
 */
int child_end_with_parent(int number);

#endif
