/* callgate/lint.h - finds what is suspicious about a filter. SPDX-License-Identifier: MIT */
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
 * Link with -lcallgate-info. These functions find in any filter, which is the rules of a context or a list of programs,
 * what `callgate lint` finds in profiles, policies and program files. Whether a call passes with any arguments is
 * proved, not sampled.
 */

enum callgate_finding_level {
	CALLGATE_FINDING_NOTE = 0, /* good to know */
	CALLGATE_FINDING_WARNING,  /* the filter may not do what was meant */
	CALLGATE_FINDING_ERROR     /* the filter does not do what it says, as a call shows */
};

struct callgate_finding {
	const char *name; /* of its kind, as in struct callgate_finding_kind: "bypass" */
	enum callgate_finding_level level;
	const char *text;
	const char *fix; /* what to do about it; NULL: no advice */
	/*
	 * What the finding is about: "socket>socketcall". The subject is the same in every filter that has the finding;
	 * no two findings of a filter have the same name and subject.
	 */
	const char *subject;
	/*
	 * The id of the rule that the finding is about, as in struct callgate_verdict, or 0: no rule; and an argument
	 * of the rule's call (0 to 5), or -1.
	 */
	uint32_t rule;
	int argument;
	/* A call that shows the problem, and the filter's answer to it. */
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
 * its own. `capabilities` lists the names ("CAP_SYS_ADMIN", any case, with or without CAP_) of the capabilities that
 * the filtered process may have, with NULL after the last; NULL in place of the list means no capabilities.
 *
 * Returns 0, and the caller frees the result with callgate_findings_free(); -EINVAL (NULL, a bad context, a filter with
 * neither a context nor programs, an unknown architecture, a program that the kernel would refuse), -ENOMEM, -EDQUOT
 * (the proof exhausted its budget, or an instruction is not modelled), or an error of callgate_simulate(). On failure
 * *ret_findings is untouched, and callgate_diagnosis(), of the context or of NULL if there is none, says why.
 */
int callgate_lint(const struct callgate_filter *filter, uint32_t arch, const char *const *capabilities,
                  struct callgate_findings **ret_findings);

/*
 * Does the same for a filter under which programs of a given C library or runtime are to start: "glibc", "musl" (linked
 * dynamically), "glibc-static", "musl-static", "glibc-threads", "musl-threads" or "go"; -EINVAL for another name. NULL,
 * which callgate_lint() passes, means "glibc"; or "glibc-static", "musl", "musl-static" or "go" if the filter denies
 * several calls of glibc programs, and lets nearly all calls of the latter pass.
 */
int callgate_lint_libc(const struct callgate_filter *filter, uint32_t arch, const char *const *capabilities,
                       const char *libc, struct callgate_findings **ret_findings);

/* NULL is fine. */
void callgate_findings_free(struct callgate_findings *findings);

/*
 * A kind of findings. The kinds "name" (a name that no call has) and "suppression" (a suppression without a reason) are
 * about texts, and are never found in filters.
 */
struct callgate_finding_kind {
	const char *name;
	const char *summary;     /* one line */
	const char *explanation; /* why it is a finding, and what to do: lines of at most 120 characters */
};

/* Lists the kinds in alphabetical order, from index 0; NULL after the last. The result is static. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" /* of the struct's constructor, in C++ */
const struct callgate_finding_kind *callgate_finding_kind_at(size_t index);
#pragma GCC diagnostic pop

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
