/* callgate/ending.h - how confined code ended. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_ENDING_H
#define CALLGATE_ENDING_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* What became of a function in strict mode or of a plugin. Only CALLGATE_END_VALUE means that there is an answer. */
enum callgate_end {
	CALLGATE_END_NONE,      /* nothing has ended: it was not started, or it is still there */
	CALLGATE_END_VALUE,     /* it returned: `value` and the output are its answer */
	CALLGATE_END_FORBIDDEN, /* it made a call that its filter forbids: `syscall` on `arch` */
	CALLGATE_END_KILLED, /* SIGKILL from the kernel: in strict mode probably a forbidden call; else out of memory */
	CALLGATE_END_CRASHED,  /* killed by `signal`: SIGSEGV, SIGFPE, ... */
	CALLGATE_END_CPU,      /* its CPU time was used up */
	CALLGATE_END_DEADLINE, /* it was not ready in time and was killed */
	CALLGATE_END_TOO_LARGE, /* its output is larger than the room for it: `output_size` bytes, as far as it is known */
	CALLGATE_END_MALFORMED, /* it wrote what is not an answer */
	CALLGATE_END_EXITED,    /* it exited without an answer, with status `value` */
	CALLGATE_END_REFUSED,   /* plugins: it could not be loaded */
	CALLGATE_END_UNKNOWN,   /* it is gone, and another part of this program has collected its status */
};

enum { CALLGATE_ENDING_TEXT = 256 };

/* Fields that the enumerator does not mention are 0. */
struct callgate_ending {
	enum callgate_end end;
	int signal;
	int syscall;   /* in the numbers of `arch` */
	uint32_t arch; /* SCMP_ARCH_* token */
	int64_t value;
	size_t output_size;
	char text
	    [CALLGATE_ENDING_TEXT]; /* the same for a human: "forbidden call: openat on x86_64"; "" for NONE and VALUE */
};

/* "value", "forbidden", "deadline", ...; "?" for what is none of them. Static. */
const char *callgate_end_name(enum callgate_end end);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
