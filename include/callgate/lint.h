/* callgate/lint.h - what is suspicious about a filter. SPDX-License-Identifier: MIT */
#ifndef CALLGATE_LINT_H
#define CALLGATE_LINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seccomp.h>

#include <callgate/prove.h>
#include <callgate/simulate.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * Link with -lcallgate-info. What `callgate lint` finds in the filter of a profile, a policy or a program, for any
 * filter: the rules of a context or loaded programs. Nothing is sampled: whether a call passes, whatever its arguments
 * are, is proved.
 */

enum callgate_finding_level {
	CALLGATE_FINDING_NOTE = 0, /* good to know */
	CALLGATE_FINDING_WARNING,  /* the filter does perhaps not what is meant */
	CALLGATE_FINDING_ERROR     /* the filter does not do what it says: a call shows it */
};

struct callgate_finding {
	const char *name; /* "bypass": of callgate_finding_kind_at() */
	enum callgate_finding_level level;
	const char *text;
	const char *fix; /* what to do about it; NULL: no advice */
	/*
	 * What it is about, the same for every filter in which it is found: "socket>socketcall". No two findings of one
	 * filter have one name and subject.
	 */
	const char *subject;
	/*
	 * The id of the rule that it is about, as in struct callgate_verdict; 0: none. An argument of its call (0 to
	 * 5), or -1.
	 */
	uint32_t rule;
	int argument;
	/* A call that shows it, and what it gets. */
	bool has_witness;
	struct callgate_call witness;
	uint32_t action;
};

struct callgate_findings {
	size_t count;
	const struct callgate_finding *findings; /* in unspecified order */
};

/*
 * Finds what is suspicious. `arch` is the architecture (SCMP_ARCH_*, 0: native) that programs are for; a context has
 * its own. `capabilities` are the names ("CAP_SYS_ADMIN", any case, with or without CAP_) of those that the filtered
 * process may have, NULL after the last; NULL: none.
 *
 * Returns 0, and the caller frees the result with callgate_findings_free(); -EINVAL (NULL, a bad context, a filter with
 * nothing in it, an unknown architecture, a program that the kernel would refuse), -ENOMEM, -EDQUOT (not decided within
 * the budget, or not modelled), and what callgate_simulate() returns; callgate_diagnosis() of the context, or of NULL,
 * says why.
 */
int callgate_lint(const struct callgate_filter *filter, uint32_t arch, const char *const *capabilities,
                  struct callgate_findings **ret_findings);

/*
 * The same for programs of one C library or runtime, which are to start under the filter: "glibc", "musl" (linked
 * dynamically), "glibc-static", "musl-static", "glibc-threads", "musl-threads" or "go"; -EINVAL for another name. NULL,
 * as callgate_lint() has it: "glibc", but "glibc-static", "musl", "musl-static" or "go" where several calls of the
 * former are denied, and nearly all of the latter pass.
 */
int callgate_lint_libc(const struct callgate_filter *filter, uint32_t arch, const char *const *capabilities,
                       const char *libc, struct callgate_findings **ret_findings);

/* NULL is fine. */
void callgate_findings_free(struct callgate_findings *findings);

/*
 * A kind of findings. Some are about texts, and are never found in filters: a name that is no call's, a suppression
 * without a reason.
 */
struct callgate_finding_kind {
	const char *name;
	const char *summary;     /* a line */
	const char *explanation; /* why it is one, and what to do: lines of at most 100 characters */
};

/* The kinds in alphabetical order, from index 0; NULL after the last. Static. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" /* of the struct's constructor, in C++ */
const struct callgate_finding_kind *callgate_finding_kind_at(size_t index);
#pragma GCC diagnostic pop

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
