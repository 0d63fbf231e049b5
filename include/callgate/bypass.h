/* callgate/bypass.h - other ways to what a system call does. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_BYPASS_H
#define CALLGATE_BYPASS_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * Link with -lcallgate-info. A filter that denies a call, or restricts its arguments, and lets another call pass that
 * has the same effect denies little. This table has the other ways that are known, each tested on a kernel or
 * explained; it is the same for every thread, and all of it is static. A row applies to the architectures that have
 * both calls (callgate_syscall_number()).
 */

/* What the other way does of what the call does. */
enum callgate_bypass_kind {
	CALLGATE_BYPASS_SAME = 0, /* the same */
	CALLGATE_BYPASS_LARGER,   /* all of it, and more */
	CALLGATE_BYPASS_PARTIAL   /* some of it, as `condition` says */
};

enum callgate_bypass_sort {
	CALLGATE_BYPASS_TWIN = 0,    /* an older or newer form of the call */
	CALLGATE_BYPASS_MULTIPLEXER, /* socketcall(2) and ipc(2) */
	CALLGATE_BYPASS_IO_URING,    /* an operation of io_uring, which needs io_uring_setup(2) as well */
	CALLGATE_BYPASS_OTHER
};

enum callgate_bypass_match {
	/* Denied: the call's denial, or any rule on its arguments. The other way: whatever its arguments are. */
	CALLGATE_BYPASS_MATCH_ANY = 0,
	CALLGATE_BYPASS_MATCH_ALL,  /* denied: only where all its calls are; rules on arguments can't be evaded so */
	CALLGATE_BYPASS_MATCH_BITS, /* rules on these bits of the argument; calls with one of the bits */
	CALLGATE_BYPASS_MATCH_SAME_BITS, /* of the other way: calls with the bits that are denied */
	CALLGATE_BYPASS_MATCH_VALUES     /* rules on these values of the argument; calls with one of the values */
};

/* Some calls of one name. */
struct callgate_bypass_calls {
	const char *call;
	enum callgate_bypass_match match;
	const char *argument; /* by callgate_argument_name(); NULL for MATCH_ANY and MATCH_ALL */
	/* names for callgate_constant(), or decimal numbers; NULL after the last. NULL without any */
	const char *const *constants;
};

struct callgate_bypass {
	struct callgate_bypass_calls denied, way;
	enum callgate_bypass_kind kind;
	enum callgate_bypass_sort sort;
	const char *operation; /* of io_uring: "IORING_OP_OPENAT"; else NULL */
	const char *condition; /* what it needs besides, or how it differs, in words; NULL: nothing */
	const char *reason;    /* why the way has the effect */
	/* a test of this project uses the way under a filter that denies the call; else `reason` must suffice */
	bool tried;
};

/* All ways, ascending by the denied call's name, from index 0; NULL after the last. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" /* of the struct's constructor, in C++ */
const struct callgate_bypass *callgate_bypass_at(size_t index);

/* Those of one call, from index 0; NULL after the last, and where there is none. */
const struct callgate_bypass *callgate_bypass_of(const char *call, size_t index);
#pragma GCC diagnostic pop

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
