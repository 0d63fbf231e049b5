/* Policies: callgate-policy(5). What they mean is a model without entries, and statements. */
#ifndef CALLGATE_OCI_READ_POLICY_H
#define CALLGATE_OCI_READ_POLICY_H

#include "grammar/statement.h"
#include "oci/application.h"

/* A line with an arrow. */
struct statement {
	/* first, as origins lead here: where it is, or the `include` through which it comes */
	struct named origin;
	const char *file;
	struct place place;
	struct file_archs archs; /* `on`: only these */
	struct file_expectation action;
	ARENA_VEC(struct file_calls) calls;
};

struct policy_text {
	struct scan_output output;  /* what the grammar keeps, and its messages */
	VEC(const char *) included; /* files, each as often as a line names it */
	VEC(struct statement) statements;
	struct file_archs archs; /* of the filter */
	bool has_archs, has_default, has_kernel;
	bool uses_notify;                          /* some action is NOTIFY */
	enum callgate_unknown_calls unknown_calls; /* AUTO: nothing is said of them */
	bool flags[_SCMP_FLTATR_MAX];              /* by attribute */
	struct place default_place, kernel_place;
	const char *default_file, *kernel_file; /* which may be included */
	struct file_expectation fallback;
	unsigned int major, minor; /* of `kernel` */
};

/* What comes after a byte order mark, blanks and comments: a statement, or the end of the text. */
const char *policy_first_statement(const char *text, size_t size);

/* Is the text a policy, by how it begins? */
bool policy_is_one(const char *text, size_t size);

/*
 * Reads a policy, and what it includes, into model->policy, which the caller finishes in any case, and the model. 0,
 * -EINVAL after an error message, -ENOMEM.
 */
int policy_read(struct model *model, const char *text, size_t size, const struct environment *environment,
                struct arena *arena, struct messages *messages);
void policy_finish(struct policy_text *policy);

/* The whole action on an architecture: errors have other numbers on some. False: a constant is missing there. */
bool policy_action_on(const struct file_expectation *action, uint32_t arch, uint32_t *ret_action);

/*
 * Adds the rules to the application's context, which has none; warns of statements that never decide. 0 or -errno, and
 * the diag says why.
 */
int policy_apply(struct application *application);

#endif
