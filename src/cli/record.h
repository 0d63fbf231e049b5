/* `callgate record`: how a command is watched (cmd_record.c), what is imported (record_import.c), and what comes of it
 * (record_result.c, record_comparison.c). */
#ifndef CALLGATE_CLI_RECORD_H
#define CALLGATE_CLI_RECORD_H

#include <stdbool.h>
#include <time.h>

#include "cli/filter_file.h"
#include "cli/learned.h"
#include "trace/traced_filter.h"
#include "trace/tracer.h"

enum record_engine { RECORD_TRACE, RECORD_STOPS, RECORD_NOTIFY };
enum record_import { IMPORT_NOT = -1, IMPORT_STRACE, IMPORT_AUDIT };

struct record_settings {
	const char *output, *more, *against;
	bool force, no_arguments, twins;
	int engine; /* enum record_engine */
	int from;   /* enum record_import */
	const char *arguments, *steady;
};

/* With a profile: what it denies of the calls that were seen. */
struct comparison {
	const struct filter *known;
	struct callgate_simulator *simulator; /* NULL: nobody asks for a comparison */
	VEC(char *) refused;                  /* texts as addition_of() has them */
	bool has_more, out_of_memory;
};

struct record {
	const struct record_settings *settings;
	const struct environment *environment;
	struct filter known; /* of --more and --against */
	struct traced_filter *traced;
	struct learned learned;
	struct comparison comparison; /* of --against */
	struct timespec begun;
	double shown, last_new, steady_seconds; /* since then; 0: never */
	bool shows_progress;
	unsigned long own_filters;   /* calls that filters of the command itself deny */
	unsigned long own_unwatched; /* children that it could not have */
	double run_seconds;          /* of the command */
	double stop_seconds;         /* what a stop takes, as it was measured; 0: nobody has */
};

double record_seconds(const struct record *record); /* since it began */

bool record_allows(const struct filter *filter, const struct callgate_call *call);

/*
 * A call that was seen, which is compared and learned. Without its arguments it may be made with any. True: something
 * about it is new.
 */
bool record_add(struct record *record, const struct callgate_call *call, bool has_arguments);

/* ---- record_comparison.c ---- */

/* False after a message was printed. */
bool comparison_start(struct comparison *comparison, const struct filter *known);
void comparison_add(struct comparison *comparison, const struct callgate_call *call, bool has_arguments);

/* Prints what differs. Returns the exit status. */
int comparison_print(const struct comparison *comparison, const struct learned *learned);
void comparison_finish(struct comparison *comparison);

/* ---- record_import.c, record_result.c ---- */

/* Learns the calls in these files. False after a message was printed. */
bool record_import(struct record *record, char *const *paths, size_t count);

/* Writes the profile, or compares, and says what was seen. Returns the exit status. */
int record_finish(struct record *record, const struct trace_result *result);

#endif
