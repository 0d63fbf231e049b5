/*
 * What callgate prove and callgate diff have in common.
 */
#ifndef CALLGATE_CLI_COMPARISON_H
#define CALLGATE_CLI_COMPARISON_H

#include <stdbool.h>

/*
 * Reads the options and two files, compares them, and prints the answer. With `prove` the first is a profile and the second a
 * program; without, each is a profile if its name ends in .json. Returns an exit status: equal is CLI_OK, different CLI_NO.
 */
int comparison_run(int argc, char **argv, const char *usage, bool prove);

#endif
