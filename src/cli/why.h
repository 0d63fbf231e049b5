/* A command under a profile, and a report of which of its calls were denied, and why: `callgate run --why`. */
#ifndef CALLGATE_CLI_WHY_H
#define CALLGATE_CLI_WHY_H

#include <stdbool.h>

#include <callgate/simulate.h>

#include "base/vec.h"
#include "cli/filter_file.h"
#include "cli/output.h"
#include "trace/traced_filter.h"
#include "trace/tracer.h"

enum why_which { WHY_NOT = -1, WHY_FIRST, WHY_EACH, WHY_SUMMARY };

struct why_settings {
	int which;           /* enum why_which: which denials are printed when they happen */
	unsigned int limit;  /* of printed denials; 0: none */
	bool json;           /* an object a line */
	bool keep_going;     /* what kills or traps is answered with an error in its place */
	const char *suggest; /* a file for the profile that allows what was denied; NULL: none */
};

/*
 * Runs `path` with `argv` under the filter's profile and reports on standard error. Returns the exit status that the command would have
 * had; where a signal ended the command, the same signal ends this process.
 */
int why_run(const struct filter *filter, const struct environment *environment,
            const struct why_settings *settings, const char *path, char **argv);

/* ---- why.c counts, why_report.c prints ---- */

/* What is counted as one: the same call, denied by the same rule, with the same thing to be added for it. */
struct denial {
	struct callgate_call call; /* the first one */
	struct callgate_verdict verdict;
	char *addition; /* as addition_of() has it */
	unsigned long count;
};

struct why {
	const struct filter *filter;
	const struct environment *environment;
	const struct why_settings *settings;
	struct callgate_simulator *simulator;
	struct traced_filter *traced;
	VEC(struct denial) denials;
	struct output output; /* of --suggest */
	unsigned long count, printed;
	bool out_of_memory;
	bool has_more;     /* kinds of denials than are counted one by one */
	bool is_uncertain; /* there is no ptrace(2) */
};

/* At once, so that no output of the command comes in between. */
void why_print_denial(const struct why *why, pid_t tid, const struct denial *denial);

/* The profile allows the call, which could not be watched. */
void why_print_refusal(const struct why *why, const struct trace_stop *stop, int error);
void why_print_summary(const struct why *why, const struct trace_result *result);

#endif
