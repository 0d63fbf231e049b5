/* A command under a profile, and a report of which of its calls were denied, and why: `callgate run --why`. */
#ifndef CALLGATE_CLI_WHY_H
#define CALLGATE_CLI_WHY_H

#include <stdbool.h>

#include "cli/filter_file.h"

enum why_which { WHY_NOT = -1, WHY_FIRST, WHY_EACH, WHY_SUMMARY };

struct why_settings {
	int which;          /* enum why_which: which denials are printed when they happen */
	unsigned int limit; /* of printed denials; 0: none */
	bool json;          /* an object a line */
	bool keep_going;    /* what kills or traps is answered with an error in its place */
};

/*
 * Runs `path` with `argv` under the filter's profile and reports on standard error. Returns the exit status that the command would have
 * had; where a signal ended the command, the same signal ends this process.
 */
int why_run(const struct filter *filter, const struct why_settings *settings, const char *path, char **argv);

#endif
