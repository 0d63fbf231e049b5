/* callgate/bypass.h - other ways to the effect of a system call. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_BYPASS_H
#define CALLGATE_BYPASS_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * Link with -lcallgate-info. A filter that denies a call, or restricts its arguments, denies little if it lets another
 * call with the same effect pass. This table lists the known ways, each tested on a kernel or explained. The table is
 * static, and any thread may read it. A row applies to the architectures that have both calls
 * (callgate_syscall_number()).
 */

/* How much of the denied call's effect the other way has. */
enum callgate_bypass_kind {
	CALLGATE_BYPASS_SAME = 0, /* the same effect */
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
	/* The way evades a denial of the call and any rule on its arguments, whatever the way's own arguments are. */
	CALLGATE_BYPASS_MATCH_ANY = 0,
	/* The way evades only a denial of all calls, and no rules on arguments. */
	CALLGATE_BYPASS_MATCH_ALL,
	/* The way evades rules on these bits of the argument, or is a call with one of these bits. */
	CALLGATE_BYPASS_MATCH_BITS,
	/* Only of the way: calls that have, in their argument, the bits that are denied. */
	CALLGATE_BYPASS_MATCH_SAME_BITS,
	/* The way evades rules on these values of the argument, or is a call with one of these values. */
	CALLGATE_BYPASS_MATCH_VALUES
};

/* Some calls of one name. */
struct callgate_bypass_calls {
	const char *call;
	enum callgate_bypass_match match;
	const char *argument; /* a name as callgate_argument_name() returns it; NULL for MATCH_ANY and MATCH_ALL */
	/* names for callgate_constant(), or decimal numbers; NULL after the last. NULL without any */
	const char *const *constants;
};

struct callgate_bypass {
	struct callgate_bypass_calls denied, way;
	enum callgate_bypass_kind kind;
	enum callgate_bypass_sort sort;
	const char *operation; /* of io_uring: "IORING_OP_OPENAT"; else NULL */
	const char *condition; /* what else the way needs, or how its effect differs, in words; NULL: nothing */
	const char *reason;    /* why the way has the effect */
	/* a test of this project uses the way under a filter that denies the call; if false, there is only `reason` */
	bool tried;
};

/* Lists all ways from index 0, ascending by the name of the denied call; NULL after the last. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" /* of the struct's constructor, in C++ */
const struct callgate_bypass *callgate_bypass_at(size_t index);

/* Lists the ways for one denied call, from index 0; NULL after the last, for a call without a way, and for NULL. */
const struct callgate_bypass *callgate_bypass_of(const char *call, size_t index);
#pragma GCC diagnostic pop

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
