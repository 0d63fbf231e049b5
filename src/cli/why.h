/* A command under a profile, and a report of which of its calls were denied, and why: `callgate run --why`. */
#ifndef CALLGATE_CLI_WHY_H
#define CALLGATE_CLI_WHY_H

#include <stdbool.h>

#include <callgate/simulate.h>
#include <callgate/syscall.h>

#include "base/vec.h"
#include "cli/filter_file.h"
#include "cli/output.h"
#include "trace/process_facts.h"
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
 * Runs `path` with `argv` under the filter's profile and reports on standard error. Returns the exit status that the
 * command would have had; where a signal ended the command, the same signal ends this process.
 */
int why_run(const struct filter *filter, const struct environment *environment, const struct why_settings *settings,
            const char *path, char **argv);

/* ---- why.c counts, why_report.c prints ---- */

enum { DENIAL_CALL = 400 };

/* Who made a denied call, and what is known of it only while it is stopped. */
struct denial_facts {
	pid_t tid;
	struct process_facts caller, parent; /* the parent has no name where it is callgate */
	char decoded[DENIAL_CALL], place[PROCESS_PLACE];
	size_t descriptor_count;
	struct {
		int fd;
		char path[PROCESS_PLACE]; /* what it is open on */
	} descriptors[CALLGATE_ARGUMENTS];
};

/* What is counted as one: the same call, denied by the same rule, with the same thing to be added for it. */
struct denial {
	struct callgate_call call; /* the first one */
	struct callgate_verdict verdict;
	char *addition;            /* as addition_of() has it */
	unsigned long count;       /* of these so far */
	struct denial_facts facts; /* of the first one */
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

/* What is known of the call that the thread is stopped at. */
void why_find_facts(pid_t tid, struct denial *denial);

/*
 * At once, so that no output of the command comes in between. A repeated denial is one line: its reason has been said.
 */
void why_print_denial(const struct why *why, const struct denial *denial);

/* The profile allows the call, which could not be watched. */
void why_print_refusal(const struct why *why, const struct trace_stop *stop, int error);
void why_print_summary(const struct why *why, const struct trace_result *result);

#endif
