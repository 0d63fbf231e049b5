/*
 * Strict mode's calls as rules of any filter, and filters as bytes, made and proved here, so that whoever loads them needs no compiler.
 */
#ifndef CALLGATE_WORKER_CONFINEMENT_H
#define CALLGATE_WORKER_CONFINEMENT_H

#include <stddef.h>

#include <seccomp.h>
#include <callgate/program.h>

/* Adds the rules for CALLGATE_ALLOW_* bits alone. 0, or -errno with the thread's diagnosis; rules may then be there in part. */
int confinement_allow(scmp_filter_ctx ctx, unsigned allow);

/* The thread's diagnosis from the context's, after `what`; returns `result`. */
int confinement_fail(scmp_filter_ctx ctx, int result, const char *what);

/* Empty, without bytes, or a program for prctl(2). */
struct confinement_filter {
	const void *bytes;
	size_t size;
	void *owned; /* what confinement_finish() frees */
};

/* The strict calls and `allow`, everything else trapped. 0 or -errno with the thread's diagnosis. */
int confinement_strict(unsigned allow, struct confinement_filter *ret_filter);

/* What `ctx` compiles to. 0 or -errno with the thread's diagnosis. */
int confinement_compile(scmp_filter_ctx ctx, struct confinement_filter *ret_filter);

/* The program's bytes, valid as long as the program, if the kernel would accept them. 0, or -EINVAL with the thread's diagnosis. */
int confinement_borrow(const struct callgate_program *program, struct confinement_filter *ret_filter);

void confinement_finish(struct confinement_filter *filter);

#endif
