/* callgate diff: on which calls do two filters differ? */
#include "cli/cli.h"
#include "cli/comparison.h"
#include "cli/profile_option.h"

static const char usage[] =
    "diff [--json] [--max N] [PROFILE OPTION]... A B\n"
    "\n"
    "Compares two filters, each a profile (*.json) or a program, and shows calls on which they differ.\n"
    "Exit status 0: equal, 1: different, 2: there is no answer.\n" PROFILE_OPTIONS_HELP;

int cli_diff(int argc, char **argv)
{
	return comparison_run(argc, argv, usage, false);
}
