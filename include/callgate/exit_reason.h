/* callgate/exit_reason.h - how confined code ended. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_EXIT_REASON_H
#define CALLGATE_EXIT_REASON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* What became of a function in strict mode or of a plugin. Only CALLGATE_EXIT_VALUE means that there is an answer. */
enum callgate_exit_kind {
	/* Nothing has ended: it was not started, or it is still running. */
	CALLGATE_EXIT_NONE,
	/* It returned: `value` and the output are its answer. */
	CALLGATE_EXIT_VALUE,
	/* It made a call that its filter forbids: `syscall` on `arch`. */
	CALLGATE_EXIT_FORBIDDEN,
	/* SIGKILL from the kernel: in strict mode probably for a forbidden call, otherwise because memory ran out. */
	CALLGATE_EXIT_KILLED,
	/* Killed by `signal`: SIGSEGV, SIGFPE, ... */
	CALLGATE_EXIT_CRASHED,
	/* Its CPU time was used up. */
	CALLGATE_EXIT_CPU,
	/* It was not ready in time and was killed. */
	CALLGATE_EXIT_DEADLINE,
	/* Its output does not fit the caller's buffer: it has `output_size` bytes, if that is known. */
	CALLGATE_EXIT_TOO_LARGE,
	/* What it wrote is not a valid answer. */
	CALLGATE_EXIT_MALFORMED,
	/* It exited without an answer, with status `value`. */
	CALLGATE_EXIT_EXITED,
	/* Plugins: it could not be loaded. */
	CALLGATE_EXIT_REFUSED,
	/*
	 * It has ended, but another part of this program has taken its exit status; or it hangs in the kernel and could
	 * not be waited for.
	 */
	CALLGATE_EXIT_UNKNOWN
};

enum { CALLGATE_EXIT_REASON_TEXT = 256 };

/* Fields that the kind does not mention are 0. */
struct callgate_exit_reason {
	enum callgate_exit_kind kind;
	int signal;
	/* In the numbers of `arch`, which is what seccomp_data.arch holds. */
	int syscall;
	uint32_t arch;
	int64_t value;
	size_t output_size;
	/* The reason in words: "forbidden call: openat on x86_64"; "" for NONE and VALUE. */
	char text[CALLGATE_EXIT_REASON_TEXT];
};

/* "value", "forbidden", "deadline", ...; "?" for what is none of them. Static. */
const char *callgate_exit_kind_name(enum callgate_exit_kind kind);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
