/*
 * A context's filter for a process that is watched: where the filter would fail a call with an error, it hands the call
 * to the tracer, which gives that error in its place. Everything else is as the context says: TRAP and KILL are
 * stricter than ERRNO, and stay.
 *
 * The programs are those that the context compiles to, which are proved; in them RET ERRNO becomes RET TRACE,
 * instruction by instruction, and nothing else changes. Under them lies a guard, for what would blind the tracer: a
 * listener (seccomp(2) with NEW_LISTENER), which is stricter than TRACE and could let a denied call pass, clone(2) with
 * CLONE_UNTRACED, and ptrace(2), by which a child that is not watched would have another tracer. The guard hands these
 * to the tracer, too; where there is none, they fail.
 */
#ifndef CALLGATE_TRACE_TRACED_FILTER_H
#define CALLGATE_TRACE_TRACED_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include <seccomp.h>

#include <callgate/simulate.h>

struct traced_filter;

/*
 * The rules' data, which distinguish the programs of this filter from others that the command loads itself. Any other
 * filter can give the same data: it is a hint for messages, and no answer rests on it.
 */
enum { TRACED_FILTER_DATA = 0xca11 };

/* Who stands in for the errors. */
enum traced_by {
	TRACED_BY_TRACER, /* SECCOMP_RET_TRACE, and the guard: trace_run() */
	/* SECCOMP_RET_USER_NOTIF: notify_run(). The kernel gives no second listener; nothing has to be guarded */
	TRACED_BY_LISTENER,
	TRACED_BY_NOBODY, /* nothing is loaded: trace_run() with TRACE_STOPS sees all calls */
};

/*
 * A context that gives every call of every architecture that this machine runs the action. 0 or -errno; the caller
 * releases *ret_ctx.
 */
int traced_filter_context(uint32_t action, scmp_filter_ctx *ret_ctx);

/*
 * With `keep_going` calls that the context kills or traps are handed to the tracer as well.
 *
 * 0; -ENOMEM; -EOPNOTSUPP: the context has NOTIFY actions, whose listener is stricter than the tracer; -E2BIG: for a
 * listener it has to be one program; what callgate_program_compile() returns. The caller frees *ret_filter. The context
 * may change or go.
 */
int traced_filter_new(const scmp_filter_ctx ctx, enum traced_by by, bool keep_going, struct traced_filter **ret_filter);
void traced_filter_free(struct traced_filter *filter); /* NULL is fine */

/*
 * Loads all of it into the calling thread, with what the context says about no_new_privs and flags. 0 or -errno; a
 * listener goes to *ret_listener.
 */
int traced_filter_load(const struct traced_filter *filter, _Atomic int *ret_listener);

/* The error that a call which the guard hands over is refused with; 0: it is none of them. */
int traced_filter_guards(const struct callgate_call *call);

#endif
