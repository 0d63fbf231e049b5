/*
 * Filters from files, whoever wants them: profiles in an environment, and programs. Each file that is read is noted:
 * no output takes its place.
 *
 *	struct filter filter = {0};
 *	bool opened = filter_explain(&filter, filter_open_profile(&filter, path, &call->environment));
 *	...
 *	filter_close(&filter);
 */
#ifndef CALLGATE_CLI_FILTER_FILE_H
#define CALLGATE_CLI_FILTER_FILE_H

#include <stdio.h>

#include <callgate/oci.h>
#include <callgate/prove.h>

#include "cli/command.h"
#include "cli/output.h"

/* Zeroed at first. Open, it has either a profile and its context, or programs. */
struct filter {
	char *path; /* for messages: "standard input" for "-"; of several programs the last one's */
	struct callgate_profile *profile;
	scmp_filter_ctx ctx;
	struct callgate_program **programs; /* in the order in which they are loaded */
	size_t program_count;
	char *error;    /* why it can't be used; NULL: it can, or memory is out */
	bool is_placed; /* the error is also a message of the profile */
};

/* The options of profiles. */
extern const struct option_row environment_options[];

/* Adds a setting; `option` is a name above. False: there is no such option, or no memory. */
bool environment_add(struct environment *environment, const char *option, const char *value, unsigned int line);

/*
 * Without --cap there are no capabilities, for what is not about this process: the answer is the same, whoever asks.
 * False after a message: out of memory.
 */
bool environment_take_no_capabilities(struct environment *environment);

/* What programs are for: the first --arch, else --machine, else 0 for this machine. */
uint32_t environment_arch(const struct environment *environment);

/*
 * These open a filter. False: `error` says why not, or is NULL: out of memory. filter_close() is good for it in any
 * case. The profile has its messages then; nothing is printed.
 */
bool filter_open_profile(struct filter *filter, const char *path, const struct environment *environment);
bool filter_open_text(struct filter *filter, const char *name, const char *text, size_t size,
                      const struct environment *environment);
bool filter_open_program(struct filter *filter, const char *path, uint32_t arch);                 /* again: stacked */
bool filter_open(struct filter *filter, const char *path, const struct environment *environment); /* either */

/* Only reads a profile, without making a context: -errno is what callgate_profile_read_file() returns. */
int filter_read(struct filter *filter, const char *path, const struct environment *environment);

/* Prints the messages of a profile on standard error, and the error if it was not opened. Returns `opened`. */
bool filter_explain(const struct filter *filter, bool opened);

/* "note", "warning" or "error". */
const char *filter_severity(const struct callgate_profile_message *message);

/* The messages from an index on, a line each. */
void filter_print_messages(const struct filter *filter, size_t first, FILE *out);

/* Whose meaning the profile has: "runc"; "auto" where it can't be used. */
const char *filter_like(const struct filter *filter);

struct callgate_filter filter_side(const struct filter *filter);
void filter_close(struct filter *filter);

#endif
